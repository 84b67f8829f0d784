//! The text format 0.0.4 of one family: two lines of comment and a line for each series.

use std::fmt::Write as _;

use super::{ExpositionError, Family, is_label_name, is_metric_name};

/// Doubles below this hold every whole number exactly: 2^53.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Bytes that a value takes at most as a rule; only room is reserved by it.
const VALUE_LENGTH: usize = 20;

/// Returns about how many bytes [`write()`] adds: never much fewer.
pub(super) fn length(family: &Family<'_>) -> usize {
    let name = family.name.len();
    let labels: usize = family.labels().iter().map(|it| it.len() + 4).sum();
    let series = family.series().map(|(row, _)| {
        let values: usize = row.iter().map(|it| it.len()).sum();
        name + labels + values + VALUE_LENGTH
    });
    2 * name + family.help.len() + VALUE_LENGTH + series.sum::<usize>()
}

/// Writes a family that has series. Errs if a name or value is not acceptable, or if a label or
/// series is there twice.
pub(super) fn write(text: &mut String, family: &Family<'_>) -> Result<(), ExpositionError> {
    check(family)?;
    let name = &*family.name;
    if !family.help.is_empty() {
        text.extend(["# HELP ", name, " "]);
        escape(text, &family.help, "\\\n");
        text.push('\n');
    }
    text.extend(["# TYPE ", name, " ", family.kind.as_str(), "\n"]);
    let heads = heads(family);
    let mut before = None;
    for (row, value) in family.sorted() {
        if before.replace(row) == Some(row) {
            return Err(ExpositionError::DuplicateSeries(name.to_owned()));
        }
        if !value.is_finite() {
            return Err(ExpositionError::NotFinite(name.to_owned()));
        }
        if row.is_empty() {
            text.push_str(name);
            text.push(' ');
        }
        for (head, label) in heads.iter().zip(row) {
            text.push_str(head);
            escape(text, label, "\\\n\"");
        }
        if !row.is_empty() {
            text.push_str("\"} ");
        }
        write_value(text, value);
        text.push('\n');
    }
    Ok(())
}

fn check(family: &Family<'_>) -> Result<(), ExpositionError> {
    if !is_metric_name(&family.name) {
        return Err(ExpositionError::Name(family.name.to_string()));
    }
    let labels = family.labels();
    if let Some(bad) = labels.iter().find(|label| !is_label_name(label)) {
        return Err(ExpositionError::Name((*bad).to_owned()));
    }
    if labels.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(ExpositionError::DuplicateSeries(family.name.to_string()));
    }
    Ok(())
}

/// What stands before the value of each label; they are the same in every line.
fn heads(family: &Family<'_>) -> Vec<String> {
    let head = |(index, label): (usize, &&str)| match index {
        0 => format!("{}{{{label}=\"", family.name),
        _ => format!("\",{label}=\""),
    };
    family.labels().iter().enumerate().map(head).collect()
}

/// Writes `value` with a backslash before each of the `special` characters.
fn escape(text: &mut String, value: &str, special: &str) {
    let is_special = |byte: &u8| special.as_bytes().contains(byte);
    if !value.as_bytes().iter().any(is_special) {
        return text.push_str(value);
    }
    for letter in value.chars() {
        match letter {
            '\n' => text.push_str("\\n"),
            letter if special.contains(letter) => text.extend(['\\', letter]),
            letter => text.push(letter),
        }
    }
}

/// Writes a value as the shortest decimal number that is this double, never with an exponent.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "an integer is only taken if it is the very same double"
)]
fn write_value(text: &mut String, value: f64) {
    let whole = value as i64;
    let is_whole = value.abs() < WHOLE_MAX && (whole as f64).to_bits() == value.to_bits();
    // Whole numbers are the rule, and written more quickly. Writing to a String cannot fail.
    let _ = if is_whole {
        write!(text, "{whole}")
    } else {
        write!(text, "{value}")
    };
}
