//! Units of values, as Grafana calls them.

/// The unit of a value. Every panel and every column of figures has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Words that stand for numbers: a value mapping says which.
    Words,
    /// A time in seconds, on an axis.
    Seconds,
    /// A time in seconds, spelled out: `1 day, 2 hours`.
    Length,
    /// A moment in milliseconds since 1970, told as `2 hours ago` or `in 3 days`.
    Moment,
    /// Bytes, in powers of 1024.
    Bytes,
    /// A part of a whole: 1 is 100 %.
    Ratio,
    /// Events per second.
    PerSecond,
    /// Money a month, in the currency of the price that the reader enters.
    Cost,
}

impl Unit {
    /// The identifier of the unit in Grafana's list.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Count => "short",
            Self::Words => "none",
            Self::Seconds => "s",
            Self::Length => "dtdurations",
            Self::Moment => "dateTimeFromNow",
            Self::Bytes => "bytes",
            Self::Ratio => "percentunit",
            Self::PerSecond => "ops",
            Self::Cost => "suffix: / month",
        }
    }
}
