//! The report for tickets and documents.

use std::fmt::Write as _;

use catalog::{drill::DrillReport, model::SourceName};
use toolkit::words::size;

use super::{data, facts, known, record, sentence, summary, verdict};
use crate::report::{cell, escaped};

/// The whole report in Markdown.
pub(crate) fn markdown(report: &DrillReport) -> String {
    let mut page = format!(
        "# Drill {}: {}\n\n| | |\n|---|---|\n",
        report.drill,
        summary(&report.outcome)
    );
    for (label, value) in facts(report) {
        let _ = writeln!(page, "| {label} | {} |", cell(&value));
    }
    page.push_str(
        "\n## Sources\n\n| source | after | verdict | snapshot | size | recovery time | attempts | \
         image | record |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for source in &report.sources {
        let after: Vec<_> = source.after.iter().map(SourceName::as_str).collect();
        let bytes = source.snapshot.as_ref().map(|it| size(it.size_bytes));
        let _ = writeln!(
            page,
            "| {} ({}) | {} | **{}** | {} | {} | {} | {} | {} | {} |",
            source.source,
            cell(&source.engine),
            after.join(", "),
            cell(&verdict(source)),
            cell(&data(source)),
            bytes.unwrap_or_else(|| "–".into()),
            known(source.recovery_milliseconds),
            source.attempts,
            cell(source.image.as_deref().unwrap_or("–")),
            cell(&record(source))
        );
    }
    page.push_str("\n## Deviations\n\n");
    if report.deviations.is_empty() {
        page.push_str("None.\n");
    }
    for deviation in &report.deviations {
        let _ = writeln!(page, "- {}", escaped(&sentence(deviation)));
    }
    page
}
