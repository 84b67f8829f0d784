//! How the last drills of one name ended, read from their reports.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{DrillOutcome, REPORT, reports_of};
use crate::{
    ledger::{LedgerError, ReservedPath, ReservedReader, Verdict},
    model::DrillName,
};

/// Most reports of one drill that are read, the newest ones: five years of monthly drills.
pub const OUTCOMES_MAX: usize = 64;

/// Outcomes of the last drills of one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrillOutcomes {
    read: BTreeMap<ReservedPath, DrillOutcome>,
    /// Reports that could not be understood.
    odd: Vec<ReservedPath>,
}

impl DrillOutcomes {
    /// These outcomes, each with the path of its report.
    #[cfg(any(test, feature = "testing"))]
    pub fn of(read: impl IntoIterator<Item = (ReservedPath, DrillOutcome)>) -> Self {
        Self {
            read: read.into_iter().collect(),
            odd: Vec::new(),
        }
    }

    /// Reads the newest reports, at most [`OUTCOMES_MAX`]; those read before are not read again,
    /// for none ever changes. Errs where the store refuses or fails, and keeps what was known.
    pub async fn refresh(
        &mut self,
        reader: &(impl ReservedReader + ?Sized),
        drill: &DrillName,
    ) -> Result<(), LedgerError> {
        let listed = reader.list_reserved(&reports_of(drill)).await?;
        let listed = listed.into_iter().map(|it| it.path);
        let is_report = |path: &ReservedPath| path.name().ends_with(&format!(".{REPORT}"));
        // Names begin with the time, so the last ones are the newest.
        let newest = listed.rev().filter(is_report).take(OUTCOMES_MAX);
        let mut next = Self::default();
        for path in newest {
            if let Some(known) = self.read.get(&path) {
                next.read.insert(path, known.clone());
                continue;
            }
            let Some(text) = reader.read_reserved(&path).await? else {
                continue;
            };
            match serde_json::from_str(&text) {
                Ok(outcome) => drop(next.read.insert(path, outcome)),
                Err(_) => next.odd.push(path),
            }
        }
        *self = next;
        Ok(())
    }

    /// Outcomes of drills that began until `now`, the newest first.
    pub fn until(&self, now: Timestamp) -> impl Iterator<Item = &DrillOutcome> {
        let newest_first = self.read.values().rev();
        newest_first.filter(move |it| it.began_at <= now)
    }

    /// The newest outcome with this result.
    pub fn last(&self, result: Verdict, now: Timestamp) -> Option<&DrillOutcome> {
        self.until(now).find(|it| it.result == result)
    }

    /// The newest outcome of a drill that came to its own end.
    pub fn last_whole(&self, now: Timestamp) -> Option<&DrillOutcome> {
        self.until(now).find(|it| !it.interrupted)
    }

    /// The path of the report that [`last_whole`](Self::last_whole) tells of.
    pub fn newest_whole(&self, now: Timestamp) -> Option<&ReservedPath> {
        let newest_first = self.read.iter().rev();
        let mut whole = newest_first.filter(|(_, it)| it.began_at <= now && !it.interrupted);
        whole.next().map(|(path, _)| path)
    }

    /// Reports that could not be understood, the newest first.
    pub fn odd(&self) -> &[ReservedPath] {
        &self.odd
    }
}
