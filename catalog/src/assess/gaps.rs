//! Old holes: snapshots that retention promises to keep and that do not lie there.
//!
//! Only holes between two snapshots count. What is missed up to now is lateness, and what is
//! missing before the oldest snapshot is retention that is too short.
//!
//! A survey decides where holes are. The time decides only which of them are still within
//! retention, so the holes of a survey are kept added up, and a time is looked up among them.

use jiff::Timestamp;
use settings::Duration;

use super::{Cadence, Promises, cadence::earlier, objectives::Tier};
use crate::model::{Snapshot, SourceInventory};

/// Largest number of snapshots that are looked at, the newest ones: hourly ones for more than a
/// year.
const LOOKED_AT_MAX: usize = 10_000;

/// The holes of one source, as a survey saw them.
#[derive(Debug)]
pub(super) struct Holes {
    /// The tiers for which something says what should be there.
    tiers: Vec<TierHoles>,
    /// Longest distance of neighboring snapshots, from the newest up to those of the given recovery
    /// point; only where it grows, newest first.
    longest: Vec<(Timestamp, Duration)>,
}

/// The holes that count for one tier of retention.
#[derive(Debug)]
struct TierHoles {
    /// Age up to which the tier keeps snapshots; `None`: since the source began.
    keep: Option<Duration>,
    /// Age up to which the tier before this one keeps them.
    younger: Duration,
    /// Number of holes from the newest up to the one that begins at the given recovery point,
    /// newest first.
    added_up: Vec<(Timestamp, usize)>,
}

impl Holes {
    /// Finds the holes. For each tier of retention, and without any for all since the source
    /// began:
    ///
    /// | a tier | the schedule | counted are |
    /// |---|---|---|
    /// | has `every` | | intervals without a snapshot |
    /// | has no `every` | is known | slots that no snapshot served |
    /// | has no `every` | is not known | none |
    pub(super) fn new(
        inventory: &SourceInventory,
        cadence: Option<&Cadence>,
        promises: &Promises,
    ) -> Self {
        let mut tiers = Vec::new();
        let mut younger = Duration::ZERO;
        for Tier { keep, every, .. } in &promises.retention {
            let holes = holes(inventory, *every, cadence, promises.grace);
            tiers.extend(holes.map(|added_up| TierHoles {
                keep: Some(*keep),
                younger,
                added_up,
            }));
            younger = *keep;
        }
        if promises.retention.is_empty() {
            let holes = holes(inventory, None, cadence, promises.grace);
            tiers.extend(holes.map(|added_up| TierHoles {
                keep: None,
                younger,
                added_up,
            }));
        }
        Self {
            tiers,
            longest: longest(inventory),
        }
    }

    /// Counts the holes within retention at `now`; if none is promised, since `begun_at`. `None` if
    /// nothing says what should be there.
    pub(super) fn count(&self, begun_at: Timestamp, now: Timestamp) -> Option<usize> {
        let counts = self.tiers.iter().map(|tier| tier.count(begun_at, now));
        counts.reduce(usize::saturating_add)
    }

    /// Returns the longest distance of two neighboring recovery points that are kept; without
    /// `keep`, of all.
    pub(super) fn longest(&self, keep: Option<Duration>, now: Timestamp) -> Option<Duration> {
        let from = keep.map_or(Timestamp::MIN, |keep| earlier(now, keep));
        last_since(&self.longest, from)
    }
}

impl TierHoles {
    fn count(&self, begun_at: Timestamp, now: Timestamp) -> usize {
        let keep = self
            .keep
            .unwrap_or_else(|| Duration::between(begun_at, now));
        let (from, until) = (earlier(now, keep), earlier(now, self.younger));
        let since = |at| last_since(&self.added_up, at).unwrap_or(0);
        since(from).saturating_sub(since(until))
    }
}

/// Returns the last entry that is not before `at`; the entries come newest first.
fn last_since<T: Copy>(newest_first: &[(Timestamp, T)], at: Timestamp) -> Option<T> {
    let entries = newest_first.partition_point(|(taken_at, _)| *taken_at >= at);
    let last = entries.checked_sub(1)?;
    Some(newest_first[last].1)
}

/// Adds up the holes of a tier, each at the recovery point at which it begins; `None` if nothing
/// says what should be there.
fn holes(
    inventory: &SourceInventory,
    every: Option<Duration>,
    cadence: Option<&Cadence>,
    grace: Duration,
) -> Option<Vec<(Timestamp, usize)>> {
    let missing: Vec<usize> = match (every, cadence) {
        (Some(every), _) => {
            let slack = cadence.map_or(every, Cadence::longest_gap);
            let slack = slack.saturating_add(grace);
            let pairs = pairs(inventory);
            pairs
                .map(|(old, new)| intervals(old, new, every, slack))
                .collect()
        }
        (None, Some(cadence)) => slots(cadence, inventory),
        (None, None) => return None,
    };
    let mut total = 0_usize;
    let pairs = pairs(inventory).zip(missing);
    let holes = pairs.filter(|(_, missing)| *missing > 0);
    let added_up = holes.map(|((old, _), missing)| {
        total = total.saturating_add(missing);
        (old.taken_at, total)
    });
    Some(added_up.collect())
}

/// Counts the slots that no snapshot served, between each pair of neighbors.
fn slots(cadence: &Cadence, inventory: &SourceInventory) -> Vec<usize> {
    let mut newer = None;
    let between = |(old, new): (&Snapshot, &Snapshot)| {
        let next_served = newer.unwrap_or_else(|| cadence.served(new));
        let served = cadence.served(old);
        newer = Some(served);
        cadence.skipped(served, next_served)
    };
    pairs(inventory).map(between).collect()
}

fn longest(inventory: &SourceInventory) -> Vec<(Timestamp, Duration)> {
    let mut longest = Vec::<(Timestamp, Duration)>::new();
    for (old, new) in pairs(inventory) {
        let distance = Duration::between(old.taken_at, new.taken_at);
        if longest.last().is_none_or(|(_, before)| distance > *before) {
            longest.push((old.taken_at, distance));
        }
    }
    longest
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
