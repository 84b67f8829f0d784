//! How the outcome of verifications is told: to people, to tickets, to programs.
//!
//! Pure: a record goes in, text comes out. Nothing of a snapshot's data is in a record, so nothing
//! of it can be told.

mod export;
mod markdown;
mod text;

use catalog::ledger::{
    Finding, Items, Outcome, Reason, RehearsalRecord, Strand, Verdict, Verification,
};
use serde_json::Value;
use toolkit::words;

pub(crate) use export::{ChainRow, EvidencePage, ExportRow, csv_header};
pub use markdown::markdown;
pub(crate) use markdown::{cell, escaped};
pub(crate) use text::{called, sign};
pub use text::{printable, text};

/// A verification, and where its record was written.
#[derive(Debug, Clone)]
pub struct Report {
    /// What the record says.
    pub verification: Verification,
    /// Place of the record in the ledger; `None` if it could not be written.
    pub written: Option<WrittenRecord>,
}

/// Where a record was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRecord {
    /// Number of the record in the chain of its source.
    pub sequence: u64,
    /// Digest of the record, `sha256:…`.
    pub digest: String,
    /// The record as it lies in the ledger: JSON.
    pub text: String,
}

impl Report {
    /// A verification without a record.
    pub const fn unwritten(verification: Verification) -> Self {
        Self {
            verification,
            written: None,
        }
    }

    /// Returns the record as it lies in the ledger; if it could not be written, as it would have
    /// been.
    pub fn record(&self) -> Value {
        let written = self.written.as_ref();
        written
            .and_then(|written| serde_json::from_str(&written.text).ok())
            .or_else(|| serde_json::to_value(&self.verification).ok())
            .unwrap_or_default()
    }
}

/// `verified`, or the verdict with its reason: `failed (damaged)`.
pub fn headline(verification: &Verification) -> String {
    worded(verification.verdict, verification.reason)
}

/// The state of a chain: `unbroken but for 1 repair`, `broken at 00000007: …`.
pub(crate) fn chain_state(strand: &Strand) -> String {
    match (strand.report().first_break, strand.repairs().count()) {
        (Some(broken), _) => format!("broken at {:08}: {}", broken.sequence, broken.what),
        (None, 0) => "unbroken".into(),
        (None, repairs) => {
            let repairs = words::counted(repairs, "repair", "repairs");
            format!("unbroken but for {repairs}")
        }
    }
}

/// The headline of a rehearsal, e.g. `failed (damaged)`.
pub fn headline_of(rehearsal: &RehearsalRecord) -> String {
    worded(rehearsal.verdict, rehearsal.reason)
}

/// A verdict with its reason, if there is one: `failed (damaged)`.
pub(crate) fn worded(verdict: Verdict, reason: Option<Reason>) -> String {
    let verdict = verdict.as_label();
    match reason {
        Some(reason) => format!("{verdict} ({})", reason.as_label()),
        None => verdict.into(),
    }
}

/// Findings that a person has to read: failures, warnings, and why a verification is inconclusive.
pub(crate) fn told(verification: &Verification) -> impl Iterator<Item = &Finding> {
    explaining(verification.verdict, &verification.findings)
}

/// Findings of a rehearsal that a person has to read, without those that `verification` tells
/// already.
fn told_of<'a>(
    rehearsal: &'a RehearsalRecord,
    verification: &'a Verification,
) -> impl Iterator<Item = &'a Finding> {
    explaining(rehearsal.verdict, &rehearsal.findings)
        .filter(|finding| !told(verification).any(|known| known == *finding))
}

fn explaining(verdict: Verdict, findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let unknown = verdict == Verdict::Inconclusive;
    // A check that was not reached because of another one has nothing to add.
    let explains =
        |it: &Finding| it.check.starts_with("snapshot.") || it.message.contains("hint: ");
    findings
        .iter()
        .filter(move |finding| match finding.outcome {
            Outcome::Failed | Outcome::Warning => true,
            Outcome::NotRun => unknown && explains(finding),
            Outcome::Passed | Outcome::NotApplicable => false,
        })
}

/// Number of checks by outcome, the worst first: `1 warning · 9 passed`.
fn tally(findings: &[Finding]) -> String {
    let order = [
        (Outcome::Failed, "failed"),
        (Outcome::Warning, "warning"),
        (Outcome::Passed, "passed"),
        (Outcome::NotApplicable, "not applicable"),
        (Outcome::NotRun, "not run"),
    ];
    let counted = order.iter().filter_map(|(outcome, word)| {
        let found = findings
            .iter()
            .filter(|finding| finding.outcome == *outcome);
        match found.count() {
            0 => None,
            many => Some(format!("{many} {word}")),
        }
    });
    let counted: Vec<_> = counted.collect();
    if counted.is_empty() {
        "none was reached".into()
    } else {
        counted.join(" · ")
    }
}

/// The items counted, the largest number first: `300,017 keys · 300,007 live keys`. `None` if there
/// are none.
pub fn counted(items: &Items) -> Option<String> {
    let mut largest_first: Vec<_> = items.iter().collect();
    largest_first.sort_by_key(|(item, number)| (std::cmp::Reverse(**number), item.len()));
    let items: Vec<_> = largest_first
        .into_iter()
        .map(|(item, number)| format!("{} {}", words::count(*number), item.replace('_', " ")))
        .collect();
    (!items.is_empty()).then(|| items.join(" · "))
}

#[cfg(test)]
mod tests;
