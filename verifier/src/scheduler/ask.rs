//! A verification that a person asks for while the scheduler runs.

use catalog::model::SourceName;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::{runtime::RunId, select::Wanted};

/// What is asked for, and the way back of the answer.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) source: SourceName,
    pub(super) wanted: Wanted,
    /// Id of the run, once its snapshot waits for room.
    pub(super) answer: oneshot::Sender<Result<RunId, AskRefusal>>,
}

/// Why nothing is verified.
#[derive(Debug, Error)]
pub(crate) enum AskRefusal {
    /// No source of this name is verified.
    #[error("No source of this name expects a proof; the page lists those that do.")]
    Unknown,
    /// The source was not looked at yet.
    #[error("The source was not looked at yet; try again in a minute.")]
    NotYet,
    /// Its snapshot cannot be chosen.
    #[error("{0}")]
    NoSnapshot(String),
    /// A verification of the source is under way.
    #[error("A verification of this source is under way.")]
    Runs,
    /// The scheduler is ending.
    #[error("The verifier is ending.")]
    Ends,
}
