//! What was proven: the evidence records of a source in figures.

use std::time;

use jiff::Timestamp;
use settings::{Duration, Schedule};

use super::{Facts, Holdings};
use crate::ledger::{ChainReport, INCONCLUSIVE_AFTER, Ledger, Proofs, Verification};

/// Seconds of a default deadline beside the size (design §3: 30 min).
const DEADLINE_BASE: time::Duration = time::Duration::from_mins(30);

/// Bytes a second that a default deadline allows for (design §3: 20 MB/s).
const DEADLINE_RATE: u64 = 20_000_000;

/// The deadline of a verification where none is configured, of this many bytes.
pub fn default_deadline(size_bytes: u64) -> time::Duration {
    DEADLINE_BASE + time::Duration::from_secs(size_bytes / DEADLINE_RATE)
}

/// What is expected of the verifier for one source.
#[derive(Debug, Clone)]
pub struct Verifying {
    /// Slots of `verify.schedule`, where it is due by one.
    pub schedule: Option<Schedule>,
    /// Whether each new snapshot is due.
    pub each_snapshot: bool,
    /// Of one verification, where configured.
    pub deadline: Option<time::Duration>,
    /// Whether names of snapshots have a time: then none is ever overwritten by another.
    pub names_have_time: bool,
    /// How many runs in a row may be inconclusive.
    pub inconclusive_after: usize,
}

impl Default for Verifying {
    fn default() -> Self {
        Self {
            schedule: None,
            each_snapshot: false,
            deadline: None,
            names_have_time: true,
            inconclusive_after: INCONCLUSIVE_AFTER,
        }
    }
}

impl Verifying {
    /// The first slot, or with `each_snapshot` the first moment, from which a verification is due
    /// that nobody made: what arrived at `untried_since` was not tried, and the last run of any
    /// snapshot ended at `last_run`.
    pub(super) fn due_since(
        &self,
        untried_since: Timestamp,
        last_run: Timestamp,
    ) -> Option<Timestamp> {
        let slot = match &self.schedule {
            Some(schedule) => schedule.next(last_run)?,
            None if self.each_snapshot => last_run,
            None => return None,
        };
        Some(slot.max(untried_since))
    }
}

/// What the ledger says of a source that was surveyed.
#[derive(Debug, Clone)]
pub struct Proof<'a> {
    /// Every record.
    pub ledger: &'a Ledger,
    /// The records beside what lies there.
    pub proofs: &'a Proofs,
    /// Whether the chain is intact.
    pub chain: ChainReport,
    /// The record that speaks of the source now.
    pub newest: Option<&'a Verification>,
    /// The verified record of the newest recovery point that lies there unchanged: what could
    /// really be had back.
    pub verified: Option<&'a Verification>,
    /// Measured when that was restored.
    pub recovery_time: Option<time::Duration>,
    /// Expected for the newest complete full backup.
    pub forecast: Option<time::Duration>,
}

impl<'a> Proof<'a> {
    pub(super) fn new(
        ledger: &'a Ledger,
        proofs: &'a Proofs,
        holdings: &Holdings<'_>,
        now: Timestamp,
    ) -> Self {
        Self {
            ledger,
            proofs,
            chain: ledger.report(),
            newest: proofs.newest(),
            verified: proofs.verified(),
            recovery_time: proofs.recovery_time(),
            forecast: holdings
                .newest_whole
                .and_then(|it| ledger.until(now).forecast(it.lineage_bytes())),
        }
    }

    /// Whether a snapshot that lies there unchanged was verified within the objective.
    pub(super) fn is_current(&self, facts: &Facts<'_>) -> bool {
        self.verified.is_some_and(|it| is_young(it.ended_at, facts))
    }
}

/// Whether a proof of this time is within the objective.
pub(super) fn is_young(proven_at: Timestamp, facts: &Facts<'_>) -> bool {
    Duration::between(proven_at, facts.now) <= facts.promises.verification
}
