//! Conditions that ask the repository alone.

use settings::Duration;

use super::super::{Cadence, Facts, Holdings, cadence::earlier};
use crate::model::{Snapshot, SnapshotState as State};

/// Complete snapshots that make a series: fewer have no typical size.
const SERIES_MIN: usize = 4;
/// Deleting what retention no longer keeps may take an object store this long: lifecycle rules of
/// S3 run once a day and round up to the next midnight, twice over.
pub(in crate::assess) const EXPIRY_DELAY: Duration = Duration::from_days(2);

/// Nothing complete lies there and nothing is on its way.
pub(super) fn missing(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings.newest.is_none() && holdings.count(State::InProgress) == 0
}

pub(super) fn late(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings.newest.is_some() && holdings.missed_runs.is_some_and(|missed| missed > 0)
}

pub(super) fn recovery_point_exceeded(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    exceeds(holdings.age, facts.promises.recovery_point)
}

pub(super) fn stale(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    exceeds(holdings.age, facts.promises.alert_after)
}

pub(super) fn failed(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings
        .settled()
        .is_some_and(|it| matches!(it.state, State::Failed | State::Invalid))
}

pub(super) fn partial(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings
        .settled()
        .is_some_and(|it| it.state == State::Partial)
}

/// Twice the grace after it began: the grace is longer than any of the last runs.
pub(super) fn stuck(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let limit = facts.promises.grace.saturating_mul(2);
    let began = |it: &Snapshot| {
        let first = it
            .artifacts
            .iter()
            .map(|artifact| artifact.meta.modified_at)
            .min();
        first.unwrap_or(it.taken_at).max(it.taken_at)
    };
    let mut unfinished = holdings
        .inventory
        .snapshots
        .iter()
        .filter(|it| it.state == State::InProgress);
    unfinished.any(|it| Duration::between(began(it), facts.now) > limit)
}

pub(super) fn too_small(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let sizes = holdings
        .newest_whole
        .map(Snapshot::size_bytes)
        .zip(facts.promises.minimum_size);
    sizes.is_some_and(|(size, minimum)| size < minimum)
}

pub(super) fn shrunk(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let (Some(newest), Some(typical)) = (holdings.newest_whole, holdings.typical_size) else {
        return false;
    };
    let least = typical - facts.promises.max_shrink.of(typical);
    newest.size_bytes() < least && holdings.inventory.whole().count() >= SERIES_MIN
}

pub(super) fn gap(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings.gaps.is_some_and(|gaps| gaps > 0)
}

/// Only of a source that is known to have existed for longer than it keeps: what was deleted before
/// anybody looked cannot be missed.
pub(super) fn retention_short(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let (Some(oldest), Some(keep)) = (holdings.oldest, facts.promises.keep()) else {
        return false;
    };
    let limit = earlier(facts.now, keep.saturating_sub(slack(facts)));
    holdings.begun_at < limit && oldest.taken_at > limit
}

pub(super) fn retention_exceeded(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let age = holdings
        .oldest
        .map(|it| Duration::between(it.taken_at, facts.now));
    let limit = facts.promises.keep();
    exceeds(
        age,
        limit.map(|it| it.saturating_add(EXPIRY_DELAY).saturating_add(slack(facts))),
    )
}

pub(super) fn duplicate(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings.inventory.duplicates > 0
}

/// By more than a whole interval: an old file was copied instead of a new one made.
pub(super) fn uploaded_late(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let gap = facts
        .subject
        .cadence
        .map(|it| it.longest_gap().saturating_add(facts.promises.grace));
    let lag = holdings
        .newest
        .map(|it| Duration::between(it.taken_at, it.completed_at));
    exceeds(lag, gap)
}

pub(super) fn from_the_future(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings.latest.is_some_and(|it| it.from_the_future)
}

fn exceeds(value: Option<Duration>, limit: Option<Duration>) -> bool {
    value.zip(limit).is_some_and(|(value, limit)| value > limit)
}

/// The oldest snapshot that is kept may be younger than retention by the distance to the one that
/// was just deleted.
fn slack(facts: &Facts<'_>) -> Duration {
    let gap = facts
        .subject
        .cadence
        .map_or(Duration::ZERO, Cadence::longest_gap);
    let every = facts.promises.retention.last().and_then(|tier| tier.every);
    gap.max(every.unwrap_or(Duration::ZERO))
        .saturating_add(facts.promises.grace)
}
