//! The answer to one check, and its effect on the verdict.

use std::fmt::Display;

use catalog::ledger::{Basis, Finding, Outcome, Reason};

/// A finding and, unless it is harmless, the reason it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// The finding for the record.
    pub finding: Finding,
    /// Reason of the verdict, set if and only if this answer alone keeps the snapshot from being
    /// verified.
    pub spoils: Option<Reason>,
}

impl CheckResult {
    /// The observation is as expected.
    pub fn passed(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Passed, None, message)
    }

    /// The observation is not as expected; the verdict is that of `reason`.
    pub fn failed(check: &str, reason: Reason, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Failed, Some(reason), message)
    }

    /// Something worth telling that leaves the verdict alone.
    pub fn warning(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Warning, None, message)
    }

    /// The question has no meaning here.
    pub fn not_applicable(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::NotApplicable, None, message)
    }

    /// The question was not answered; `spoils` is set if the verdict depends on it.
    pub fn not_run(check: &str, spoils: Option<Reason>, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::NotRun, spoils, message)
    }

    /// Adds what was observed: numbers and words of ours, never data of the snapshot.
    #[must_use]
    pub fn observed(mut self, observed: impl Display) -> Self {
        self.finding.observed = Some(observed.to_string());
        self
    }

    /// Adds what was expected, and the basis of that expectation.
    #[must_use]
    pub fn expected(mut self, expected: impl Display, basis: Basis) -> Self {
        self.finding.expected = Some(expected.to_string());
        self.finding.basis = Some(basis);
        self
    }

    fn new(
        check: &str,
        outcome: Outcome,
        spoils: Option<Reason>,
        message: impl Into<String>,
    ) -> Self {
        let finding = Finding {
            check: check.into(),
            outcome,
            observed: None,
            expected: None,
            basis: None,
            message: message.into(),
        };
        Self { finding, spoils }
    }
}
