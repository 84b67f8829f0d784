//! How the outcome of verifications is told: to people, to tickets, to programs.
//!
//! Pure: a record goes in, text comes out. Nothing of a snapshot's data is in a record, so nothing
//! of it can be told.

mod markdown;
mod text;

use std::collections::BTreeMap;

use catalog::ledger::{Finding, Outcome, Reason, RehearsalRecord, Verdict, Verification};
use serde_json::Value;
use toolkit::words;

pub use markdown::markdown;
pub use text::{printable, text};

/// A verification as it stands in the ledger.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was seen.
    pub verification: Verification,
    /// Where it was written; `None` if the evidence could not be written.
    pub written: Option<WrittenRecord>,
}

/// Where a record was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRecord {
    /// Position in its chain.
    pub sequence: u64,
    /// `sha256:…`
    pub digest: String,
    /// The record as it lies there.
    pub text: String,
}

impl Report {
    /// The record as it lies in the ledger; what it would have been where it could not be written.
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

/// The same of a rehearsal.
pub fn headline_of(rehearsal: &RehearsalRecord) -> String {
    worded(rehearsal.verdict, rehearsal.reason)
}

fn worded(verdict: Verdict, reason: Option<Reason>) -> String {
    let verdict = verdict.as_label();
    match reason {
        Some(reason) => format!("{verdict} ({})", reason.as_label()),
        None => verdict.into(),
    }
}

/// The findings a person has to read: what is wrong, and of what could not be told, why not.
fn told(verification: &Verification) -> impl Iterator<Item = &Finding> {
    explaining(verification.verdict, &verification.findings)
}

/// The same of a rehearsal; what the verification has told already is not told again.
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

/// How many checks ended how: `9 passed · 1 warning`, the worst first.
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

/// What was counted, the most first: `300,017 keys · 300,007 live keys`.
pub fn counted(items: &BTreeMap<String, u64>) -> Option<String> {
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
