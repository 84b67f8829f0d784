//! What became of one source in a drill. Plain data.

use std::{collections::BTreeMap, time::Duration};

use catalog::{
    ledger::{Reason, Verdict},
    model::{Snapshot, SnapshotState, SourceName},
};
use jiff::Timestamp;

use super::order::Span;
use crate::report::Report;

/// The snapshot that was chosen for a source.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// The snapshot, with what it continues.
    pub(super) snapshot: Snapshot,
    /// The newest snapshot of any state, if it is another one: from when it is, and its state.
    pub(super) newer: Option<(Timestamp, SnapshotState)>,
}

/// What became of one source of a drill.
#[derive(Debug, Clone)]
pub(super) struct DrillPart {
    /// The chosen snapshot, or why there is none.
    pub(super) choice: Result<Choice, String>,
    /// The attempts, in their order; none if there was nothing to restore, or no time any more.
    pub(super) attempts: Vec<Attempted>,
    /// From being ready until it had a place.
    pub(super) waited: Span,
    /// From having a place until the verdict.
    pub(super) ran: Span,
    /// When it got its place; `None` if it never began.
    pub(super) began_at: Option<Timestamp>,
    /// When it had its verdict.
    pub(super) ended_at: Option<Timestamp>,
}

/// Sources with what became of them.
pub(super) type Parts = BTreeMap<SourceName, DrillPart>;

/// One attempt at a source.
#[derive(Debug, Clone)]
pub(super) struct Attempted {
    /// The verification; `None` if it could not begin.
    pub(super) report: Option<Report>,
    /// Why it could not begin, or its record could not be written.
    pub(super) problem: Option<String>,
}

impl Attempted {
    /// The verdict; one that never began is inconclusive.
    pub(super) fn verdict(&self) -> Verdict {
        let report = self.report.as_ref();
        report.map_or(Verdict::Inconclusive, |it| it.verification.verdict)
    }

    /// Why the verdict is not `verified`.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.report.as_ref().and_then(|it| it.verification.reason)
    }

    /// True if a second attempt may tell more: it was inconclusive, nobody interrupted it, and no
    /// line of the configuration is missing.
    pub(super) fn is_worth_another(&self) -> bool {
        let settled = |it: Reason| it == Reason::Interrupted || it.is_mendable();
        self.verdict() == Verdict::Inconclusive && !self.reason().is_some_and(settled)
    }
}

impl DrillPart {
    /// A source that never got a place.
    pub(super) fn unbegun(choice: Result<Choice, String>, waited: Span) -> Self {
        let end: Duration = waited.1;
        Self {
            choice,
            attempts: Vec::new(),
            waited,
            ran: (end, end),
            began_at: None,
            ended_at: None,
        }
    }

    /// The last attempt, which counts.
    pub(super) fn last(&self) -> Option<&Attempted> {
        self.attempts.last()
    }

    /// The verdict on the source; inconclusive if nothing was restored.
    pub(super) fn verdict(&self) -> Verdict {
        self.last()
            .map_or(Verdict::Inconclusive, Attempted::verdict)
    }
}

/// A message with its hint on one line.
pub(super) fn one_line(message: &str) -> String {
    message.replace("\nhint: ", "; hint: ").replace('\n', " ")
}

#[cfg(test)]
pub(super) mod fixtures;
