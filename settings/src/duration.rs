//! Durations as Prometheus writes them, so that the configuration and alerting rules agree.
//!
//! It must not read a clock.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::text::{spelled, split_digits};

/// A length of time, `1h30m`, in whole milliseconds and at most a hundred years.
///
/// Grammar: `[y][w][d][h][m][s][ms]`, each at most once and in this order; `1y` is 365 days and
/// `1w` is 7 (prometheus/common, `model.ParseDuration`). `0` needs no unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    milliseconds: u64,
}

/// Reason why a text is not a [`Duration`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DurationError {
    /// The text is empty.
    #[error("a duration is empty\nhint: Write for example 30m, 26h or 7d.")]
    Empty,
    /// A number stands without a unit.
    #[error(
        "\"{text}\" is not a duration: {number} has no unit\n\
         hint: Write {number}s, {number}m, {number}h or {number}d."
    )]
    NoUnit {
        /// The whole text, as written.
        text: String,
        /// The number without a unit.
        number: String,
    },
    /// A unit is not one of the seven, or a number is missing before it.
    #[error(
        "\"{text}\" is not a duration at \"{rest}\"\n\
         hint: Write whole numbers with y, w, d, h, m, s or ms and no spaces: 1h30m."
    )]
    Malformed {
        /// The whole text, as written.
        text: String,
        /// The end of the text, from the first part that cannot be read.
        rest: String,
    },
    /// A unit comes twice or after a smaller one.
    #[error(
        "\"{text}\" is not a duration: {unit} must come before {after}\n\
         hint: Write each unit once, the largest first: y, w, d, h, m, s, ms."
    )]
    Order {
        /// The whole text, as written.
        text: String,
        /// The unit out of place.
        unit: &'static str,
        /// The unit before it in the text.
        after: &'static str,
    },
    /// The sum is over a hundred years.
    #[error("\"{text}\" is longer than a hundred years")]
    TooLong {
        /// The whole text, as written.
        text: String,
    },
}

const MILLISECONDS: [(&str, u64); 7] = [
    ("y", 365 * DAY),
    ("w", 7 * DAY),
    ("d", DAY),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
const DAY: u64 = 86_400_000;
const LONGEST: u64 = 100 * 365 * DAY;

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self { milliseconds: 0 };

    /// A duration of `seconds`, capped at a hundred years.
    pub const fn from_secs(seconds: u64) -> Self {
        Self::from_millis(seconds.saturating_mul(1_000))
    }

    /// A duration of `minutes`, capped at a hundred years.
    pub const fn from_mins(minutes: u64) -> Self {
        Self::from_millis(minutes.saturating_mul(60_000))
    }

    /// A duration of `hours`, capped at a hundred years.
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_millis(hours.saturating_mul(3_600_000))
    }

    /// A duration of `days` of 24 hours, capped at a hundred years.
    pub const fn from_days(days: u64) -> Self {
        Self::from_millis(days.saturating_mul(DAY))
    }

    /// A duration of `milliseconds`, capped at a hundred years.
    pub const fn from_millis(milliseconds: u64) -> Self {
        let milliseconds = if milliseconds > LONGEST {
            LONGEST
        } else {
            milliseconds
        };
        Self { milliseconds }
    }

    /// Length in whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.milliseconds
    }

    /// Length in seconds with their fraction, as metrics want it.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a hundred years in ms is below 2^53"
    )]
    pub fn as_secs_f64(self) -> f64 {
        self.milliseconds as f64 / 1_000.0
    }

    /// The same length as a `std` duration, for waits and deadlines.
    pub const fn as_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.milliseconds)
    }

    /// The sum, capped at a hundred years.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self::from_millis(self.milliseconds.saturating_add(other.milliseconds))
    }

    /// The duration multiplied by `times`, capped at a hundred years.
    #[must_use]
    pub const fn saturating_mul(self, times: u64) -> Self {
        Self::from_millis(self.milliseconds.saturating_mul(times))
    }

    /// The difference; zero if `other` is longer.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self::from_millis(self.milliseconds.saturating_sub(other.milliseconds))
    }

    /// The time from one instant to another; zero if `until` is before `from`.
    pub fn between(from: jiff::Timestamp, until: jiff::Timestamp) -> Self {
        let length = until.duration_since(from).as_millis();
        Self::from_millis(u64::try_from(length.max(0)).unwrap_or(LONGEST))
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.as_std()
    }
}

