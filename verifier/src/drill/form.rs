//! The forms of a report: for terminals, for tickets, for people who audit. Pure.
//!
//! Nothing of a snapshot's data is in a report, so nothing of it can be told.

mod markdown;
mod page;
mod picture;
mod text;

use std::time::Duration;

use catalog::{
    drill::{DrillOutcome, DrillReport, DrillSource, DrillTrigger},
    ledger::Verdict,
    model::SourceName,
};
use toolkit::words::{length, time};

use crate::{
    notify::drill::DrillBrief,
    report::{printable, sign, worded},
};

pub(crate) use markdown::markdown;
pub(crate) use page::html;
pub(crate) use text::text;

/// Makes the brief of a report.
pub(crate) fn brief(report: &DrillReport) -> DrillBrief {
    let sources = report.sources.iter().map(|source| {
        format!(
            "{} {}: {}, recovery time {}, snapshot {}",
            sign(source.verdict),
            source.source,
            verdict(source),
            known(source.recovery_milliseconds),
            data(source)
        )
    });
    DrillBrief {
        summary: summary(&report.outcome),
        facts: facts(report),
        sources: sources.collect(),
        deviations: report.deviations.iter().map(|it| sentence(it)).collect(),
    }
}

/// Longest deviation that is shown, in characters: a message with its hint.
const SENTENCE_MAX: usize = 1000;

/// A length of time in words.
fn words(milliseconds: u64) -> String {
    length(Duration::from_millis(milliseconds))
}

/// The same, or a dash.
fn known(milliseconds: Option<u64>) -> String {
    milliseconds.map_or_else(|| "–".into(), words)
}

/// The answer in one line: `verified in 12 s, within the objective of 4 h`.
fn summary(outcome: &DrillOutcome) -> String {
    let took = words(outcome.wall_milliseconds);
    let result = outcome.result.as_label();
    let Some(objective) = outcome.objective_milliseconds else {
        return format!("{result} in {took}");
    };
    let within = if outcome.within == Some(false) {
        "longer than"
    } else {
        "within"
    };
    format!(
        "{result} in {took}, {within} the objective of {}",
        words(objective)
    )
}

/// The facts about the whole, each with its label.
fn facts(report: &DrillReport) -> Vec<(&'static str, String)> {
    let outcome = &report.outcome;
    let by = match report.trigger {
        DrillTrigger::Schedule => "its schedule",
        DrillTrigger::Manual => "hand",
    };
    let seconds = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let path: Vec<_> = report
        .critical_path
        .iter()
        .map(SourceName::as_str)
        .collect();
    let recovery = match path.as_slice() {
        [] => "not known".to_owned(),
        _ => format!(
            "{} ({})",
            known(outcome.recovery_milliseconds),
            path.join(" → ")
        ),
    };
    let data = report.before.map_or_else(
        || "the newest complete snapshots".to_owned(),
        |before| format!("the last verified snapshots before {}", time(before)),
    );
    let mut facts = vec![
        (
            "Begun",
            format!(
                "{} by {by}, on {}",
                seconds(outcome.began_at),
                printable(&report.by)
            ),
        ),
        ("Ended", seconds(outcome.ended_at)),
        ("Restored", data),
        ("Time it took", words(outcome.wall_milliseconds)),
        ("Objective", known(outcome.objective_milliseconds)),
        ("Recovery time", recovery),
    ];
    if report.waited_milliseconds > 0 {
        facts.push(("Waited", words(report.waited_milliseconds)));
    }
    facts.push((
        "Made with",
        format!(
            "backup-verifier {}, configuration {}",
            printable(&report.tool.version),
            printable(&report.tool.config_digest)
        ),
    ));
    facts
}

/// The verdict on a source with its reason; `not restored` where nothing was tried.
fn verdict(source: &DrillSource) -> String {
    if source.attempts == 0 {
        return "not restored".into();
    }
    worded(source.verdict, source.reason)
}

/// What was restored: name and time of the snapshot.
fn data(source: &DrillSource) -> String {
    source.snapshot.as_ref().map_or_else(
        || "–".into(),
        |it| format!("{} of {}", printable(&it.id), time(it.taken_at)),
    )
}

/// The record of a source: `12 sha256:…`.
fn record(source: &DrillSource) -> String {
    let record = source.record.as_ref();
    record.map_or_else(
        || "none".into(),
        |it| format!("{} {}", it.sequence, printable(&it.digest)),
    )
}

/// A deviation as one line.
fn sentence(deviation: &str) -> String {
    settings::one_line(deviation, SENTENCE_MAX)
}

/// The class of the style sheet for a verdict.
const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "yes",
        Verdict::Failed => "no",
        Verdict::Inconclusive => "unknown",
    }
}

#[cfg(test)]
mod tests;
