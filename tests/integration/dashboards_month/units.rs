//! Units in which answers are shown, held against the names of what is asked for.

use super::boards::{Panel, Query};

/// Units that a kind of query may have.
const RATIO: &[&str] = &["percentunit", "none", "suffix: / month"];
const COUNT: &[&str] = &["none", "short"];
const DATE: &[&str] = &["dateTimeFromNow", "dateTimeAsIso", "dateTimeAsLocal"];
const DURATION: &[&str] = &["s", "dtdurations"];
const BYTES: &[&str] = &["bytes", "decbytes"];
const RATE: &[&str] = &["ops", "reqps", "short"];

/// What is wrong with the unit of a query; `None` if nothing is.
pub(super) fn complaint(panel: &Panel, query: &Query) -> Option<String> {
    let allowed = allowed(&query.expr);
    let is_right = allowed.is_empty() || allowed.contains(&query.unit.as_str());
    (!is_right).then(|| {
        format!(
            "{}, {}: unit {:?}, not one of {allowed:?}: {}",
            panel.title, query.name, query.unit, query.expr
        )
    })
}

/// Units of what an expression comes to, by its form and the names in it; empty if they do not
/// tell.
///
/// | the expression | comes to |
/// |---|---|
/// | divides, outside of what `on` joins | a ratio, or money |
/// | counts, compares with a number or groups | a number |
/// | asks for a rate | operations a second |
/// | is 1000 times a time | a date |
/// | is of bytes | bytes |
/// | is of seconds or of times taken from now | a duration |
fn allowed(expr: &str) -> &'static [&'static str] {
    let words: Vec<&str> = expr
        .split(|c: char| !(c.is_alphanumeric() || "_:".contains(c)))
        .collect();
    let has = |ending: &str| {
        words
            .iter()
            .any(|word| word.starts_with("backup") && word.ends_with(ending))
    };
    let begins = |with: &str| expr.trim_start_matches(['(', ' ']).starts_with(with);
    if expr.contains("rate(") {
        return RATE;
    }
    if begins("count") || expr.contains("increase(") {
        return COUNT;
    }
    if expr.contains(" / ") || has(":ratio") {
        return RATIO;
    }
    if begins("1000 *") {
        return DATE;
    }
    if has("_bytes") || has(":bytes") {
        return BYTES;
    }
    if has("_seconds") || has(":seconds") {
        return DURATION;
    }
    &[]
}

#[test]
fn units_follow_from_expressions() {
    for (expr, units) in [
        ("sum(rate(backup_repository_requests_total[5m]))", RATE),
        ("count(backup_age_seconds > 5)", COUNT),
        (
            "max(backup_age_seconds) / max(backup_objective_seconds)",
            RATIO,
        ),
        ("1000 * max(backup_last_timestamp_seconds)", DATE),
        ("(max by (a) (backup_last_size_bytes))", BYTES),
        ("time() - max(backup_last_timestamp_seconds)", DURATION),
        ("max(backup_age_seconds)", DURATION),
        ("max(backup_gaps)", &[]),
    ] {
        assert_eq!(allowed(expr), units, "{expr}");
    }
}