impl From<Duration> for jiff::SignedDuration {
    fn from(duration: Duration) -> Self {
        let milliseconds = i64::try_from(duration.milliseconds);
        Self::from_millis(milliseconds.expect("invariant: a duration is at most a hundred years"))
    }
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Self {
        Self::from_millis(u64::try_from(duration.as_millis()).unwrap_or(LONGEST))
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let whole = || text.to_owned();
        match text {
            "" => return Err(DurationError::Empty),
            "0" => return Ok(Self::ZERO),
            _ => {}
        }
        let (mut rest, mut total, mut smallest) = (text, 0u64, None::<usize>);
        while !rest.is_empty() {
            let (number, tail) = split_digits(rest);
            let end = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, after) = tail.split_at(end);
            if !number.is_empty() && tail.is_empty() {
                return Err(DurationError::NoUnit {
                    text: whole(),
                    number: number.to_owned(),
                });
            }
            let rank = MILLISECONDS.iter().position(|(name, _)| *name == unit);
            let Some(rank) = rank.filter(|_| !number.is_empty()) else {
                return Err(DurationError::Malformed {
                    text: whole(),
                    rest: rest.to_owned(),
                });
            };
            if let Some(before) = smallest.filter(|before| *before >= rank) {
                let (unit, after) = (MILLISECONDS[rank].0, MILLISECONDS[before].0);
                return Err(DurationError::Order {
                    text: whole(),
                    unit,
                    after,
                });
            }
            let part = number.parse::<u64>().ok();
            total = part
                .and_then(|number| number.checked_mul(MILLISECONDS[rank].1))
                .and_then(|part| part.checked_add(total))
                .filter(|total| *total <= LONGEST)
                .ok_or_else(|| DurationError::TooLong { text: whole() })?;
            (rest, smallest) = (after, Some(rank));
        }
        Ok(Self {
            milliseconds: total,
        })
    }
}

impl fmt::Display for Duration {
    /// Writes as Prometheus does: years and weeks only where nothing is left over (`30d`, `1w`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.milliseconds == 0 {
            return f.write_str("0s");
        }
        let mut left = self.milliseconds;
        for (unit, length) in MILLISECONDS {
            let only_whole = matches!(unit, "y" | "w");
            if left < length || (only_whole && !left.is_multiple_of(length)) {
                continue;
            }
            write!(f, "{}{unit}", left / length)?;
            left %= length;
        }
        Ok(())
    }
}

spelled!(Duration, schema: {
    "type": ["string", "integer"],
    "description": "A duration as Prometheus writes it, for example 1h30m or 30d",
    "pattern": "^(0|([0-9]+(y|w|d|h|ms|m|s))+)$",
    "minimum": 0,
    "maximum": 0,
    "examples": ["90m", "26h", "30d"],
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        let said = match text.parse::<Duration>() {
            Ok(duration) => duration.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected, "for {text:?}");
    }

    #[test]
    fn durations_print_as_prometheus_prints_them() {
        for (text, expected) in [
            ("0", "0s"),
            ("0s", "0s"),
            ("90s", "1m30s"),
            ("1h30m", "1h30m"),
            ("26h", "1d2h"),
            ("7d", "1w"),
            ("8d", "8d"),
            ("30d", "30d"),
            ("365d", "1y"),
            ("52w", "52w"),
            ("1y2w3d4h5m6s7ms", "382d4h5m6s7ms"),
            ("1500ms", "1s500ms"),
            ("100y", "100y"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn a_wrong_duration_says_what_is_wrong() {
        let units = "hint: Write whole numbers with y, w, d, h, m, s or ms and no spaces: 1h30m.";
        let order = "hint: Write each unit once, the largest first: y, w, d, h, m, s, ms.";
        check(
            "",
            "a duration is empty\nhint: Write for example 30m, 26h or 7d.",
        );
        check(
            "90",
            "\"90\" is not a duration: 90 has no unit\nhint: Write 90s, 90m, 90h or 90d.",
        );
        check(
            "1h30",
            "\"1h30\" is not a duration: 30 has no unit\nhint: Write 30s, 30m, 30h or 30d.",
        );
        check(
            "1.5h",
            &format!("\"1.5h\" is not a duration at \"1.5h\"\n{units}"),
        );
        check(
            "1h 30m",
            &format!("\"1h 30m\" is not a duration at \" 30m\"\n{units}"),
        );
        check(
            "1M",
            &format!("\"1M\" is not a duration at \"1M\"\n{units}"),
        );
        check(
            "-1h",
            &format!("\"-1h\" is not a duration at \"-1h\"\n{units}"),
        );
        check("h", &format!("\"h\" is not a duration at \"h\"\n{units}"));
        check(
            "30m1h",
            &format!("\"30m1h\" is not a duration: h must come before m\n{order}"),
        );
        check(
            "1h1h",
            &format!("\"1h1h\" is not a duration: h must come before h\n{order}"),
        );
        check("101y", "\"101y\" is longer than a hundred years");
        check(
            "99999999999999999999s",
            "\"99999999999999999999s\" is longer than a hundred years",
        );
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(milliseconds in 0..=LONGEST) {
            let duration = Duration::from_millis(milliseconds);
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in ".{0,20}") {
            let _ = text.parse::<Duration>();
        }
    }
}
