//! Forecast of when a repository will be full, from nothing but what lies in it now.
//!
//! Snapshots leave as retention says, and one more of the usual size comes in every usual interval.
//! So a series that has reached its retention stands still, apart from small old snapshots that
//! larger new ones replace. Growth of the snapshots to come is not guessed at.

use jiff::Timestamp;

use super::{Tier, concern::EXPIRY_DELAY, series::median};
use crate::{
    grouping::CURRENT,
    model::{Snapshot, SourceInventory},
};

/// Number of newest snapshots that say how large the next ones are, and how far apart.
const USUAL_MAX: usize = 30;

/// Time that is looked ahead where nothing ever leaves, in milliseconds: longer than any disk
/// lasts.
const AHEAD_MAX: i64 = 10 * 366 * 24 * 60 * 60 * 1000;

/// Largest number of snapshots to come that are reckoned with one by one; more are taken together.
const ARRIVALS_MAX: i64 = 20_000;

/// One source of a repository.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Inventory of the last whole survey.
    pub inventory: &'a SourceInventory,
    /// Promised tiers of retention, youngest first.
    pub retention: &'a [Tier],
}

/// A time in milliseconds, and the bytes that come (or go, if negative) then.
type Change = (i64, i128);

/// Returns the first moment at which no byte is left. `None` if it never comes within ten years, or
/// if nobody can know: a source promises no retention, or has a single snapshot yet.
///
/// `stored_bytes` is all that lies there now, whosever it is.
pub fn full_at(
    capacity_bytes: u64,
    stored_bytes: u64,
    sources: &[Stored<'_>],
    now: Timestamp,
) -> Option<Timestamp> {
    if stored_bytes >= capacity_bytes {
        return Some(now);
    }
    let mut changes = Vec::new();
    for source in sources {
        source.changes(now.as_millisecond(), &mut changes)?;
    }
    // What leaves makes room for what comes at the same time.
    changes.sort_unstable();
    let mut bytes = i128::from(stored_bytes);
    let full = changes.into_iter().find(|(_, change)| {
        bytes += change;
        bytes >= i128::from(capacity_bytes)
    });
    Timestamp::from_millisecond(full?.0).ok()
}

impl Stored<'_> {
    /// Adds to `changes` what comes and goes from now on; `None` if nobody can know.
    fn changes(&self, now: i64, changes: &mut Vec<Change>) -> Option<()> {
        let complete = || self.inventory.complete();
        let Some(newest) = complete().next() else {
            return Some(());
        };
        if newest.id.0 == CURRENT {
            return Some(());
        }
        let interval = interval(complete())?;
        let size = median(complete().take(USUAL_MAX).map(Snapshot::size_bytes))?;
        let oldest = complete().map(|it| it.taken_at.as_millisecond()).min()?;
        let tiers = Tiers::new(self.retention, interval);
        let slack = interval.saturating_add(millis(EXPIRY_DELAY.as_std()));
        // Old snapshots are not removed as promised.
        let piles_up = now - oldest > tiers.keep()?.saturating_add(slack);
        let ahead = if piles_up { AHEAD_MAX } else { tiers.keep()? };
        let until = now.saturating_add(ahead);
        let begun = changes.len();
        if !piles_up {
            for snapshot in complete() {
                let taken_at = snapshot.taken_at.as_millisecond();
                tiers.thinned(taken_at, snapshot.size_bytes(), now, changes);
            }
        }
        let step = interval.max(ahead / ARRIVALS_MAX);
        let bytes = i128::from(size) * i128::from(step) / i128::from(interval);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let mut at = newest.taken_at.as_millisecond().max(now - step) + step;
        while at <= until {
            changes.push((at, bytes.into()));
            if !piles_up {
                tiers.thinned(at, bytes, at, changes);
            }
            at += step;
        }
        // After `until` as much leaves as comes.
        let mut index = 0;
        changes.retain(|(at, _)| {
            index += 1;
            index <= begun || *at <= until
        });
        Some(())
    }
}

/// Tiers as pairs: the age up to which snapshots are kept, and how far apart. In milliseconds,
/// youngest first.
struct Tiers(Vec<(i64, i64)>);

impl Tiers {
    fn new(retention: &[Tier], interval: i64) -> Self {
        let tier = |tier: &Tier| {
            let every = tier.every.map_or(interval, |every| millis(every.as_std()));
            (millis(tier.keep.as_std()), every.max(interval))
        };
        Self(retention.iter().map(tier).collect())
    }

    fn keep(&self) -> Option<i64> {
        self.0.last().map(|(keep, _)| *keep)
    }

    /// Adds to `changes` how a snapshot leaves: at the end of each tier, the share of its bytes
    /// that the next tier does not keep.
    fn thinned(&self, taken_at: i64, bytes: u64, now: i64, changes: &mut Vec<Change>) {
        let ahead = |(keep, _): &&(i64, i64)| taken_at.saturating_add(*keep) > now;
        let mut tiers: Vec<_> = self.0.iter().filter(ahead).collect();
        // The snapshot should have left already.
        if tiers.is_empty() {
            tiers.extend(self.0.last());
        }
        let Some((_, first)) = tiers.first() else {
            return;
        };
        let share = |spacing: i64| i128::from(bytes) * i128::from(*first) / i128::from(spacing);
        for (index, (keep, spacing)) in tiers.iter().enumerate() {
            let next = tiers.get(index + 1).map_or(0, |(_, next)| share(*next));
            let at = taken_at.saturating_add(*keep).max(now);
            changes.push((at, next - share(*spacing)));
        }
    }
}

/// Median distance of neighbors in milliseconds; `None` for a single snapshot, or if it is zero.
fn interval<'a>(newest_first: impl Iterator<Item = &'a Snapshot>) -> Option<i64> {
    let taken_at = newest_first.take(USUAL_MAX + 1).map(|it| it.taken_at);
    let taken_at: Vec<i64> = taken_at.map(Timestamp::as_millisecond).collect();
    let distances = taken_at.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    let median = i64::try_from(median(distances)?).ok()?;
    (median > 0).then_some(median)
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
