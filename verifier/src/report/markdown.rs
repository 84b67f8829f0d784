//! A report for tickets and pull requests.

use std::{fmt::Write as _, time::Duration};

use catalog::ledger::Finding;
use jiff::Timestamp;
use toolkit::words::{ago, length};

use super::{
    Report, counted, headline, headline_of, tally,
    text::{called, printable},
    told, told_of,
};

/// A table with a row for each verification, and below it the findings that a person has to read.
pub fn markdown(reports: &[Report], now: Timestamp) -> String {
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
                .map_or_else(|| "–".into(), |time| length(Duration::from_millis(time))),
            counted(&verification.items).unwrap_or_else(|| "–".into()),
            tally(&verification.findings),
        );
    }
    for reported in reports {
        findings(&mut page, reported);
    }
    page
}

fn findings(page: &mut String, reported: &Report) {
    let verification = &reported.verification;
    let source = verification.source.as_str();
    for finding in told(verification) {
        let _ = writeln!(page, "\n- {source}, {}", line(finding));
    }
    for rehearsal in &verification.rehearsals {
        let image = cell(&rehearsal.image);
        let time = rehearsal.recovery_milliseconds;
        let time = time.map_or_else(String::new, |time| {
            format!(", in {}", length(Duration::from_millis(time)))
        });
        let _ = writeln!(
            page,
            "\n- {source}, rehearsed in {image}: **{}**{time} ({})",
            headline_of(rehearsal),
            tally(&rehearsal.findings)
        );
        for finding in told_of(rehearsal, verification) {
            let _ = writeln!(page, "\n- {source} in {image}, {}", line(finding));
        }
    }
}

fn line(finding: &Finding) -> String {
    let outcome = finding.outcome.as_label();
    let message = cell(&finding.message);
    format!("`{}` {outcome}: {message}", finding.check)
}

/// Text that can neither end a table cell nor begin markup.
pub(crate) fn cell(text: &str) -> String {
    escaped(&printable(text))
}

/// One line of text that can neither end a table cell nor begin markup, uncut.
pub(crate) fn escaped(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    for character in line.chars() {
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
