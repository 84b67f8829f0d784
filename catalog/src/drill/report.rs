//! The report as it is written: plain serde data, no floats.
//!
//! Readers ignore members that they do not know, so that a newer version may add some.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ledger::{Reason, StageRecord, ToolRecord, Verdict},
    model::{DrillName, SourceName},
};

/// The report of one drill: what an auditor asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillReport {
    /// Version of the report: 1.
    pub schema: u32,
    /// Name of the drill.
    pub drill: DrillName,
    /// Host or pod that made the drill.
    pub by: String,
    /// What made the drill begin.
    pub trigger: DrillTrigger,
    /// Time before which the snapshots had to be taken; they had to be verified, too. `None`: the
    /// newest complete ones.
    pub before: Option<Timestamp>,
    /// How the drill ended.
    #[serde(flatten)]
    pub outcome: DrillOutcome,
    /// The sources that the recovery time is the sum of, in their order; empty where it is not
    /// known.
    pub critical_path: Vec<SourceName>,
    /// Time in which nothing of the drill ran, because others had all the places; it is no part of
    /// the wall time.
    pub waited_milliseconds: u64,
    /// The sources, in the order of the configuration.
    pub sources: Vec<DrillSource>,
    /// What was not as it should be, a sentence each.
    pub deviations: Vec<String>,
    /// Verifier that made the drill.
    pub tool: ToolRecord,
}

/// How a drill ended: the part of a report that programs go on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillOutcome {
    /// When the drill began.
    pub began_at: Timestamp,
    /// When the last source had its verdict.
    pub ended_at: Timestamp,
    /// Result of the drill: `verified` only if every source was verified, `failed` if one failed.
    pub result: Verdict,
    /// True if the drill was ended before its time; it is no answer to a slot of its schedule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Recovery time of all sources together: the longest way along their order. `None` if that of
    /// one source is not known.
    pub recovery_milliseconds: Option<u64>,
    /// Time from the beginning to the end of the drill, without waiting for a place.
    pub wall_milliseconds: u64,
    /// Objective for the wall time, as configured then.
    pub objective_milliseconds: Option<u64>,
    /// True if the wall time kept the objective; `None` without an objective.
    pub within: Option<bool>,
}

/// What made a drill begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrillTrigger {
    /// A slot of its schedule.
    Schedule,
    /// A person.
    Manual,
}

/// What became of one source in a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillSource {
    /// Name of the source.
    pub source: SourceName,
    /// Name of its engine.
    pub engine: String,
    /// Sources that had their verdict before this one began.
    pub after: Vec<SourceName>,
    /// The snapshot that was restored; `None` if there was none.
    pub snapshot: Option<DrillSnapshot>,
    /// The verdict; `inconclusive` also where nothing was restored.
    pub verdict: Verdict,
    /// Why the verdict is not `verified`; `None` if it is, or if there is no record.
    pub reason: Option<Reason>,
    /// Why there is no record, or none that was written.
    pub note: Option<String>,
    /// When the source got its place; `None` if it never began.
    pub began_at: Option<Timestamp>,
    /// When it had its verdict.
    pub ended_at: Option<Timestamp>,
    /// Time for which the source waited for a place.
    pub waited_milliseconds: u64,
    /// Recovery time as of the record.
    pub recovery_milliseconds: Option<u64>,
    /// Stages of the last attempt, as of the record.
    pub stages: Vec<StageRecord>,
    /// The record of the last attempt; `None` if none was written.
    pub record: Option<DrillRecord>,
    /// Image of the sandbox; `None` if there was none.
    pub image: Option<String>,
    /// Number of attempts: an inconclusive one is repeated once.
    pub attempts: u32,
}

/// The snapshot of one source of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillSnapshot {
    /// Name of the snapshot within its source.
    pub id: String,
    /// Recovery point: the moment the snapshot is from.
    pub taken_at: Timestamp,
    /// Size of all objects, as stored.
    pub size_bytes: u64,
}

/// Where the record of a source lies in its ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillRecord {
    /// Number of the record.
    pub sequence: u64,
    /// Digest of the record, `sha256:…`.
    pub digest: String,
}

impl DrillReport {
    /// The report as JSON, with a line for each member.
    ///
    /// # Panics
    /// Never: the report has no map with other keys than text.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("invariant: a report is plain data") + "\n"
    }
}
