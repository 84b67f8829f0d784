//! Forecast of the recovery time, from what past verifications took. Pure.
//!
//! | the newest measurements, all of one way of feeding | the forecast is |
//! |---|---|
//! | are of three sizes, or five runs are of two | a line: a fixed time and a time for each byte |
//! | are fewer or more alike | the median of the newest five, scaled up in proportion to the size |
//! | there is none | absent |
//!
//! The line is that of Theil and Sen: its slope is the median of the slopes between all pairs, so
//! that an odd run hardly moves it. Larger snapshots never take shorter, and never longer than in
//! proportion: no part of a recovery takes less than no time.

use std::{collections::BTreeSet, time};

use jiff::Timestamp;
use settings::Duration;

use crate::{
    ledger::Measurement,
    model::{Snapshot, SourceInventory},
};

/// Number of the newest measurements that a line is drawn through.
const MEASURED_MAX: usize = 30;

/// Number of the newest measurements of which the median is taken where no line is drawn.
const MEDIAN_OF: usize = 5;

/// Age of the oldest snapshot that says how the sizes grow now, before the newest one.
const GROWTH_WINDOW: time::Duration = time::Duration::from_hours(90 * 24);

/// Most snapshots that say how the sizes grow; of more, some are passed over evenly.
const GROWTH_MAX: usize = 60;

/// Fewest snapshots that say how the sizes grow.
const GROWTH_MIN: usize = 5;

/// How far ahead a break of the objective is told: ten years.
const AHEAD_MAX: time::Duration = time::Duration::from_hours(10 * 366 * 24);

/// Parts of one unit of a slope: slopes are whole numbers of such parts, for figures of this
/// program must not depend on how a machine rounds.
const PARTS: i128 = 1 << 40;

/// The expected recovery times of one source, by the size of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Forecast {
    /// Milliseconds at any size, and those for each byte in [`PARTS`].
    Line { base: i128, rate: i128 },
    /// Measurements of alike sizes.
    Median(Vec<Measurement>),
}

impl Forecast {
    /// Makes the forecast of measurements of one way of feeding, the newest first; `None` without
    /// any.
    pub(super) fn new(newest_first: impl Iterator<Item = Measurement>) -> Option<Self> {
        let mut measured: Vec<_> = newest_first.take(MEASURED_MAX).collect();
        let sizes: BTreeSet<u64> = measured.iter().map(|it| it.size_bytes).collect();
        let is_line = sizes.len() >= 3 || (sizes.len() == 2 && measured.len() >= MEDIAN_OF);
        if is_line {
            return Self::line(&measured);
        }
        measured.truncate(MEDIAN_OF);
        (!measured.is_empty()).then_some(Self::Median(measured))
    }

    /// Draws the line; `None` if all sizes are equal.
    fn line(measured: &[Measurement]) -> Option<Self> {
        let point = |it: &Measurement| (i128::from(it.size_bytes), i128::from(it.milliseconds));
        let points: Vec<_> = measured.iter().map(point).collect();
        let in_proportion = |(size, took): &(i128, i128)| took * PARTS / (*size).max(1);
        let proportion = median(points.iter().map(in_proportion).collect())?;
        let rate = slope(&points)?.clamp(0, proportion);
        let base = points.iter().map(|(size, took)| took - at(rate, *size));
        let base = median(base.collect())?.max(0);
        Some(Self::Line { base, rate })
    }

    /// Returns how long the recovery of a snapshot of this size in bytes takes, with all that it
    /// continues.
    pub(super) fn of(&self, size_bytes: u64) -> time::Duration {
        let milliseconds = match self {
            Self::Line { base, rate } => base.saturating_add(at(*rate, size_bytes.into())),
            Self::Median(measured) => {
                let scaled = measured.iter().map(|it| scaled(*it, size_bytes).into());
                median(scaled.collect()).unwrap_or_default()
            }
        };
        time::Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
    }

