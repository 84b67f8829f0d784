//! Percentages, shares of a whole: `20%`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::text::spelled;

/// A share from `0%` to `100%`, exact to a hundredth of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent {
    hundredths: u32,
}

/// Reason why a text is not a [`Percent`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PercentError {
    /// The percent sign is missing, so that `0.2` may mean 0.2% or 20%.
    #[error("\"{text}\" has no percent sign\nhint: Write for example 20%.")]
    NoSign {
        /// The whole text, as written.
        text: String,
    },
    /// Not a plain number with at most two decimals.
    #[error("\"{text}\" is not a percentage\nhint: Write for example 20% or 12.5%.")]
    Malformed {
        /// The whole text, as written.
        text: String,
    },
    /// More than 100%.
    #[error("\"{text}\" is over 100%")]
    OverHundred {
        /// The whole text, as written.
        text: String,
    },
}

impl Percent {
    /// A share of `percent` whole percent, capped at 100%.
    pub const fn new(percent: u8) -> Self {
        let hundredths = percent as u32 * 100;
        Self {
            hundredths: if hundredths > 10_000 {
                10_000
            } else {
                hundredths
            },
        }
    }

    /// This share of `whole`, in the unit of `whole`, rounded down.
    pub fn of(self, whole: u64) -> u64 {
        let share = u128::from(whole) * u128::from(self.hundredths) / 10_000;
        u64::try_from(share).unwrap_or(whole)
    }
}

impl FromStr for Percent {
    type Err = PercentError;

    fn from_str(text: &str) -> Result<Self, PercentError> {
        let malformed = || PercentError::Malformed {
            text: text.to_owned(),
        };
        let Some(number) = text.strip_suffix('%') else {
            return Err(PercentError::NoSign {
                text: text.to_owned(),
            });
        };
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 2 {
            return Err(malformed());
        }
        let decimals: u32 = format!("{decimals:0<2}").parse().map_err(|_| malformed())?;
        let hundredths = whole
            .parse::<u32>()
            .ok()
            .and_then(|whole| whole.checked_mul(100));
        match hundredths.and_then(|whole| whole.checked_add(decimals)) {
            Some(hundredths) if hundredths <= 10_000 => Ok(Self { hundredths }),
            _ => Err(PercentError::OverHundred {
                text: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.hundredths / 100, self.hundredths % 100);
        match (decimals, decimals % 10) {
            (0, _) => write!(f, "{whole}%"),
            (_, 0) => write!(f, "{whole}.{}%", decimals / 10),
            _ => write!(f, "{whole}.{decimals:02}%"),
        }
    }
}

spelled!(Percent, schema: {
    "type": "string",
    "description": "A percentage from 0% to 100%",
    "pattern": "^(100(\\.0{1,2})?|[0-9]{1,2}(\\.[0-9]{1,2})?)%$",
    "examples": ["20%", "12.5%"],
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        let said = match text.parse::<Percent>() {
            Ok(percent) => percent.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected, "for {text:?}");
    }

    #[test]
    fn percentages_are_exact_to_two_decimals() {
        check("0%", "0%");
        check("20%", "20%");
        check("12.5%", "12.5%");
        check("12.05%", "12.05%");
        check("99.99%", "99.99%");
        check("100%", "100%");
        assert_eq!("20%".parse().map(|p: Percent| p.of(1_001)), Ok(200));
        assert_eq!(Percent::new(100).of(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_wrong_percentage_says_what_is_wrong() {
        check(
            "0.2",
            "\"0.2\" has no percent sign\nhint: Write for example 20%.",
        );
        check("", "\"\" has no percent sign\nhint: Write for example 20%.");
        for text in ["%", "-1%", "1.%", "1.234%", "x%", "20 %"] {
            let hint = "hint: Write for example 20% or 12.5%.";
            check(text, &format!("\"{text}\" is not a percentage\n{hint}"));
        }
        check("101%", "\"101%\" is over 100%");
        check("100.01%", "\"100.01%\" is over 100%");
        check("99999999999%", "\"99999999999%\" is over 100%");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(hundredths in 0u32..=10_000) {
            let percent = Percent { hundredths };
            prop_assert_eq!(percent.to_string().parse(), Ok(percent));
        }
    }
}
