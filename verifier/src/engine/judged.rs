//! One answered question, and what it does to the verdict.

use std::fmt::Display;

use catalog::ledger::{Basis, Finding, Outcome, Reason};

/// A finding and, unless it is harmless, the reason it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// For the record.
    pub finding: Finding,
    /// Set exactly where this answer alone keeps the snapshot from being verified.
    pub spoils: Option<Reason>,
}

impl CheckResult {
    /// Observed what was expected.
    pub fn passed(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Passed, None, message)
    }

    /// Not what was expected: the verdict is that of `reason`.
    pub fn failed(check: &str, reason: Reason, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Failed, Some(reason), message)
    }

    /// Worth saying.
    pub fn warning(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Warning, None, message)
    }

    /// The question has no meaning here.
    pub fn not_applicable(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::NotApplicable, None, message)
    }

    /// The question was never reached.
    pub fn not_run(check: &str, spoils: Option<Reason>, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::NotRun, spoils, message)
    }

    /// What was seen: numbers and words of ours.
    #[must_use]
    pub fn observed(mut self, observed: impl Display) -> Self {
        self.finding.observed = Some(observed.to_string());
        self
    }

    /// What should have been seen, and why.
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
