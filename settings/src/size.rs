//! Sizes in bytes as Kubernetes writes them, without the suffixes people misread.
//!
//! It must not round: what is printed is what was meant.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::text::{spelled, split_digits};

/// A number of bytes: `10Gi`, `10GiB` or `10737418240`; at most 2^53, which JSON carries exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    bytes: u64,
}

/// Reason why a text is not a [`Size`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SizeError {
    /// No digits at the beginning, a fraction, or an unknown suffix.
    #[error(
        "\"{text}\" is not a size\n\
         hint: Write whole bytes, or a whole number with Ki, Mi, Gi, Ti or Pi: 10Gi."
    )]
    Malformed {
        /// The whole text, as written.
        text: String,
    },
    /// A suffix that is decimal in Kubernetes (`m` is even a thousandth) and binary to most people.
    #[error(
        "\"{text}\" may mean two sizes\n\
         hint: Write {number}{binary} ({as_binary} bytes) or {as_decimal}."
    )]
    Ambiguous {
        /// The whole text, as written.
        text: String,
        /// The number before the suffix.
        number: u64,
        /// The binary suffix that may be meant.
        binary: &'static str,
        /// Bytes when read as binary.
        as_binary: u64,
        /// Bytes when read as decimal.
        as_decimal: u64,
    },
    /// More than 2^53 bytes.
    #[error("\"{text}\" is more than 8Pi")]
    TooLarge {
        /// The whole text, as written.
        text: String,
    },
}

/// Suffix and the power of 1024 it stands for; `resource.Quantity` of Kubernetes, less `Ei`.
const UNITS: [(&str, u32); 5] = [("Ki", 1), ("Mi", 2), ("Gi", 3), ("Ti", 4), ("Pi", 5)];
const LARGEST: u64 = 1 << 53;

impl Size {
    /// A size of `bytes`, capped at 2^53.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self {
            bytes: if bytes > LARGEST { LARGEST } else { bytes },
        }
    }

    /// Size in bytes, at most 2^53.
    pub const fn bytes(self) -> u64 {
        self.bytes
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let (digits, suffix) = split_digits(text);
        if digits.is_empty() {
            return Err(SizeError::Malformed {
                text: text.to_owned(),
            });
        }
        let too_large = || SizeError::TooLarge {
            text: text.to_owned(),
        };
        let number: u64 = digits.parse().map_err(|_| too_large())?;
        let scale = |base: u64, power| {
            base.checked_pow(power)
                .and_then(|unit| number.checked_mul(unit))
                .filter(|bytes| *bytes <= LARGEST)
                .ok_or_else(too_large)
        };
        let short = suffix.strip_suffix('B').unwrap_or(suffix);
        if suffix.is_empty() || suffix == "B" {
            return Ok(Self {
                bytes: scale(1, 1)?,
            });
        }
        if let Some((_, power)) = UNITS.iter().find(|(name, _)| *name == short) {
            return Ok(Self {
                bytes: scale(1024, *power)?,
            });
        }
        let first = |name: &str| name[..1].eq_ignore_ascii_case(short);
        let Some((binary, power)) = UNITS.iter().find(|(name, _)| first(name)) else {
            return Err(SizeError::Malformed {
                text: text.to_owned(),
            });
        };
        Err(SizeError::Ambiguous {
            text: text.to_owned(),
            number,
            binary,
            as_binary: scale(1024, *power)?,
            as_decimal: scale(1000, *power)?,
        })
    }
}

impl fmt::Display for Size {
    /// Writes whole numbers in the largest unit that leaves nothing over: `1536Mi`, `10Gi`, `1000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |power: u32| self.bytes != 0 && self.bytes.is_multiple_of(1 << (10 * power));
        match UNITS.iter().rfind(|(_, power)| whole(*power)) {
            Some((name, power)) => write!(f, "{}{name}", self.bytes >> (10 * power)),
            None => write!(f, "{}", self.bytes),
        }
    }
}

spelled!(Size, schema: {
    "type": ["string", "integer"],
    "description": "Bytes, or a whole number with Ki, Mi, Gi, Ti or Pi",
    "pattern": "^[0-9]+((Ki|Mi|Gi|Ti|Pi)?B?)$",
    "minimum": 0,
    "examples": ["10Gi", "500GiB", 1_048_576],
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        let said = match text.parse::<Size>() {
            Ok(size) => format!("{} = {size}", size.bytes()),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected, "for {text:?}");
    }

    #[test]
    fn sizes_are_binary() {
        check("0", "0 = 0");
        check("1000", "1000 = 1000");
        check("1000B", "1000 = 1000");
        check("1Ki", "1024 = 1Ki");
        check("1MiB", "1048576 = 1Mi");
        check("10Gi", "10737418240 = 10Gi");
        check("500GiB", "536870912000 = 500Gi");
        check("1536Mi", "1610612736 = 1536Mi");
        check("2048Gi", "2199023255552 = 2Ti");
        check("8Pi", "9007199254740992 = 8Pi");
    }

    #[test]
    fn a_wrong_size_says_what_is_wrong() {
        let hint = "hint: Write whole bytes, or a whole number with Ki, Mi, Gi, Ti or Pi: 10Gi.";
        for text in [
            "", "Gi", "1.5Gi", "-1", "10 Gi", "10gib", "1Ei", "1e3", "1é",
        ] {
            check(text, &format!("\"{text}\" is not a size\n{hint}"));
        }
        let two = |text: &str, hint: &str| {
            check(
                text,
                &format!("\"{text}\" may mean two sizes\nhint: Write {hint}."),
            );
        };
        two("10G", "10Gi (10737418240 bytes) or 10000000000");
        two("10GB", "10Gi (10737418240 bytes) or 10000000000");
        two("10M", "10Mi (10485760 bytes) or 10000000");
        two("10m", "10Mi (10485760 bytes) or 10000000");
        two("10k", "10Ki (10240 bytes) or 10000");
        check("9Pi", "\"9Pi\" is more than 8Pi");
        check("9P", "\"9P\" is more than 8Pi");
        check(
            "99999999999999999999",
            "\"99999999999999999999\" is more than 8Pi",
        );
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(bytes in 0..=LARGEST) {
            let size = Size::from_bytes(bytes);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }

        #[test]
        fn no_text_panics(text in "[0-9]{0,3}.{0,4}") {
            let _ = text.parse::<Size>();
        }
    }
}
