//! Refusals of a path that cannot work, in words that say what to write instead.

use std::fmt::Write as _;

use thiserror::Error;

use super::{directive::Directive, part::PatternPart};

/// Why a path was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// The path is longer than any key.
    #[error(
        "the path has {bytes} bytes\nhint: Keys have {PATH_BYTES_MAX} at most; write * for what \
         differs."
    )]
    Long {
        /// Length of the path in bytes.
        bytes: usize,
    },
    /// A segment that no key has.
    #[error(
        "the path {path:?} has a segment {segment:?}\n\
         hint: Write it relative to the repository, without / at its ends, . or .. in it."
    )]
    Segment {
        /// The path as written.
        path: String,
        /// The segment: empty, `.` or `..`.
        segment: String,
    },
    /// A `%` with a letter that is not one of [`Directive::ALL`].
    #[error(
        "the path {path:?} has an unknown directive {directive:?} at character {at}\n\
         hint: Known are {known}; %F is %Y-%m-%d, %T is %H:%M:%S, and %% is a percent sign.",
        known = known()
    )]
    Unknown {
        /// The path as written.
        path: String,
        /// The directive with its `%`.
        directive: String,
        /// Position of the directive in characters, from 1.
        at: usize,
    },
    /// Two directives that say the same and could contradict each other.
    #[error(
        "the path {path:?} says the same by %{} and %{}\nhint: Keep one.",
        .one.letter(),
        .other.letter()
    )]
    Contradiction {
        /// The path as written.
        path: String,
        /// The directive that comes first.
        one: Directive,
        /// The directive that comes second.
        other: Directive,
    },
    /// A part of a time without the larger part it belongs to.
    #[error(
        "the path {path:?} has %{} without {needed}\nhint: Add it, or write * in its place.",
        .part.letter()
    )]
    Incomplete {
        /// The path as written.
        path: String,
        /// The smaller part.
        part: Directive,
        /// The larger part, as a directive.
        needed: &'static str,
    },
    /// A part of which nobody could tell where it ends.
    #[error(
        "the path {path:?} has {part}: where it ends cannot be told\n\
         hint: Write one * to a segment, and beside %s a character that is no digit."
    )]
    Ambiguous {
        /// The path as written.
        path: String,
        /// The part, in words.
        part: &'static str,
    },
}

fn known() -> String {
    let mut text = String::new();
    for directive in Directive::ALL {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(
            text,
            "{comma}%{} ({})",
            directive.letter(),
            directive.meaning()
        );
    }
    text
}

/// Longest key of S3, in bytes ("Naming Amazon S3 objects"). The comparison of two paths takes the
/// product of their lengths.
const PATH_BYTES_MAX: usize = 1024;

pub(super) fn of_length(path: &str) -> Result<(), PatternError> {
    match path.len() {
        ..=PATH_BYTES_MAX => Ok(()),
        bytes => Err(PatternError::Long { bytes }),
    }
}

pub(super) fn of_segments(path: &str) -> Result<(), PatternError> {
    let mut segments = path.split('/');
    match segments.find(|segment| matches!(*segment, "" | "." | "..")) {
        Some(segment) => Err(PatternError::Segment {
            path: path.into(),
            segment: segment.into(),
        }),
        None => Ok(()),
    }
}

/// Refuses a time that is said twice, or that lacks a larger part of a smaller one.
pub(super) fn of_times(path: &str, directives: &[Directive]) -> Result<(), PatternError> {
    refuse_contradictions(path, directives)?;
    refuse_incomplete(path, directives)
}

/// Refuses a path if it is not clear where each part ends.
pub(super) fn of_widths(path: &str, parts: &[PatternPart]) -> Result<(), PatternError> {
    let refuse = |part| {
        Err(PatternError::Ambiguous {
            path: path.into(),
            part,
        })
    };
    let mut stars = 0;
    for (index, part) in parts.iter().enumerate() {
        match part {
            PatternPart::Literal(text) if text.contains('/') => stars = 0,
            PatternPart::Star if stars > 0 => return refuse("a second *"),
            PatternPart::Star => stars += 1,
            _ => {}
        }
        match (part, parts.get(index + 1)) {
            (PatternPart::Time(Directive::Epoch), Some(PatternPart::Star))
            | (PatternPart::Star, Some(PatternPart::Time(Directive::Epoch))) => {
                return refuse("%s beside *");
            }
            (PatternPart::Time(Directive::Epoch), Some(PatternPart::Literal(text)))
                if text.starts_with(|next: char| next.is_ascii_digit()) =>
            {
                return refuse("%s before a digit");
            }
            _ => {}
        }
    }
    Ok(())
}

fn refuse_contradictions(path: &str, directives: &[Directive]) -> Result<(), PatternError> {
    use Directive::{Day, DayOfYear, Epoch, Month, MonthName, ShortYear, Year};
    for (index, &one) in directives.iter().enumerate() {
        for &other in &directives[index + 1..] {
            let (low, high) = (one.min(other), one.max(other));
            let same = match (low, high) {
                (Year, ShortYear) | (Month, MonthName) | (Month | MonthName | Day, DayOfYear) => {
                    true
                }
                (low, high) => low != high && (low == Epoch || high == Epoch),
            };
            if same {
                return Err(PatternError::Contradiction {
                    path: path.into(),
                    one,
                    other,
                });
            }
        }
    }
    Ok(())
}

fn refuse_incomplete(path: &str, directives: &[Directive]) -> Result<(), PatternError> {
    use Directive::{
        Day, DayOfYear, Hour, Minute, Month, MonthName, Offset, Second, ShortYear, Year,
    };
    let needs: [(Directive, &[Directive], &str); 8] = [
        (Month, &[Year, ShortYear], "%Y"),
        (MonthName, &[Year, ShortYear], "%Y"),
        (DayOfYear, &[Year, ShortYear], "%Y"),
        (Day, &[Month, MonthName], "%m"),
        (Hour, &[Day, DayOfYear], "%d"),
        (Minute, &[Hour], "%H"),
        (Second, &[Minute], "%M"),
        (Offset, &[Hour], "%H"),
    ];
    for (part, larger, needed) in needs {
        if directives.contains(&part) && !larger.iter().any(|larger| directives.contains(larger)) {
            return Err(PatternError::Incomplete {
                path: path.into(),
                part,
                needed,
            });
        }
    }
    Ok(())
}
