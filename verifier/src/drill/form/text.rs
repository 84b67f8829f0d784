//! The report for a terminal.

use std::fmt::Write as _;

use catalog::drill::DrillReport;

use super::{data, facts, known, record, sentence, summary, verdict};
use crate::report::sign;

/// The whole report as one block; ends with a line feed.
pub(crate) fn text(report: &DrillReport) -> String {
    let outcome = &report.outcome;
    let sign_of = sign(outcome.result);
    let mut block = format!("{sign_of} drill {}  {}\n", report.drill, summary(outcome));
    for (label, value) in facts(report) {
        let _ = writeln!(block, "    {label:<15} {value}");
    }
    for source in &report.sources {
        let _ = writeln!(
            block,
            "  {} {}  {}, recovery time {}",
            sign(source.verdict),
            source.source,
            verdict(source),
            known(source.recovery_milliseconds)
        );
        let _ = writeln!(block, "    {:<15} {}", "snapshot", data(source));
        let _ = writeln!(block, "    {:<15} {}", "record", record(source));
    }
    for deviation in &report.deviations {
        let _ = writeln!(block, "  ! {}", sentence(deviation));
    }
    block
}
