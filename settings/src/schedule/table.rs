//! The five fields as bit sets, and the search for the slots around an instant.
//!
//! Between two changes of the zone's offset, wall-clock time runs as steadily as UTC. So the search
//! is done in wall-clock time, one stretch of constant offset after the other. A wall-clock time
//! outside its stretch is no slot; a time that two stretches contain is two slots.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::field::Bits;

/// The wall-clock minutes that match a cron expression, one bit set per field.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) minute: u64,
    pub(super) hour: u64,
    pub(super) day_of_month: Bits,
    pub(super) month: u64,
    pub(super) day_of_week: Bits,
}

/// Days searched in either direction: nine years, since 29 February can be eight years away
/// (2096, 2104).
const HORIZON: i32 = 9 * 366;
const LAST_MINUTE: i64 = 24 * 60 - 1;
/// Every minute of a day.
pub(super) const DAY: RangeInclusive<i64> = 0..=LAST_MINUTE;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

impl Table {
    /// The earliest slot after `at`.
    pub(super) fn next(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let end = at
            .checked_add(SignedDuration::from_hours(24 * i64::from(HORIZON)))
            .ok()?;
        let mut from = floor(at)?.checked_add(MINUTE).ok()?;
        while from < end {
            let change = zone.following(from).next().map(|change| change.timestamp());
            let offset = zone.to_offset(from);
            let last = change.unwrap_or(end).min(end);
            let wall = self.first_from(wall(from, offset), self::wall(last, offset).date());
            match wall.and_then(|wall| offset.to_timestamp(wall).ok()) {
                Some(slot) if change.is_none_or(|change| slot < change) => return Some(slot),
                _ => from = ceiling(change?)?,
            }
        }
        None
    }

    /// The latest slot at or before `at`.
    pub(super) fn previous(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let end = at
            .checked_sub(SignedDuration::from_hours(24 * i64::from(HORIZON)))
            .ok()?;
        let mut from = floor(at)?;
        while from > end {
            let after = from.checked_add(SignedDuration::from_nanos(1)).ok()?;
            let change = zone
                .preceding(after)
                .next()
                .map(|change| change.timestamp());
            let offset = zone.to_offset(from);
            let first = change.unwrap_or(end).max(end);
            let wall = self.last_until(wall(from, offset), self::wall(first, offset).date());
            match wall.and_then(|wall| offset.to_timestamp(wall).ok()) {
                Some(slot) if change.is_none_or(|change| slot >= change) => return Some(slot),
                _ => from = floor(change?.checked_sub(SignedDuration::from_nanos(1)).ok()?)?,
            }
        }
        None
    }

    /// True if any date of the calendar matches.
    pub(super) fn ever_comes(&self) -> bool {
        let start = Date::constant(2024, 1, 1);
        start
            .series(jiff::ToSpan::days(1))
            .take(366)
            .any(|date| self.matches(date))
    }

    /// True if day and month of `date` match; `dayMatches` of robfig/cron v3.
    pub(super) fn matches(&self, date: Date) -> bool {
        let has = |bits: u64, value: i8| bits >> value & 1 == 1;
        let by_month = has(self.day_of_month.values, date.day());
        let by_week = has(
            self.day_of_week.values,
            date.weekday().to_sunday_zero_offset(),
        );
        has(self.month, date.month())
            && if self.day_of_month.star || self.day_of_week.star {
                by_month && by_week
            } else {
                by_month || by_week
            }
    }

    /// Matching minutes of a matching day, counted from midnight, in order.
    pub(super) fn minutes(
        &self,
        within: RangeInclusive<i64>,
    ) -> impl DoubleEndedIterator<Item = i64> {
        let matches = |minute: &i64| {
            self.hour >> (minute / 60) & 1 == 1 && self.minute >> (minute % 60) & 1 == 1
        };
        within.filter(matches)
    }

    fn first_from(&self, wall: DateTime, last: Date) -> Option<DateTime> {
        let now = minute_of(wall.time());
        let mut date = wall.date();
        if self.matches(date)
            && let Some(minute) = self.minutes(now..=LAST_MINUTE).next()
        {
            return Some(at_minute(date, minute));
        }
        while date < last {
            date = date.tomorrow().ok()?;
            if self.matches(date) {
                return self
                    .minutes(DAY)
                    .next()
                    .map(|minute| at_minute(date, minute));
            }
        }
        None
    }

    fn last_until(&self, wall: DateTime, first: Date) -> Option<DateTime> {
        let now = minute_of(wall.time());
        let mut date = wall.date();
        if self.matches(date)
            && let Some(minute) = self.minutes(0..=now).next_back()
        {
            return Some(at_minute(date, minute));
        }
        while date > first {
            date = date.yesterday().ok()?;
            if self.matches(date) {
                return self
                    .minutes(DAY)
                    .next_back()
                    .map(|minute| at_minute(date, minute));
            }
        }
        None
    }
}

fn wall(at: Timestamp, offset: Offset) -> DateTime {
    offset.to_datetime(at)
}

fn minute_of(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

fn at_minute(date: Date, minute: i64) -> DateTime {
    let part = |value: i64| i8::try_from(value).expect("invariant: a minute of one day");
    date.at(part(minute / 60), part(minute % 60), 0, 0)
}

/// The whole minute at or before `at`. Offsets of current zones are whole minutes, so a minute of
/// UTC is a minute of the wall clock.
fn floor(at: Timestamp) -> Option<Timestamp> {
    let nanoseconds = i128::from(60_000_000_000i64);
    let whole = at.as_nanosecond().div_euclid(nanoseconds) * nanoseconds;
    Timestamp::from_nanosecond(whole).ok()
}

fn ceiling(at: Timestamp) -> Option<Timestamp> {
    let down = floor(at)?;
    if down == at {
        Some(at)
    } else {
        down.checked_add(MINUTE).ok()
    }
}
