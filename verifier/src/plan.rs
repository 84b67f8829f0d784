//! The plan: what is due for verification, and why. Pure: a snapshot, a ledger and the time go in.
//!
//! Only the newest complete full backup of a source is ever due:
//!
//! | its last record | it is due |
//! |---|---|
//! | none, and it is urgent (`Situation::urgent`) | at once, whatever the schedule says |
//! | none otherwise | at once (`new_snapshot`), at the next slot, or as the last proof ages |
//! | inconclusive | at once, or when it has settled if it may still have been being written |
//! | failed | not within `objectives.verification`: a second failure proves nothing anew |
//! | verified | in the last third of `objectives.verification`, not before |
//!
//! A proof is renewed before it runs out: where the newest snapshot stays the same, waiting for the
//! end would raise `verification_stale` every time. So whoever plans at least four times within the
//! objective never sees it exceeded.

mod prospect;

use std::time;

use catalog::{
    assess::VERIFICATION,
    config::{Due, Source, Verify},
    ledger::{Ledger, Past, Proofs, Reason, Sameness, Trigger, Verdict, Verification},
    model::{Snapshot, SourceInventory, SourceName},
    settle::is_young,
};
use jiff::Timestamp;
use settings::{Duration, Schedule};
use toolkit::words::ago;

pub use prospect::{Prospect, pause_after, prospect};

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// Name of the source.
    pub source: SourceName,
    /// What makes it due; `None` = it is not due.
    pub due: Option<Trigger>,
    /// Id of the newest complete full backup; `None` = there is none.
    pub snapshot: Option<String>,
    /// Why the source is due or not, as a sentence for people.
    pub why: String,
}

/// What is known of a source at one time.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The newest complete snapshot that is not differential: no other is ever due.
    pub newest: Option<&'a Snapshot>,
    /// Records of the source, without those from the future.
    pub past: Past<'a>,
    /// Records of the source, held against what lies in the repository.
    pub proofs: &'a Proofs,
    /// The time of the plan.
    pub now: Timestamp,
}

impl<'a> Situation<'a> {
    /// The situation of a source after a survey.
    pub fn new(
        inventory: &'a SourceInventory,
        ledger: &'a Ledger,
        proofs: &'a Proofs,
        now: Timestamp,
    ) -> Self {
        Self {
            newest: inventory.whole().next(),
            past: ledger.until(now),
            proofs,
            now,
        }
    }

    /// Returns why the newest snapshot is due without waiting for the time that `due` tells; `None`
    /// = it can wait. Asked only of a snapshot without a record.
    ///
    /// | seen | makes it due |
    /// |---|---|
    /// | the newest snapshot was touched since it was tried | always |
    /// | nothing that was verified lies there unchanged any more | always |
    /// | a failure stands, which the newest snapshot may answer | by the objective alone |
    ///
    /// A `verify.schedule` has its next slot for such an answer.
    fn urgent(&self, newest: &Snapshot, due: &Due) -> Option<&'static str> {
        let mut runs = self.past.verifications();
        if runs.any(|run| run.snapshot.sameness(newest) == Sameness::Touched) {
            return Some("its newest snapshot was touched since it was tried");
        }
        if self.proofs.proven_at.is_some() && self.proofs.verified().is_none() {
            // A verified snapshot that was touched, or is not whole any more, lies there still.
            return Some(match self.proofs.lost() {
                Some(_) => "no snapshot that was verified lies there any more",
                None => "no snapshot that was verified lies there unchanged",
            });
        }
        let may_answer = matches!(due, Due::Objective) && self.proofs.failed().is_some();
        may_answer.then_some("its newest snapshot is new, and the one before failed")
    }
}

/// Plans one source: says whether its newest complete full backup is due, and why.
pub fn plan(source: &Source, situation: &Situation<'_>) -> PlanLine {
    let newest = situation.newest;
    let (due, why) = match (&source.verify, newest) {
        (None, _) => (None, "no proof is expected of it".to_owned()),
        (Some(_), None) => (None, "there is no complete snapshot".to_owned()),
        (Some(verify), Some(newest)) => judge(source, verify, newest, situation),
    };
    PlanLine {
        source: source.name.clone(),
        due,
        snapshot: newest.map(|newest| newest.id.0.clone()),
        why,
    }
}

