//! Conditions that ask the repository alone.

use settings::Duration;

use super::super::{Facts, Holdings, cadence::earlier};
use crate::model::{Snapshot, SnapshotState as State};

/// Number of complete snapshots that make a series: fewer have no typical size.
const SERIES_MIN: usize = 4;
/// Time that an object store may take to delete what retention no longer keeps. Lifecycle rules of
/// S3 run once a day and round up to the next midnight, twice over.
pub(in crate::assess) const EXPIRY_DELAY: Duration = Duration::from_days(2);

/// Stands if no complete snapshot lies there, none is on its way, and:
///
/// | a complete snapshot | it is missing |
/// |---|---|
/// | was there, as an earlier survey or a record says | at once: the repository was emptied |
/// | was never known, the source has a schedule | from the first slot and its lateness on |
/// | … no schedule, but a promise | once it is watched for longer than the promise |
/// | … neither | at once: nothing would ever say so later |
pub(super) fn missing(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let subject = facts.subject;
    if holdings.newest.is_some() || holdings.count(State::InProgress) > 0 {
        return false;
    }
    if subject.was_held
        || subject
            .ledger
            .as_ref()
            .is_some_and(|it| it.begun_at().is_some())
    {
        return true;
    }
    let since = subject.watched_since;
    match (facts.cadence(), facts.promises.recovery_point) {
        (Some(cadence), _) => cadence.missed(since, facts.now, facts.lateness()) > 0,
        (None, Some(promise)) => Duration::between(since, facts.now) > promise,
        (None, None) => true,
    }
}

pub(super) fn late(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings.newest.is_some() && holdings.missed_runs.is_some_and(|missed| missed > 0)
}

pub(super) fn recovery_point_exceeded(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    exceeds(holdings.age, facts.promises.recovery_point)
}

/// Stands also if no snapshot was ever finished: a file that is always young has no age.
pub(super) fn stale(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let unfinished = || {
        let began = holdings.unfinished_since()?;
        let since = began.min(facts.subject.watched_since);
        Some(Duration::between(since, facts.now))
    };
    let age = match holdings.newest {
        Some(_) => holdings.age,
        None => unfinished(),
    };
    exceeds(age, facts.promises.alert_after)
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

/// Stands if a snapshot is in progress for longer than twice the grace and what passes until its
/// end is seen. By default the grace is longer than any of the last runs.
pub(super) fn stuck(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let limit = facts.promises.grace.saturating_add(facts.lateness());
    let since = holdings.unfinished_since();
    since.is_some_and(|since| Duration::between(since, facts.now) > limit)
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
    newest.size_bytes() < least && holdings.whole_count() >= SERIES_MIN
}

pub(super) fn gap(holdings: &Holdings<'_>, _: &Facts<'_>) -> bool {
    holdings.gaps.is_some_and(|gaps| gaps > 0)
}

/// Stands only for a source that is known to have existed for longer than its retention. What was
/// deleted before anybody looked cannot be missed.
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

/// Stands if the newest snapshot arrived late by more than a whole interval: an old file was copied
/// instead of a new one made.
pub(super) fn uploaded_late(holdings: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let gap = facts
        .cadence()
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

/// Tolerance of retention: the oldest snapshot that is kept may be younger than retention by the
/// distance to the one that was just deleted.
fn slack(facts: &Facts<'_>) -> Duration {
    let every = facts.promises.retention.last().and_then(|tier| tier.every);
    facts
        .longest_gap()
        .max(every.unwrap_or(Duration::ZERO))
        .saturating_add(facts.promises.grace)
}
