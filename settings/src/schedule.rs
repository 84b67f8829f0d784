//! Schedules, which say when something is due: cron as Kubernetes reads it, in a time zone.
//!
//! It must not read a clock, and must not be cleverer than the controller that really starts the
//! jobs: where Kubernetes skips or repeats a run, so does this.

mod error;
mod every;
mod field;
mod gap;
mod parse;
mod table;

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

pub use self::error::{Field, FieldFault, ScheduleError};
use self::table::Table;
use crate::Duration;

/// The slots at which a source is expected to begin a snapshot.
///
/// A slot of a cron expression is every instant whose wall-clock time in the time zone matches,
/// as `SpecSchedule.Next` of robfig/cron v3 (the library of Kubernetes and Velero) finds them:
/// - a time skipped in spring has no slot on that day (`30 2 * * *` in Berlin);
/// - a time repeated in autumn has two slots;
/// - day of month and day of week are alternatives, unless one of them is `*`, `?` or `*/1`.
///
/// Held against that library in 20,000 random cases without a difference. Where a zone changes its
/// clocks at midnight or by half an hour, the library misplaces some slots around the change; this
/// type does not.
///
/// `@every 1h30m` has no slots of its own: Kubernetes counts the interval from the last run, so
/// here it is counted from the last arrival. [`Schedule::next`] takes that arrival.
///
/// ```
/// use jiff::{Timestamp, tz::TimeZone};
/// use settings::Schedule;
///
/// let daily = Schedule::parse("30 2 * * *", &TimeZone::get("Europe/Berlin")?)?;
/// let evening: Timestamp = "2026-03-28T20:00:00Z".parse()?;
/// // 02:30 is skipped on the 29th, when summer time begins: the next slot is on the 30th.
/// assert_eq!(daily.next(evening), Some("2026-03-30T00:30:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    Table { table: Box<Table>, zone: TimeZone },
    Every(Duration),
}

/// A count of slots since an arrival, which [`Schedule::count_on`] brings up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    from: Timestamp,
    /// The last slot that was counted, or the arrival.
    last: Timestamp,
    /// The slot after it, once it was looked for: finding one costs more than comparing it.
    next: Option<Timestamp>,
    slots: usize,
}

impl Tally {
    /// A count of no slots, which begins at `arrival`.
    pub const fn since(arrival: Timestamp) -> Self {
        Self {
            from: arrival,
            last: arrival,
            next: None,
            slots: 0,
        }
    }

    /// The arrival after which slots are counted.
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// Number of slots counted, at most 100,000.
    pub const fn slots(&self) -> usize {
        self.slots
    }
}

/// Most slots that are listed or counted at once (69 days of a slot every minute).
const SLOTS_MAX: usize = 100_000;

impl Schedule {
    /// Reads five fields, a descriptor (`@daily`) or `@every` with a Go duration. A leading
    /// `TZ=` or `CRON_TZ=` wins over `zone`. Errs if the text is none of these, names an unknown
    /// zone, or has no slot that ever comes.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, ScheduleError> {
        let rule = parse::rule(text, zone)?;
        Ok(Self {
            text: text.to_owned(),
            rule,
        })
    }

    /// The text of the schedule, as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The interval of an `@every` schedule, which has no slots without a last arrival; `None` for
    /// a cron expression.
    pub fn interval(&self) -> Option<Duration> {
        match self.rule {
            Rule::Table { .. } => None,
            Rule::Every(interval) => Some(interval),
        }
    }

    /// The latest slot at or before `at`; `None` for `@every`, or without a slot in nine years.
    pub fn previous(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.rule {
            Rule::Table { table, zone } => table.previous(at, zone),
            Rule::Every(_) => None,
        }
    }

    /// The earliest slot after `at`; `None` without a slot in nine years. For `@every`, one
    /// interval after `at`, which should be the last arrival.
    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.rule {
            Rule::Table { table, zone } => table.next(at, zone),
            Rule::Every(interval) => every::next(at, *interval),
        }
    }

    /// True if `slot` is the second of two with one wall-clock time: the end of summer time repeats
    /// an hour. Never for `@every`.
    pub fn repeats(&self, slot: Timestamp) -> bool {
        let Rule::Table { zone, .. } = &self.rule else {
            return false;
        };
        let local = slot.to_zoned(zone.clone());
        let known = zone.to_ambiguous_timestamp(local.datetime());
        matches!(known.offset(), AmbiguousOffset::Fold { after, .. } if after == local.offset())
    }

    /// The slots after `from`, up to and including `until`, at most 100,000.
    pub fn slots(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(self.next(from), |slot| self.next(*slot))
            .take_while(move |slot| *slot <= until)
            .take(SLOTS_MAX)
    }

    /// Brings `tally` up to `now`: it counts the slots that are past by more than `grace`, at most
    /// 100,000. Only slots after the last counted one are looked for; if that slot is not past
    /// enough (`now` went back), the count is made anew.
    pub fn count_on(&self, tally: &mut Tally, now: Timestamp, grace: Duration) {
        let until = now.checked_sub(grace.as_std()).ok();
        let until = until.and_then(|it| it.checked_sub(std::time::Duration::from_nanos(1)).ok());
        let until = until.unwrap_or(Timestamp::MIN);
        if until < tally.last {
            *tally = Tally::since(tally.from);
        }
        while tally.slots < SLOTS_MAX {
            let next = tally.next.or_else(|| self.next(tally.last));
            match next {
                Some(slot) if slot <= until => {
                    tally.slots += 1;
                    tally.last = slot;
                    tally.next = None;
                }
                _ => {
                    tally.next = next;
                    break;
                }
            }
        }
    }

    /// The longest time from one slot to the next, DST changes included: `0 2 * * 1-5` has 72 h
    /// in UTC and 73 h in Berlin, where one weekend a year is an hour longer.
    ///
    /// Looked for in the 28 years from 2025 in which the Gregorian calendar repeats.
    pub fn longest_gap(&self) -> Duration {
        match &self.rule {
            Rule::Table { table, zone } => gap::longest(table, zone),
            Rule::Every(interval) => *interval,
        }
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        let zone = |schedule: &Self| match &schedule.rule {
            Rule::Table { zone, .. } => Some(zone.clone()),
            Rule::Every(_) => None,
        };
        self.text == other.text && zone(self) == zone(other)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
