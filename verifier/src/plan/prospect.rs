//! The time a source is due next, for whoever waits instead of asking again and again. Pure.
//!
//! A prospect must agree with [`plan`](super::plan): while it says not yet due, so does the plan.

use std::time::Duration;

use catalog::{
    config::{Due, Source},
    ledger::{Past, Reason, ToolRecord, Verdict, Verification},
};
use jiff::Timestamp;

use super::{Situation, promised, settled_at, unrenewed};

/// Pause before an inconclusive snapshot is retried first: a restarted engine or store is back by
/// then.
const RETRY_FIRST: Duration = Duration::from_mins(5);

/// Longest pause between two retries: four tries a day, as often as a promise of one day needs.
const RETRY_MAX: Duration = Duration::from_hours(6);

/// The time a source is due next, as far as can be known now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prospect {
    /// Time before which the source is not due, whatever arrives, while what was tried lies there
    /// untouched; `None` = the next snapshot makes it due.
    pub not_before: Option<Timestamp>,
    /// Time at which the newest snapshot is to be verified, if none arrives; `None` = there is no
    /// snapshot, or the schedule has no further slot.
    pub at: Option<Timestamp>,
}

/// Foresees when `source` is due next. `tool` is what this verifier would write into a record: what
/// it has not tried itself is tried at once, if it was inconclusive.
pub fn prospect(source: &Source, situation: &Situation<'_>, tool: &ToolRecord) -> Prospect {
    let Some(verify) = &source.verify else {
        return Prospect {
            not_before: Some(Timestamp::MAX),
            at: None,
        };
    };
    let lasts = unrenewed(promised(source));
    let (past, proofs) = (situation.past, situation.proofs);
    let renewal = proofs.verified().map(|proof| after(proof.ended_at, lasts));
    let was_lost = proofs.proven_at.is_some() && proofs.verified().is_none();
    let not_before = match &verify.due {
        _ if was_lost => None,
        Due::NewSnapshot => None,
        Due::Schedule(schedule) => proofs
            .last_run
            .map(|last| schedule.next(last).unwrap_or(Timestamp::MAX)),
        Due::Objective if proofs.failed().is_some() => None,
        Due::Objective => renewal,
    };
    // A snapshot that was tried answers no failure; it waits until the proof of another is renewed.
    let earliest = match &verify.due {
        Due::Objective => renewal,
        _ => not_before,
    };
    let at = situation.newest.map(|newest| {
        let settled = match past.of_object(newest) {
            None if situation.urgent(newest, &verify.due).is_some() => return newest.completed_at,
            None => newest.completed_at,
            Some(last) => match last.verdict {
                Verdict::Inconclusive => {
                    if let Some(settled) = settled_at(source, newest, last) {
                        return settled.max(last.ended_at);
                    }
                    let is_ours = |it: &Verification| {
                        it.verdict == Verdict::Inconclusive && *it.tool == *tool
                    };
                    let is_tried = past.all_of_object(newest).any(is_ours);
                    return retry_at(last, lasts, past, is_tried);
                }
                Verdict::Failed => after(last.ended_at, promised(source).as_std()),
                Verdict::Verified => after(last.ended_at, lasts),
            },
        };
        settled.max(earliest.unwrap_or(settled))
    });
    Prospect {
        not_before,
        at: at.filter(|at| *at < Timestamp::MAX),
    }
}

/// Returns when an inconclusive snapshot is tried again.
///
/// | the last run | tried again |
/// |---|---|
/// | was of another version or configuration of this verifier | at once |
/// | was interrupted | at once |
/// | found a reason that only configuration can mend | when its proof is to be renewed |
/// | could not tell otherwise | after 5 min, doubled with each run up to 6 h |
///
/// Of two verifiers that differ, neither follows the other for ever: each tries once.
fn retry_at(last: &Verification, lasts: Duration, past: Past<'_>, is_tried: bool) -> Timestamp {
    let pause = match last.reason {
        _ if !is_tried => Duration::ZERO,
        Some(Reason::Interrupted) => Duration::ZERO,
        Some(reason) if reason.is_mendable() => lasts,
        _ => doubled(RETRY_FIRST, past.consecutive_inconclusive(), RETRY_MAX).min(lasts),
    };
    after(last.ended_at, pause)
}

/// The pause after `failures` in a row: `first`, then twice the one before, at most `longest`.
fn doubled(first: Duration, failures: usize, longest: Duration) -> Duration {
    let times = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let factor = 2_u32.checked_pow(times).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(longest)
}

/// The pause after a step of ours could not be done for the `failures`-th time in a row: a minute,
/// as often as cron can ask, so that no mistake of ours becomes a busy loop; then twice the one
/// before, at most an hour, within which an outage that is over is noticed. Without a failure it is
/// the first one.
pub fn pause_after(failures: usize) -> Duration {
    doubled(Duration::from_mins(1), failures, Duration::from_hours(1))
}

fn after(at: Timestamp, pause: Duration) -> Timestamp {
    at.checked_add(pause).unwrap_or(Timestamp::MAX)
}
