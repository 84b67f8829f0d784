//! Proof of a source: its evidence records in figures.

use std::time;

use jiff::Timestamp;
use settings::{Duration, Schedule};

use super::{Facts, outlook::Outlook};
use crate::ledger::{INCONCLUSIVE_AFTER, Ledger, Proofs, Verdict, Verification};

/// Part of a default deadline that does not depend on the size (design §3: 30 min).
const DEADLINE_BASE: time::Duration = time::Duration::from_mins(30);

/// Bytes a second that a default deadline allows for (design §3: 20 MB/s).
const DEADLINE_RATE: u64 = 20_000_000;

/// Deadline of a verification of so many bytes: the configured one, else by the size.
pub fn deadline_of(configured: Option<time::Duration>, size_bytes: u64) -> time::Duration {
    let by_size = || DEADLINE_BASE + time::Duration::from_secs(size_bytes / DEADLINE_RATE);
    configured.unwrap_or_else(by_size)
}

/// Expectations of the verifier for one source.
#[derive(Debug, Clone)]
pub struct Verifying {
    /// Slots of `verify.schedule`, if verifications are due by a schedule.
    pub schedule: Option<Schedule>,
    /// True if each new snapshot is due.
    pub each_snapshot: bool,
    /// Deadline of one verification, where configured.
    pub deadline: Option<time::Duration>,
    /// True if names of snapshots have a time: then no snapshot is ever overwritten by another.
    pub names_have_time: bool,
    /// Number of inconclusive runs in a row after which people are told.
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
    /// Returns the first time from which a verification is due that nobody made.
    ///
    /// What arrived at `untried_since` was not tried, and the last run of any snapshot ended at
    /// `last_run`. With a schedule the first slot after `last_run` counts, with `each_snapshot`
    /// `last_run` itself, but never a time before `untried_since`. `None` if no verification is due
    /// by either.
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

/// Figures of the ledger of a source that was surveyed.
#[derive(Debug, Clone)]
pub struct Proof<'a> {
    /// All records of the source.
    pub ledger: &'a Ledger,
    /// The records joined with what lies there.
    pub proofs: &'a Proofs,
    /// The record that speaks of the source now.
    pub newest: Option<&'a Verification>,
    /// Verified record of the newest recovery point that lies there unchanged: what could really be
    /// had back.
    pub verified: Option<&'a Verification>,
    /// Recovery time measured by the record in `verified`.
    pub recovery_time: Option<time::Duration>,
    /// Recovery time expected for the newest complete full backup.
    pub forecast: Option<time::Duration>,
    /// When the recovery is expected to take longer than promised, at the present growth: the
    /// recovery point of the newest full backup if it does already. `None` without a promise, a
    /// measurement or growth, or if that is more than ten years away.
    pub breaks_at: Option<Timestamp>,
    outlook: Outlook,
}

impl<'a> Proof<'a> {
    pub(super) fn new(
        ledger: &'a Ledger,
        proofs: &'a Proofs,
        outlook: Outlook,
        now: Timestamp,
    ) -> Self {
        Self {
            ledger,
            proofs,
            newest: proofs.newest(),
            verified: proofs.verified(),
            recovery_time: proofs.recovery_time(),
            forecast: outlook.forecast,
            breaks_at: outlook.breaks.and_then(|it| it.told(now)),
            outlook,
        }
    }

    /// End of the last verification with this verdict.
    pub const fn last_end(&self, verdict: Verdict) -> Option<Timestamp> {
        self.outlook.last_end(verdict)
    }

    /// True if a snapshot that lies there unchanged was verified within the objective.
    pub(super) fn is_current(&self, facts: &Facts<'_>) -> bool {
        self.verified.is_some_and(|it| is_young(it.ended_at, facts))
    }
}

/// True if a proof of this time is within the objective.
pub(super) fn is_young(proven_at: Timestamp, facts: &Facts<'_>) -> bool {
    Duration::between(proven_at, facts.now) <= facts.promises.verification
}
