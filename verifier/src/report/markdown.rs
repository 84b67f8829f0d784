//! A report for tickets and pull requests.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{
    Reported, ago, counted, headline, milliseconds, tally,
    text::{called, printable},
    told,
};

/// One section per verification under one table.
pub fn markdown(reports: &[Reported], now: Timestamp) -> String {
    let mut page = String::from(
        "| source | verdict | snapshot | recovery point | recovery time | counted | checks |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for reported in reports {
        let verification = &reported.verification;
        let snapshot = &verification.snapshot;
        let _ = writeln!(
            page,
            "| {} | **{}** | {} | {} ({}) | {} | {} | {} |",
            verification.source,
            headline(verification),
            cell(&called(verification)),
            snapshot.taken_at.strftime("%Y-%m-%d %H:%M:%SZ"),
            ago(snapshot.taken_at, now),
            verification
                .recovery_milliseconds
                .map_or_else(|| "–".into(), milliseconds),
            counted(&verification.items).unwrap_or_else(|| "–".into()),
            tally(verification),
        );
    }
    for reported in reports {
        findings(&mut page, reported);
    }
    page
}

fn findings(page: &mut String, reported: &Reported) {
    for finding in told(&reported.verification) {
        let source = &reported.verification.source;
        let outcome = finding.outcome.as_label();
        let _ = writeln!(
            page,
            "\n- {source}, `{}` {outcome}: {}",
            finding.check,
            cell(&finding.message)
        );
    }
}

/// Text that can neither end a table cell nor begin markup.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in printable(text).chars() {
        if matches!(
            character,
            '|' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '\\'
        ) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}
