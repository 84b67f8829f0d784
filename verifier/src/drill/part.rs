//! What became of one source in a drill. Plain data.

use std::collections::BTreeMap;

use catalog::{
    ledger::{Reason, Verdict},
    model::{Snapshot, SnapshotState, SourceName},
};
use jiff::Timestamp;

use super::order::Span;
use crate::{carry_out::Carried, console::Refusal, report::Report};

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
    /// Times from being ready until it had a place.
    pub(super) waited: Vec<Span>,
    /// Times from having a place until the end of an attempt.
    pub(super) ran: Vec<Span>,
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
    /// The attempt that came to this.
    pub(super) fn of(carried: Carried) -> Self {
        match carried {
            Ok((report, problem)) => Self {
                report: Some(report),
                problem,
            },
            Err(why) => Self {
                report: None,
                problem: Some(Refusal::from(why).message),
            },
        }
    }

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
    /// A source that was not attempted yet.
    pub(super) const fn new(choice: Result<Choice, String>) -> Self {
        Self {
            choice,
            attempts: Vec::new(),
            waited: Vec::new(),
            ran: Vec::new(),
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
