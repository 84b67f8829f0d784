//! The longest time between two neighboring slots, found without walking every slot.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::table::{DAY, Table};
use crate::Duration;

/// First day of the search. Weekdays, dates and leap years repeat every 28 years within a century.
const FIRST: Date = Date::constant(2025, 1, 1);
const LAST: Date = Date::constant(2053, 1, 1);

/// Returns the longest gap between two slots.
///
/// A gap without a change of offset is as long as the wall clock says. So it is looked up only if
/// the wall clock says that it is longer than the longest so far. A gap around a change of offset
/// is always looked up.
pub(super) fn longest(table: &Table, zone: &TimeZone) -> Duration {
    let minutes: Vec<i64> = table.minutes(DAY).collect();
    let within_day = minutes
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .max()
        .unwrap_or(0);
    let over_night = match (minutes.first(), minutes.last()) {
        (Some(first), Some(last)) => first - last,
        _ => 0,
    };
    let mut best = Duration::from_mins(within_day.unsigned_abs());
    for (before, after) in neighbors(table) {
        let days = i64::from(after.since(before).map_or(0, |span| span.get_days()));
        let wall = days * 24 * 60 + over_night;
        if Duration::from_mins(wall.unsigned_abs()) > best
            && let Some(midnight) = midnight(after, zone)
        {
            best = best.max(around(table, zone, midnight));
        }
    }
    let (Some(first), Some(last)) = (midnight(FIRST, zone), midnight(LAST, zone)) else {
        return best;
    };
    let changes = zone.following(first).map(|change| change.timestamp());
    changes
        .take_while(|change| *change < last)
        .map(|change| around(table, zone, change))
        .fold(best, Duration::max)
}

/// Pairs of matching dates with none between them.
fn neighbors(table: &Table) -> impl Iterator<Item = (Date, Date)> {
    let days = FIRST
        .series(jiff::ToSpan::days(1))
        .take_while(|date| *date < LAST);
    let mut before = None;
    days.filter(|date| table.matches(*date))
        .filter_map(move |date| before.replace(date).map(|before| (before, date)))
}

/// Time from the last slot before `at` to the first slot at or after `at`.
fn around(table: &Table, zone: &TimeZone, at: Timestamp) -> Duration {
    let just_before = at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(at);
    let (before, after) = (
        table.previous(just_before, zone),
        table.next(just_before, zone),
    );
    match (before, after) {
        (Some(before), Some(after)) => Duration::between(before, after),
        _ => Duration::ZERO,
    }
}

fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    date.to_zoned(zone.clone())
        .ok()
        .map(|midnight| midnight.timestamp())
}
