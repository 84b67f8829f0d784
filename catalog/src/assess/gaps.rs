//! Old holes: snapshots that retention promises to keep and that do not lie there.
//!
//! Only holes between two snapshots count. What is missed up to now is lateness, and what is
//! missing before the oldest snapshot is retention that is too short.

use jiff::Timestamp;
use settings::Duration;

use super::{Cadence, Facts, cadence::earlier, objectives::Tier};
use crate::model::{Snapshot, SourceInventory};

/// Largest number of snapshots that are looked at, the newest ones: hourly ones for more than a
/// year.
const LOOKED_AT_MAX: usize = 10_000;

/// Counts holes within retention; if none is promised, since `begun_at`.
///
/// | a tier | the schedule | counted are |
/// |---|---|---|
/// | has `every` | | intervals without a snapshot |
/// | has no `every` | is known | slots that no snapshot served |
/// | has no `every` | is not known | none |
///
/// `None` if that is so for all tiers: nothing says what should be there.
pub(super) fn count(
    inventory: &SourceInventory,
    begun_at: Timestamp,
    facts: &Facts<'_>,
) -> Option<usize> {
    let cadence = facts.subject.cadence;
    let everything = Tier {
        keep: Duration::between(begun_at, facts.now),
        every: None,
        class: None,
    };
    let tiers = match facts.promises.retention.as_slice() {
        [] => std::slice::from_ref(&everything),
        tiers => tiers,
    };
    let mut younger = Duration::ZERO;
    let mut total = None;
    for tier in tiers {
        let (from, until) = (earlier(facts.now, tier.keep), earlier(facts.now, younger));
        younger = tier.keep;
        let pairs = pairs(inventory).filter(|(old, new)| {
            old.taken_at >= from && old.taken_at < until && new.taken_at >= from
        });
        let holes = match (tier.every, cadence) {
            (Some(every), _) => {
                let slack = cadence.map_or(every, Cadence::longest_gap);
                let slack = slack.saturating_add(facts.promises.grace);
                pairs
                    .map(|(old, new)| intervals(old, new, every, slack))
                    .sum()
            }
            (None, Some(cadence)) => slots(cadence, pairs),
            (None, None) => continue,
        };
        total = Some(usize::saturating_add(total.unwrap_or(0), holes));
    }
    total
}

/// Counts slots that no snapshot served between neighbors, which come newest first.
fn slots<'a>(
    cadence: &Cadence,
    pairs: impl Iterator<Item = (&'a Snapshot, &'a Snapshot)>,
) -> usize {
    let mut newer = None;
    pairs.fold(0, |skipped, (old, new)| {
        let next_served = newer.unwrap_or_else(|| cadence.served(new));
        let served = cadence.served(old);
        newer = Some(served);
        usize::saturating_add(skipped, cadence.skipped(served, next_served))
    })
}

/// Returns the longest distance of two neighboring recovery points within retention.
pub(super) fn longest(inventory: &SourceInventory, facts: &Facts<'_>) -> Option<Duration> {
    let keep = facts.promises.keep();
    let from = keep.map_or(Timestamp::MIN, |keep| earlier(facts.now, keep));
    pairs(inventory)
        .filter(|(old, _)| old.taken_at >= from)
        .map(|(old, new)| Duration::between(old.taken_at, new.taken_at))
        .max()
}

/// Pairs of neighboring complete snapshots, (older, newer), the newest pair first.
fn pairs(inventory: &SourceInventory) -> impl Iterator<Item = (&Snapshot, &Snapshot)> {
    let newer = inventory.complete().take(LOOKED_AT_MAX);
    newer
        .zip(inventory.complete().skip(1))
        .map(|(new, old)| (old, new))
}

/// Counts whole intervals between two snapshots, allowing for the lateness of one run (`slack`).
fn intervals(old: &Snapshot, new: &Snapshot, every: Duration, slack: Duration) -> usize {
    let distance = Duration::between(old.taken_at, new.taken_at);
    if distance <= every.saturating_add(slack) {
        return 0;
    }
    let skipped = distance.as_millis() / every.as_millis().max(1);
    usize::try_from(skipped.saturating_sub(1).max(1)).unwrap_or(usize::MAX)
}
