//! `@every`, with a duration as Go writes it (`time.ParseDuration`) in whole seconds.

use jiff::Timestamp;

use super::error::ScheduleError;
use crate::Duration;
use crate::text::split_digits;

/// Go's units in nanoseconds. Go has no days and weeks, so neither has this table.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
const SECOND: u64 = 1_000_000_000;
const YEAR: u64 = 365 * 24 * 3_600;

/// Reads `1h30m` or `1.5h`. Fractions of a second are cut off, as robfig's `Every` does.
pub(super) fn parse(text: &str, interval: &str) -> Result<Duration, ScheduleError> {
    let malformed = || ScheduleError::Every {
        text: text.to_owned(),
    };
    let out_of_range = || ScheduleError::EveryRange {
        text: text.to_owned(),
    };
    let mut rest = interval.trim();
    let mut nanoseconds = 0u64;
    if rest.is_empty() {
        return Err(malformed());
    }
    while !rest.is_empty() {
        let (whole, tail) = split_digits(rest);
        let (fraction, tail) = tail.strip_prefix('.').map_or(("", tail), split_digits);
        let end = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = tail.split_at(end);
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        let Some((_, unit)) = unit.filter(|_| !whole.is_empty() && fraction.len() <= 9) else {
            return Err(malformed());
        };
        let number: u64 = whole.parse().map_err(|_| out_of_range())?;
        let billionths: u64 = format!("{fraction:0<9}").parse().map_err(|_| malformed())?;
        let part = u128::from(*unit) * u128::from(billionths) / u128::from(SECOND);
        nanoseconds = number
            .checked_mul(*unit)
            .and_then(|whole| whole.checked_add(u64::try_from(part).ok()?))
            .and_then(|sum| sum.checked_add(nanoseconds))
            .ok_or_else(out_of_range)?;
        rest = after;
    }
    match nanoseconds / SECOND {
        seconds @ 1..=YEAR => Ok(Duration::from_secs(seconds)),
        _ => Err(out_of_range()),
    }
}

/// One interval later, on the whole second (robfig, constantdelay.go).
pub(super) fn next(at: Timestamp, interval: Duration) -> Option<Timestamp> {
    let whole = Timestamp::from_second(at.as_second()).ok()?;
    whole.checked_add(interval.as_std()).ok()
}