fn judge(
    source: &Source,
    verify: &Verify,
    newest: &Snapshot,
    situation: &Situation<'_>,
) -> (Option<Trigger>, String) {
    let (past, now) = (situation.past, situation.now);
    let promised = promised(source);
    let lasts = |proof: &Verification| age(proof.ended_at, now) <= unrenewed(promised);
    let last = past.of_object(newest);
    if let Some(last) = last {
        let (verdict, when) = (last.verdict.as_label(), ago(last.ended_at, now));
        let settled = match last.verdict {
            Verdict::Inconclusive => {
                if let Some(settled) = settled_at(source, newest, last).filter(|at| *at > now) {
                    let why = format!(
                        "it may still be being written: it is due {}",
                        ago(settled, now)
                    );
                    return (None, why);
                }
                let why = format!("the last try was inconclusive, {when}");
                return (Some(Trigger::Retry), why);
            }
            Verdict::Failed => age(last.ended_at, now) <= promised.as_std(),
            Verdict::Verified => lasts(last),
        };
        if settled {
            let was = if last.verdict == Verdict::Verified {
                "was "
            } else {
                ""
            };
            return (None, format!("its newest snapshot {was}{verdict} {when}"));
        }
    }
    let urgent = match last {
        None => situation.urgent(newest, &verify.due),
        Some(_) => None,
    };
    match &verify.due {
        Due::Schedule(_) | Due::Objective if let Some(why) = urgent => {
            (Some(Trigger::Schedule), why.to_owned())
        }
        Due::NewSnapshot => match last {
            None => {
                let why = urgent.unwrap_or("its newest snapshot is new");
                (Some(Trigger::NewSnapshot), why.to_owned())
            }
            Some(last) => (Some(Trigger::Schedule), renewed(last, now)),
        },
        Due::Schedule(schedule) => slot(schedule, situation.proofs.last_run, now),
        Due::Objective => match situation.proofs.verified() {
            Some(proof) if lasts(proof) => (
                None,
                format!("its proof is from {}", ago(proof.ended_at, now)),
            ),
            Some(proof) => (Some(Trigger::Schedule), renewed(proof, now)),
            None => (Some(Trigger::Schedule), "it was never verified".into()),
        },
    }
}

/// Decides by `verify.schedule`: due at the first slot after the last run, of whatever snapshot.
fn slot(schedule: &Schedule, last: Option<Timestamp>, now: Timestamp) -> (Option<Trigger>, String) {
    let Some(last) = last else {
        return (Some(Trigger::Schedule), "it was never tried".into());
    };
    match schedule.next(last) {
        Some(slot) if slot <= now => {
            let why = format!("it was due {}", ago(slot, now));
            (Some(Trigger::Schedule), why)
        }
        Some(slot) => (None, format!("it is due {}", ago(slot, now))),
        None => (None, "its schedule has no further slot".into()),
    }
}

/// Time at which a snapshot has settled that may have been being written when it was tried; `None`
/// if the last try was inconclusive for another reason.
fn settled_at(source: &Source, newest: &Snapshot, last: &Verification) -> Option<Timestamp> {
    let settle = source.settle.into();
    let growing = last.reason == Some(Reason::UnstableRead)
        && is_young(newest.completed_at, settle, last.ended_at);
    let settled = || newest.completed_at.checked_add(settle);
    growing.then(|| settled().unwrap_or(Timestamp::MAX))
}

/// Longest age of a proof: `objectives.verification`, or its default.
pub(crate) fn promised(source: &Source) -> Duration {
    source.objectives.verification.unwrap_or(VERIFICATION)
}

/// Age up to which a proof is left alone: two thirds of its life, as cert-manager leaves a
/// certificate (its default `renewBefore` is a third of the duration).
fn unrenewed(promised: Duration) -> time::Duration {
    promised.as_std() / 3 * 2
}

fn renewed(last: &Verification, now: Timestamp) -> String {
    format!(
        "its verdict of {} is to be renewed",
        ago(last.ended_at, now)
    )
}

/// Time from `at` to `now`; zero if `at` is in the future.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> time::Duration {
    time::Duration::try_from(now.duration_since(at)).unwrap_or(time::Duration::ZERO)
}

#[cfg(test)]
mod tests;
