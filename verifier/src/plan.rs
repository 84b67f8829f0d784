//! What is due for verification, and why. Pure: an inventory, a ledger and the time go in.

use std::time::Duration;

use catalog::{
    assess::VERIFICATION,
    config::{Due, Source, Verify},
    evidence::{Ledger, Trigger, Verdict},
    model::{Snapshot, SourceInventory, SourceName},
};
use jiff::Timestamp;

use crate::report::ago;

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Of which source.
    pub source: SourceName,
    /// What makes it due; `None` = it is not.
    pub due: Option<Trigger>,
    /// Of which snapshot, by id; `None` = there is none that could be restored.
    pub snapshot: Option<String>,
    /// Why, as a sentence for people.
    pub why: String,
}

/// Whether the newest snapshot of `source` is due.
pub fn plan(
    source: &Source,
    inventory: &SourceInventory,
    ledger: &Ledger,
    now: Timestamp,
) -> Planned {
    let newest = inventory.newest_complete();
    let (due, why) = match (&source.verify, newest) {
        (None, _) => (None, "no proof is expected of it".to_owned()),
        (Some(_), None) => (None, "there is no complete snapshot".to_owned()),
        (Some(verify), Some(newest)) => judge(source, verify, newest, ledger, now),
    };
    Planned {
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
    ledger: &Ledger,
    now: Timestamp,
) -> (Option<Trigger>, String) {
    let allowed = source
        .objectives
        .verification
        .unwrap_or(VERIFICATION)
        .as_std();
    let within = |at: Timestamp| age(at, now) <= allowed;
    let last = ledger.of_object(newest);
    match last {
        Some(last) if last.verdict == Verdict::Inconclusive => {
            let why = format!("the last try was inconclusive, {}", ago(last.ended_at, now));
            return (Some(Trigger::Retry), why);
        }
        Some(last) if within(last.ended_at) => {
            let verdict = last.verdict.as_label();
            let why = format!(
                "its newest snapshot was {verdict} {}",
                ago(last.ended_at, now)
            );
            return (None, why);
        }
        _ => {}
    }
    let last_run = ledger.verifications().map(|it| it.ended_at).max();
    match &verify.due {
        Due::NewSnapshot => match last {
            None => (
                Some(Trigger::NewSnapshot),
                "its newest snapshot is new".into(),
            ),
            Some(_) => (
                Some(Trigger::Schedule),
                "the proof of its newest snapshot is old".into(),
            ),
        },
        Due::Schedule(schedule) => {
            let since = last_run.unwrap_or(newest.completed_at);
            match schedule.next(since) {
                _ if last_run.is_none() => (Some(Trigger::Schedule), "it was never tried".into()),
                Some(slot) if slot <= now => (
                    Some(Trigger::Schedule),
                    format!("it was due {}", ago(slot, now)),
                ),
                Some(slot) => (None, format!("it is due {}", ago(slot, now))),
                None => (None, "its schedule has no further slot".into()),
            }
        }
        Due::Objective => match ledger.newest_verified() {
            Some(proof) if within(proof.ended_at) => (
                None,
                format!("its proof is from {}", ago(proof.ended_at, now)),
            ),
            Some(proof) => {
                let why = format!("its proof is too old, {}", ago(proof.ended_at, now));
                (Some(Trigger::Schedule), why)
            }
            None => (Some(Trigger::Schedule), "it was never verified".into()),
        },
    }
}

fn age(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO)
}