    /// Returns when the recovery takes longer than promised, if full backups go on growing as they
    /// do now. `None` if it never does.
    pub(super) fn breaks(
        &self,
        promised: Duration,
        inventory: &SourceInventory,
    ) -> Option<Overrun> {
        let newest = inventory.whole().next()?;
        let (size, taken_at) = (newest.lineage_bytes(), newest.taken_at.as_millisecond());
        let breaks = |size: u64| self.of(size) > promised.as_std();
        if breaks(size) {
            return Some(Overrun::Already(newest.taken_at));
        }
        let growth = growth(inventory).filter(|growth| *growth > 0)?;
        let later = |milliseconds: i64| {
            let grown = i128::from(size).saturating_add(at(growth, milliseconds.into()));
            breaks(u64::try_from(grown).unwrap_or(u64::MAX))
        };
        let mut far = Timestamp::MAX.as_millisecond() - taken_at;
        let mut near = 0;
        if far <= 0 || !later(far) {
            return None;
        }
        // It holds at `near` and is broken at `far`.
        while far - near > 1 {
            let middle = near + (far - near) / 2;
            if later(middle) {
                far = middle;
            } else {
                near = middle;
            }
        }
        let at = Timestamp::from_millisecond(taken_at.checked_add(far)?);
        at.ok().map(Overrun::Expected)
    }
}

/// When a recovery takes longer than promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overrun {
    /// It does already; this is the recovery point of the newest full backup.
    Already(Timestamp),
    /// It is expected to from then on.
    Expected(Timestamp),
}

impl Overrun {
    /// Returns the time as it is told at `now`; `None` if that is more than ten years away.
    pub(super) fn told(self, now: Timestamp) -> Option<Timestamp> {
        let ahead = i64::try_from(AHEAD_MAX.as_millis()).unwrap_or(i64::MAX);
        let horizon = now.as_millisecond().saturating_add(ahead);
        match self {
            Self::Already(at) => Some(at),
            Self::Expected(at) => (at.as_millisecond() <= horizon).then_some(at),
        }
    }
}

/// Returns by how many [`PARTS`] of a byte full backups grow in a millisecond; `None` if there are
/// too few.
fn growth(inventory: &SourceInventory) -> Option<i128> {
    let newest = inventory.whole().next()?.taken_at;
    let young = |it: &&Snapshot| {
        let before = time::Duration::try_from(newest.duration_since(it.taken_at));
        before.is_ok_and(|before| before <= GROWTH_WINDOW)
    };
    let point = |it: &Snapshot| {
        let taken_at = i128::from(it.taken_at.as_millisecond());
        (taken_at, i128::from(it.lineage_bytes()))
    };
    let points: Vec<_> = inventory.whole().filter(young).map(point).collect();
    if points.len() < GROWTH_MIN {
        return None;
    }
    let step = points.len().div_ceil(GROWTH_MAX);
    slope(&points.into_iter().step_by(step).collect::<Vec<_>>())
}

/// Returns the median of the slopes between all pairs of points, in [`PARTS`]; `None` if no pair
/// has two different places.
fn slope(points: &[(i128, i128)]) -> Option<i128> {
    let mut slopes = Vec::new();
    for (index, (x, y)) in points.iter().enumerate() {
        for (other_x, other_y) in &points[index + 1..] {
            if x != other_x {
                slopes.push((y - other_y) * PARTS / (x - other_x));
            }
        }
    }
    median(slopes)
}

/// Returns what a slope comes to at this distance, in whole units.
fn at(slope: i128, distance: i128) -> i128 {
    slope.saturating_mul(distance) / PARTS
}

/// Median; of an even number of values the greater of the two in the middle.
fn median(mut values: Vec<i128>) -> Option<i128> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// Scales a measurement up in proportion to the size. Never down: part of it is the server's own
/// start.
fn scaled(measured: Measurement, size_bytes: u64) -> u64 {
    let Measurement {
        size_bytes: of,
        milliseconds,
    } = measured;
    if size_bytes <= of || of == 0 {
        return milliseconds;
    }
    let scaled = u128::from(milliseconds) * u128::from(size_bytes) / u128::from(of);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}
