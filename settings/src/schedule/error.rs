//! Errors of a text that is not a schedule; they name the field at fault.

use std::fmt;

use thiserror::Error;

/// One of the five fields of a cron expression, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// 0–59.
    Minute,
    /// 0–23.
    Hour,
    /// 1–31.
    DayOfMonth,
    /// 1–12 or JAN–DEC.
    Month,
    /// 0–6 or SUN–SAT.
    DayOfWeek,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}

/// Reason why a field of a cron expression cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FieldFault {
    /// A field of commas only.
    #[error("is empty")]
    Empty,
    /// Neither a number nor a name of this field.
    #[error("\"{0}\" is not a number")]
    NotANumber(String),
    /// A number below the smallest value of the field, and that value.
    #[error("{0} is under {1}")]
    Under(u32, u32),
    /// A number above the largest value of the field, and that value.
    #[error("{0} is over {1}")]
    Over(u32, u32),
    /// 7 for Sunday, as other crons have it.
    #[error("7 is over 6\nhint: Kubernetes counts Sunday as 0; write 0 or SUN.")]
    Sunday,
    /// A range whose first value is above its last.
    #[error("range {0}-{1} runs backwards")]
    Backwards(u32, u32),
    /// A step of zero.
    #[error("has a step of 0")]
    ZeroStep,
    /// A range with several hyphens or slashes.
    #[error(
        "\"{0}\" is not a range\n\
         hint: Write for example 5, 1-5, */15 or 9-17/2, separated by commas."
    )]
    NotARange(String),
    /// `L`, `W` or `#`, which Quartz and other crons know.
    #[error(
        "\"{0}\" uses L, W or #\n\
         hint: Kubernetes does not know them; write plain numbers, names, ranges and steps."
    )]
    Extension(String),
}

/// Reason why a text is not a [`Schedule`](super::Schedule).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// No expression is written.
    #[error("a schedule is empty\nhint: Write five fields such as \"0 2 * * *\", or @daily.")]
    Empty,
    /// More or fewer than five fields.
    #[error(
        "\"{text}\" is not a cron expression: 5 fields expected, {found} found\n\
         hint: {}", fields_hint(*.found))]
    Fields {
        /// The whole text, as written.
        text: String,
        /// Number of fields in the text.
        found: usize,
    },
    /// A field that cannot be read.
    #[error("\"{text}\" is not a cron expression: {field} {fault}")]
    Field {
        /// The whole text, as written.
        text: String,
        /// The field at fault.
        field: Field,
        /// Reason why that field cannot be read.
        fault: FieldFault,
    },
    /// A date that no year has.
    #[error("\"{text}\" never comes: no month in it has such a day")]
    Never {
        /// The whole text, as written.
        text: String,
    },
    /// An `@word` that robfig/cron does not know.
    #[error(
        "\"{text}\" is not a known descriptor\n\
         hint: Write @hourly, @daily, @weekly, @monthly, @yearly or @every 1h30m."
    )]
    Descriptor {
        /// The whole text, as written.
        text: String,
    },
    /// `@every` without a duration as Go writes them.
    #[error(
        "\"{text}\" is not an interval\n\
         hint: Write for example @every 1h30m; the units are h, m, s and ms, a day is 24h."
    )]
    Every {
        /// The whole text, as written.
        text: String,
    },
    /// `@every` with less than a second or more than a year.
    #[error("\"{text}\" is not between one second and one year")]
    EveryRange {
        /// The whole text, as written.
        text: String,
    },
    /// A zone the time zone database does not hold.
    #[error(
        "\"{zone}\" is not a time zone\n\
         hint: Write a name of the IANA database such as UTC or Europe/Berlin."
    )]
    TimeZone {
        /// The name that was written.
        zone: String,
    },
}

fn fields_hint(found: usize) -> &'static str {
    if found == 6 {
        "Kubernetes has no field for seconds; leave the first one out."
    } else {
        "Write minute, hour, day of month, month and day of week, for example \"0 2 * * *\"."
    }
}
