//! A time as it is typed at 3 a.m.: RFC 3339, or a part of it, in UTC unless it says otherwise.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use settings::Duration;

/// Shapes without an offset, read as UTC.
const SHAPES: [&str; 4] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
];

/// A time since when something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Since this time.
    At(Timestamp),
    /// Since so long ago.
    Ago(Duration),
}

impl Since {
    /// Returns the time that is meant at `now`.
    pub fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub(ago.as_std()).unwrap_or(Timestamp::MIN),
        }
    }
}

/// Reads a time, or a length of time before now.
pub(super) fn since(text: &str) -> Result<Since, String> {
    if let Ok(ago) = text.trim().parse() {
        return Ok(Since::Ago(ago));
    }
    let at = moment(text).map_err(|why| format!("{why}, or how long ago: 30d"))?;
    Ok(Since::At(at))
}

/// Reads a time; a date alone is its first moment.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let dates = Date::strptime("%Y-%m-%d", text).map(DateTime::from);
    let times = SHAPES.iter().map(|shape| DateTime::strptime(shape, text));
    let civil = std::iter::once(dates).chain(times).find_map(Result::ok);
    let at = civil.and_then(|civil| TimeZone::UTC.to_timestamp(civil).ok());
    at.ok_or_else(|| {
        "a time is written as 2026-11-22, 2026-11-22 14:00 (UTC) or 2026-11-22T14:00:00+01:00"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(
            moment(text).map(|at| at.to_string()),
            Ok(expected.to_owned()),
            "{text}"
        );
    }

    #[test]
    fn a_time_may_be_typed_in_parts() {
        check("2026-11-22T14:00:00Z", "2026-11-22T14:00:00Z");
        check("2026-11-22T14:00:00+01:00", "2026-11-22T13:00:00Z");
        check("2026-11-22 14:00:00.5Z", "2026-11-22T14:00:00.5Z");
        check("2026-11-22", "2026-11-22T00:00:00Z");
        check("2026-11-22 14:00", "2026-11-22T14:00:00Z");
        check("2026-11-22T14:00", "2026-11-22T14:00:00Z");
        check("2026-11-22 14:00:07", "2026-11-22T14:00:07Z");
    }

    #[test]
    fn a_time_may_be_so_long_ago() {
        let now = "2026-11-22T14:00:00Z".parse().unwrap();
        let check = |text: &str, expected: &str| {
            let found = since(text).map(|it| it.time(now).to_string());
            assert_eq!(found, Ok(expected.to_owned()), "{text}");
        };
        check("30d", "2026-10-23T14:00:00Z");
        check("1h30m", "2026-11-22T12:30:00Z");
        check("2026-11-01", "2026-11-01T00:00:00Z");
        check("2026-11-01T00:00:00+01:00", "2026-10-31T23:00:00Z");
        assert!(since("yesterday").unwrap_err().contains("30d"));
    }

    #[test]
    fn what_is_no_time_is_told_how_one_is_written() {
        for text in [
            "",
            "now",
            "14:00",
            "22.11.2026",
            "2026-13-01",
            "2026-11-22 25:00",
            "2h",
        ] {
            let said = moment(text).unwrap_err();
            assert!(said.contains("2026-11-22 14:00 (UTC)"), "{text}: {said}");
        }
    }
}
