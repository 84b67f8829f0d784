//! The text of a lease: who holds it, and what is to be written down if the holder dies. Pure.

use catalog::ledger::{Draft, Record, Trigger, Verification};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::runtime::RunId;

/// What one file of a lease says. Members of newer versions are not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeaseText {
    /// Version of this text.
    pub(super) schema: u32,
    /// Id of the run.
    pub run: String,
    /// Id of the installation of the verifier.
    pub instance: String,
    /// Host or pod of the verifier.
    pub by: String,
    /// When the run took the lease, by its own clock.
    pub began_at: Option<Timestamp>,
    /// Id of the snapshot that is verified.
    pub snapshot: Option<String>,
    /// What made the verification run.
    pub trigger: Option<Trigger>,
    /// True if the holder gave the lease back.
    pub ended: bool,
    /// The record that is to be written if the holder dies; its place in the chain means nothing.
    pub(super) interrupted: Option<Value>,
}

impl LeaseText {
    /// The text for a run of this installation.
    pub(super) fn new(
        run: &RunId,
        instance: &str,
        by: &str,
        began_at: Timestamp,
        interrupted: Option<&Verification>,
    ) -> Self {
        let draft = |it: &Verification| Draft::Verification(Box::new(it.clone()));
        let sealed = interrupted.and_then(|it| Record::seal(draft(it), 1, None).ok());
        Self {
            schema: 1,
            run: run.0.clone(),
            instance: instance.into(),
            by: by.into(),
            began_at: Some(began_at),
            snapshot: interrupted.map(|it| it.snapshot.id.to_string()),
            trigger: interrupted.map(|it| it.trigger),
            ended: false,
            interrupted: sealed.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }

    /// Reads a text; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The record that the holder would have left unwritten; `None` if there is none, or if it is
    /// not whole.
    pub(super) fn interrupted(&self) -> Option<Box<Verification>> {
        let record = Record::parse(&self.interrupted.as_ref()?.to_string()).ok()?;
        match record.draft {
            Draft::Verification(run) => Some(run),
            _ => None,
        }
    }

    /// The holder in words: `run 3f… on host a, since 2026-11-30T10:00:00Z`.
    pub fn holder(&self) -> String {
        let part = |text: &str| settings::one_line(text, 100);
        let since = self.began_at.map(|at| format!(", since {at:.0}"));
        match self.by.as_str() {
            "" => "another verifier".into(),
            by => format!(
                "run {} on {}{}",
                part(&self.run),
                part(by),
                since.unwrap_or_default()
            ),
        }
    }
}
