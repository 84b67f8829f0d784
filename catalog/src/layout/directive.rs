//! The closed set of time directives, what each accepts, and the moment they mean together.
//!
//! Letters are those of `strftime` (POSIX.1-2017) with the padding it prints; nothing else is read.

use std::fmt::Write as _;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
    tz::{Offset, TimeZone},
};

use super::Named;

/// One time directive of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Directive {
    /// `%Y`
    Year,
    /// `%y`: 69–99 are 19xx, 00–68 are 20xx (POSIX).
    ShortYear,
    /// `%m`
    Month,
    /// `%b`: English.
    MonthName,
    /// `%d`
    Day,
    /// `%j`
    DayOfYear,
    /// `%H`
    Hour,
    /// `%M`
    Minute,
    /// `%S`
    Second,
    /// `%s`
    Epoch,
    /// `%z`
    Offset,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Digits of an epoch: 11 reach the year 5138.
const EPOCH_DIGITS_MAX: usize = 11;

impl Directive {
    /// Every directive, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Year,
        Self::ShortYear,
        Self::Month,
        Self::MonthName,
        Self::Day,
        Self::DayOfYear,
        Self::Hour,
        Self::Minute,
        Self::Second,
        Self::Epoch,
        Self::Offset,
    ];

    /// The letter behind `%`.
    pub const fn letter(self) -> char {
        match self {
            Self::Year => 'Y',
            Self::ShortYear => 'y',
            Self::Month => 'm',
            Self::MonthName => 'b',
            Self::Day => 'd',
            Self::DayOfYear => 'j',
            Self::Hour => 'H',
            Self::Minute => 'M',
            Self::Second => 'S',
            Self::Epoch => 's',
            Self::Offset => 'z',
        }
    }

    /// Meaning of the directive, for documents and hints.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Year => "year, 2026",
            Self::ShortYear => "year, 26",
            Self::Month => "month, 01-12",
            Self::MonthName => "month, Jan-Dec",
            Self::Day => "day, 01-31",
            Self::DayOfYear => "day of the year, 001-366",
            Self::Hour => "hour, 00-23",
            Self::Minute => "minute, 00-59",
            Self::Second => "second, 00-59",
            Self::Epoch => "seconds since 1970",
            Self::Offset => "offset, +0100",
        }
    }

    /// Reads the value at the beginning of `text`, and the number of bytes it takes.
    pub(super) fn take(self, text: &str) -> Option<(i64, usize)> {
        match self {
            Self::Year => digits(text, 4, 0, 9999),
            Self::ShortYear => {
                let (year, length) = digits(text, 2, 0, 99)?;
                Some((year + if year < 69 { 2000 } else { 1900 }, length))
            }
            Self::Month => digits(text, 2, 1, 12),
            Self::MonthName => {
                let at = MONTHS.iter().position(|month| text.starts_with(month))?;
                Some((i64::try_from(at).ok()? + 1, 3))
            }
            Self::Day => digits(text, 2, 1, 31),
            Self::DayOfYear => digits(text, 3, 1, 366),
            Self::Hour => digits(text, 2, 0, 23),
            Self::Minute | Self::Second => digits(text, 2, 0, 59),
            Self::Epoch => {
                let length = text.bytes().take_while(u8::is_ascii_digit).count();
                let plain = length == 1 || length <= EPOCH_DIGITS_MAX && !text.starts_with('0');
                plain.then(|| digits(text, length, 0, i64::MAX)).flatten()
            }
            Self::Offset => {
                let sign = match text.as_bytes().first()? {
                    b'+' => 1,
                    b'-' => -1,
                    _ => return None,
                };
                let (hours, _) = digits(text.get(1..)?, 2, 0, 23)?;
                let (minutes, _) = digits(text.get(3..)?, 2, 0, 59)?;
                Some((sign * (hours * 3600 + minutes * 60), 5))
            }
        }
    }
}

fn digits(text: &str, length: usize, least: i64, most: i64) -> Option<(i64, usize)> {
    let digits = text.get(..length)?;
    let number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let value = number.then(|| digits.parse().ok()).flatten()?;
    (least..=most).contains(&value).then_some((value, length))
}

/// Values that the directives of a path matched in one key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fields {
    values: [Option<i64>; Directive::ALL.len()],
}

impl Fields {
    /// Notes a value. False if the same directive has another value elsewhere in the key.
    pub(super) fn set(&mut self, directive: Directive, value: i64) -> bool {
        *self.values[directive as usize].get_or_insert(value) == value
    }

    fn get(&self, directive: Directive) -> Option<i64> {
        self.values[directive as usize]
    }

    fn small<T: TryFrom<i64>>(&self, directive: Directive) -> Option<T> {
        T::try_from(self.get(directive)?).ok()
    }

    /// Returns the moment; `None` for one that does not exist, such as February 30.
    pub(super) fn resolve(&self, zone: &TimeZone) -> Option<Named> {
        if let Some(epoch) = self.get(Directive::Epoch) {
            let at = Timestamp::from_second(epoch).ok()?;
            return Some(Named {
                at,
                id: epoch.to_string(),
            });
        }
        let date = self.date()?;
        let part = |directive| self.small(directive).unwrap_or(0);
        let [hour, minute, second] =
            [Directive::Hour, Directive::Minute, Directive::Second].map(part);
        let local = date.to_datetime(Time::new(hour, minute, second, 0).ok()?);
        let at = match self.small(Directive::Offset) {
            Some(seconds) => Offset::from_seconds(seconds)
                .ok()?
                .to_timestamp(local)
                .ok()?,
            None => zone.to_timestamp(local).ok()?,
        };
        Some(Named {
            at,
            id: self.id(date),
        })
    }

    fn date(&self) -> Option<Date> {
        let year = self
            .small(Directive::Year)
            .or_else(|| self.small(Directive::ShortYear))?;
        if let Some(day) = self.get(Directive::DayOfYear) {
            let date = Date::new(year, 1, 1)
                .ok()?
                .checked_add((day - 1).days())
                .ok()?;
            return (date.year() == year).then_some(date);
        }
        let month = self
            .small(Directive::Month)
            .or_else(|| self.small(Directive::MonthName));
        Date::new(
            year,
            month.unwrap_or(1),
            self.small(Directive::Day).unwrap_or(1),
        )
        .ok()
    }

    /// Returns the parts of the moment that were named, in one spelling: equal times of two layouts
    /// have equal ids.
    fn id(&self, date: Date) -> String {
        let mut id = format!("{:04}", date.year());
        let has = |directive| self.get(directive).is_some();
        if has(Directive::Month) || has(Directive::MonthName) || has(Directive::DayOfYear) {
            let _ = write!(id, "{:02}", date.month());
        }
        if has(Directive::Day) || has(Directive::DayOfYear) {
            let _ = write!(id, "{:02}", date.day());
        }
        let clock = [Directive::Hour, Directive::Minute, Directive::Second];
        for (value, mark) in clock
            .into_iter()
            .map_while(|part| self.get(part))
            .zip(["-", "", ""])
        {
            let _ = write!(id, "{mark}{value:02}");
        }
        if let Some(seconds) = self.get(Directive::Offset) {
            let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
            let _ = write!(id, "{sign}{:02}{:02}", seconds / 3600, seconds % 3600 / 60);
        }
        id
    }
}
