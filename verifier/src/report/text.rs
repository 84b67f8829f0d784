//! One block per source that a person reads in five seconds.

use std::{fmt::Write as _, time::Duration};

use catalog::ledger::{Egress, Finding, Outcome, RehearsalRecord, Verdict, Verification};
use catalog::model::TakenAtFrom;
use jiff::Timestamp;
use toolkit::words::{ago, length, size};

use super::{Report, counted, headline, headline_of, tally, told, told_of};

/// The block of one verification; ends with a line feed.
pub fn text(reported: &Report, now: Timestamp) -> String {
    let verification = &reported.verification;
    let mut block = String::new();
    let sign = sign(verification.verdict);
    let _ = writeln!(
        block,
        "{sign} {}  {}",
        verification.source,
        headline(verification).to_uppercase()
    );
    for (label, value) in rows(reported, now) {
        let _ = writeln!(block, "    {label:<15} {value}");
    }
    findings(&mut block, told(verification));
    for rehearsal in &verification.rehearsals {
        let _ = writeln!(block, "    {:<15} {}", "rehearsal", rehearsed(rehearsal));
        findings(&mut block, told_of(rehearsal, verification));
    }
    block
}

fn findings<'a>(block: &mut String, told: impl Iterator<Item = &'a Finding>) {
    for finding in told {
        let (mark, check) = (mark(finding), &finding.check);
        let _ = writeln!(block, "    {mark} {check}: {}", indented(&finding.message));
    }
}

/// The sign of a verdict.
pub(crate) const fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Verified => '✔',
        Verdict::Failed => '✘',
        Verdict::Inconclusive => '?',
    }
}

/// A rehearsal as one line: `✔ verified in redis:9, in 1.2 s · 9 passed`.
fn rehearsed(rehearsal: &RehearsalRecord) -> String {
    let time = rehearsal.recovery_milliseconds;
    let time = time.map_or_else(String::new, |time| {
        format!(", in {}", length(Duration::from_millis(time)))
    });
    format!(
        "{} {} in {}{time} · {}",
        sign(rehearsal.verdict),
        headline_of(rehearsal),
        printable(&rehearsal.image),
        tally(&rehearsal.findings)
    )
}

fn rows(reported: &Report, now: Timestamp) -> Vec<(&'static str, String)> {
    let verification = &reported.verification;
    let mut rows = vec![("snapshot", snapshot(verification))];
    rows.push(("recovery point", recovery_point(verification, now)));
    if let Some(place) = restored(verification) {
        rows.push(("restored", place));
    }
    if let Some(items) = counted(&verification.items) {
        rows.push(("counted", items));
    }
    rows.push(("checks", tally(&verification.findings)));
    rows.push(("evidence", evidence(reported)));
    rows
}

fn snapshot(verification: &Verification) -> String {
    let size = size(verification.size_bytes());
    match verification.snapshot.artifacts.len() {
        1 => format!("{} ({size})", called(verification)),
        several => format!("{} ({several} artifacts, {size})", called(verification)),
    }
}

/// Name of the snapshot for people: the key of its only object, or its id if it has several.
pub(crate) fn called(verification: &Verification) -> String {
    let snapshot = &verification.snapshot;
    match snapshot.artifacts.as_slice() {
        [only] => printable(&only.key),
        _ => printable(&snapshot.id.0),
    }
}

fn recovery_point(verification: &Verification, now: Timestamp) -> String {
    let snapshot = &verification.snapshot;
    let second = snapshot.taken_at.strftime("%Y-%m-%d %H:%M:%SZ");
    let witness = match snapshot.taken_at_from {
        TakenAtFrom::Content => "says the file itself",
        TakenAtFrom::Manifest => "says its manifest",
        TakenAtFrom::Evidence => "says an earlier record",
        TakenAtFrom::Name => "says its name",
        TakenAtFrom::Modified => "says the storage: nothing better was found",
    };
    format!("{second}, {} ({witness})", ago(snapshot.taken_at, now))
}

fn restored(verification: &Verification) -> Option<String> {
    let sandbox = verification.sandbox.as_ref()?;
    let network = match sandbox.egress {
        Egress::Denied => "no way out",
        Egress::Open => "NETWORK OPEN",
        Egress::NotTried => "network not looked at",
    };
    let place = format!("{} {} ({network})", sandbox.runtime, sandbox.image);
    Some(match verification.recovery_milliseconds {
        Some(time) => format!("in {} in {place}", length(Duration::from_millis(time))),
        None => format!("not; tried in {place}"),
    })
}

fn evidence(reported: &Report) -> String {
    let source = &reported.verification.source;
    match &reported.written {
        Some(written) => {
            let digest: String = written.digest.chars().take("sha256:".len() + 12).collect();
            format!("{source}/{:08}.json {digest}…", written.sequence)
        }
        None => "NOT WRITTEN".into(),
    }
}

fn mark(finding: &Finding) -> char {
    match finding.outcome {
        Outcome::Failed => '✘',
        Outcome::Warning => '!',
        Outcome::NotRun => '?',
        Outcome::Passed | Outcome::NotApplicable => '✔',
    }
}

/// A message's further lines (its hint) are set under its first.
fn indented(message: &str) -> String {
    message.replace('\n', "\n      ")
}

/// A key as one line: control characters are escaped, and what follows 120 characters is cut.
pub fn printable(key: &str) -> String {
    const SHOWN_MAX: usize = 120;
    settings::one_line(key, SHOWN_MAX)
}
