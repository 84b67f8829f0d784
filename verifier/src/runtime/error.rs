//! The error of a sandbox: always on our side, never about the snapshot.

use catalog::ledger::Reason;
use thiserror::Error;

/// A failure of a sandbox or runtime; it ends the run as inconclusive.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct SandboxError {
    /// Reason for the record, one of the inconclusive ones.
    pub reason: Reason,
    /// What happened, where; then `hint: …` where something can be done.
    pub message: String,
    /// The client's own error, if there is one.
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

    /// Adds the client's own error as the cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(cause));
        self
    }
}
