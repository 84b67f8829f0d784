//! One cron field as a set of bits, read exactly as robfig/cron v3 reads it (parser.go).

use super::error::{Field, FieldFault};

/// The values of a field that match, bit n for value n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) values: u64,
    /// True if the field restricts nothing: `*`, `?` or `*/1` is part of it (robfig's `starBit`).
    pub(super) star: bool,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Field {
    pub(super) fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 6),
        }
    }

    fn names(self) -> (&'static [&'static str], u32) {
        match self {
            Self::Month => (&MONTHS, 1),
            Self::DayOfWeek => (&WEEKDAYS, 0),
            _ => (&[], 0),
        }
    }

    /// Reads a comma-separated list of ranges. Empty items are passed over, as robfig does.
    pub(super) fn read(self, text: &str) -> Result<Bits, FieldFault> {
        let mut bits = Bits {
            values: 0,
            star: false,
        };
        for item in text.split(',').filter(|item| !item.is_empty()) {
            let Bits { values, star } = self.range(item)?;
            bits = Bits {
                values: bits.values | values,
                star: bits.star | star,
            };
        }
        if bits.values == 0 {
            Err(FieldFault::Empty)
        } else {
            Ok(bits)
        }
    }

    /// Reads `*`, `n`, `n-m`, each with an optional `/step`; `n/step` runs to the last value.
    fn range(self, item: &str) -> Result<Bits, FieldFault> {
        let not_a_range = || FieldFault::NotARange(item.to_owned());
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (first, Some(last)),
            None => (range, None),
        };
        let nested = |part: Option<&str>| part.is_some_and(|part| part.contains(['-', '/']));
        if nested(last) || nested(step) {
            return Err(not_a_range());
        }
        let (min, max) = self.bounds();
        let wild = matches!(first, "*" | "?");
        let start = if wild { min } else { self.value(first)? };
        let end = match last {
            _ if wild => max,
            Some(last) => self.value(last)?,
            None if step.is_some() => max,
            None => start,
        };
        let step = step.map_or(Ok(1), number)?;
        if step == 0 {
            return Err(FieldFault::ZeroStep);
        }
        if start > end {
            return Err(FieldFault::Backwards(start, end));
        }
        let stride = usize::try_from(step).unwrap_or(usize::MAX);
        let values = (start..=end)
            .step_by(stride)
            .fold(0, |bits, value| bits | 1 << value);
        Ok(Bits {
            values,
            star: wild && step == 1,
        })
    }

    /// Reads a number or a name, and holds it against the bounds.
    fn value(self, text: &str) -> Result<u32, FieldFault> {
        let (names, first) = self.names();
        if let Some(at) = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))
        {
            return Ok(first + u32::try_from(at).expect("invariant: at most twelve names"));
        }
        let value = number(text)?;
        match self.bounds() {
            (min, _) if value < min => Err(FieldFault::Under(value, min)),
            (_, max) if value <= max => Ok(value),
            _ if value == 7 && self == Self::DayOfWeek => Err(FieldFault::Sunday),
            (_, max) => Err(FieldFault::Over(value, max)),
        }
    }
}

fn number(text: &str) -> Result<u32, FieldFault> {
    let digits = text
        .trim_start_matches(['l', 'L', 'w', 'W'])
        .trim_end_matches(['l', 'L', 'w', 'W']);
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if text.contains('#') || (digits.len() < text.len() && numeric(digits)) {
        return Err(FieldFault::Extension(text.to_owned()));
    }
    if text.is_empty() || !numeric(text) {
        return Err(FieldFault::NotANumber(text.to_owned()));
    }
    text.parse()
        .map_err(|_| FieldFault::NotANumber(text.to_owned()))
}
