//! Why a sandbox did not do what it should: always on our side, never about the snapshot.

use catalog::ledger::Reason;
use thiserror::Error;

/// Ends a run as inconclusive with this reason.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct SandboxError {
    /// One of the inconclusive reasons.
    pub reason: Reason,
    /// What happened, where; then `hint: …` where something can be done.
    pub message: String,
    /// The client's own error.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl SandboxError {
    /// An error without a cause of its own.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            source: None,
        }
    }

    /// The same with the client's own error as its cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(cause));
        self
    }
}
