//! The report as one HTML file without anything outside it: no script, no font, no picture.

use askama::Template;
use catalog::{
    drill::{DrillOutcome, DrillReport, DrillSource},
    ledger::Verdict,
    model::SourceName,
};
use toolkit::words::size;

use super::{
    class, data, facts, known,
    picture::{Picture, picture},
    record, summary, verdict,
};

#[derive(Debug, Template)]
#[template(path = "drill.html")]
struct DrillPage<'a> {
    title: String,
    detail: String,
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
    /// True if the recovery time is known, and with it the longest way.
    has_path: bool,
    picture: Picture,
    rows: Vec<SourceRow<'a>>,
    deviations: &'a [String],
}

/// One source in the table.
#[derive(Debug)]
struct SourceRow<'a> {
    class: &'static str,
    verdict: String,
    name: &'a str,
    engine: &'a str,
    after: String,
    data: String,
    size: String,
    recovery: String,
    attempts: u32,
    image: &'a str,
    record: String,
}

/// The whole report as HTML. An error is a mistake of the program.
pub(crate) fn html(report: &DrillReport) -> Result<String, askama::Error> {
    let page = DrillPage {
        title: format!(
            "Drill {}: {}",
            report.drill,
            report.outcome.result.as_label()
        ),
        detail: summary(&report.outcome),
        tone: tone(&report.outcome),
        has_path: !report.critical_path.is_empty(),
        facts: facts(report),
        picture: picture(report),
        rows: report.sources.iter().map(row).collect(),
        deviations: &report.deviations,
    };
    page.render()
}

/// The class of the answer: a drill that took too long is not well, even if all was verified.
fn tone(outcome: &DrillOutcome) -> &'static str {
    match (outcome.result, outcome.within) {
        (Verdict::Verified, Some(false)) => class(Verdict::Inconclusive),
        (result, _) => class(result),
    }
}

fn row(source: &DrillSource) -> SourceRow<'_> {
    let after: Vec<_> = source.after.iter().map(SourceName::as_str).collect();
    let bytes = source.snapshot.as_ref().map(|it| size(it.size_bytes));
    SourceRow {
        class: class(source.verdict),
        verdict: verdict(source),
        name: source.source.as_str(),
        engine: &source.engine,
        after: after.join(", "),
        data: data(source),
        size: bytes.unwrap_or_default(),
        recovery: known(source.recovery_milliseconds),
        attempts: source.attempts,
        image: source.image.as_deref().unwrap_or("–"),
        record: record(source),
    }
}
