//! Conditions that ask the producer, alone or against the repository.

use settings::Duration;

use super::super::{Facts, Holdings, Intent, ProducerStatus as Status};

pub(super) fn producer_failed(intent: &Intent, _: &Facts<'_>) -> bool {
    intent.status == Status::Failed
}

pub(super) fn producer_missed(intent: &Intent, facts: &Facts<'_>) -> bool {
    let since = intent.last_run_at.unwrap_or(facts.subject.watched_since);
    let missed =
        |cadence: &super::super::Cadence| cadence.missed(since, facts.now, facts.promises.grace);
    !matches!(
        intent.status,
        Status::Running | Status::Suspended | Status::Unknown
    ) && facts.cadence().is_some_and(|cadence| missed(cadence) > 0)
}

pub(super) fn producer_suspended(intent: &Intent, _: &Facts<'_>) -> bool {
    intent.status == Status::Suspended
}

pub(super) fn producer_unknown(intent: &Intent, _: &Facts<'_>) -> bool {
    intent.status == Status::Unknown
}

pub(super) fn schedule_mismatch(intent: &Intent, _: &Facts<'_>) -> bool {
    intent.schedule_matches == Some(false)
}

/// Stands only after the allowed lateness: stores list an object a moment after the job ended, and
/// surveys come later.
pub(super) fn silent_loss(intent: &Intent, holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let (Some(began), Some(ended)) = (intent.last_success_began_at, intent.last_success_at) else {
        return false;
    };
    let arrived = holdings
        .inventory
        .complete()
        .any(|snapshot| snapshot.completed_at >= began);
    !arrived && Duration::between(ended, facts.now) > facts.lateness()
}

pub(super) fn unknown_writer(intent: &Intent, holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let (Some(newest), Some(run)) = (holdings.newest, intent.last_run_at) else {
        return false;
    };
    intent.status != Status::Running
        && Duration::between(run, newest.completed_at) > facts.promises.grace
}
