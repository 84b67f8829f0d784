//! What a verification is given: everything it needs, and nothing it could look up by itself.

use std::{fmt, sync::Arc, time::Duration};

use catalog::{
    evidence::{Baseline, Stage, ToolEvidence, Trigger},
    format::Format,
    model::{RepositoryName, Snapshot, SourceName},
    storage::Storage,
};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use toolkit::clock::Clock;

use crate::{
    engine::{Engine, Settings},
    runtime::{RunId, Runtime},
};

/// What every verification of one program shares.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where sandboxes come from.
    pub runtime: Arc<dyn Runtime>,
    /// For records; deadlines run on tokio's own time.
    pub clock: Clock,
    /// Raised when the program is to end: runs end as `interrupted`, their sandboxes removed.
    pub cancelled: CancellationToken,
    /// `verifier.limits.memory`.
    pub memory_bytes_max: u64,
    /// `verifier.limits.disk`.
    pub disk_bytes_max: u64,
    /// Host or pod.
    pub by: String,
    /// Who says so.
    pub tool: ToolEvidence,
}

/// One snapshot to verify.
#[derive(Clone)]
pub struct Assignment {
    /// Unique.
    pub run: RunId,
    /// What made it run.
    pub trigger: Trigger,
    /// Whose snapshot.
    pub source: SourceName,
    /// Where it lies.
    pub repository: RepositoryName,
    /// Reads it.
    pub storage: Arc<dyn Storage>,
    /// Understands its bytes.
    pub format: &'static dyn Format,
    /// Restores it.
    pub engine: &'static dyn Engine,
    /// The engine's part of the configuration.
    pub settings: Settings,
    /// In the order of preference.
    pub images: Vec<String>,
    /// The image the same snapshot is rehearsed in, once the verdict stands.
    pub rehearse: Option<String>,
    /// Which one, and what it continues.
    pub snapshot: Snapshot,
    /// How long after its last change an object that is cut off may still be growing.
    pub settle: Duration,
    /// How long it took to choose it: the stage `select`, which is over when a run begins.
    pub selected_in: Duration,
    /// Looks once more when the snapshot is gone or was replaced before it was read.
    pub select_again: SelectAgain,
    /// The nearest earlier verified recovery point, or of an acceptance.
    pub previous: Option<Baseline>,
    /// `objectives.recovery_time`.
    pub recovery_milliseconds_max: Option<u64>,
    /// From start, not from queueing.
    pub deadline: Duration,
    /// Told how it goes on.
    pub on_progress: OnProgress,
}

/// Surveys again; `None` if there is nothing any more.
pub type SelectAgain = Arc<dyn Fn() -> BoxFuture<'static, Option<Selected>> + Send + Sync>;

/// A snapshot with what it is compared to.
#[derive(Debug, Clone)]
pub struct Selected {
    /// Which one, and what it continues.
    pub snapshot: Snapshot,
    /// As of [`Assignment::previous`].
    pub previous: Option<Baseline>,
}

/// Never blocks.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// How a verification goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// This stage began.
    Stage(Stage),
    /// So many bytes of the snapshot were read.
    Bytes {
        /// Until now.
        read: u64,
        /// In all.
        of: u64,
    },
    /// The verdict stands; what follows is told of a rehearsal.
    Rehearsal,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            run,
            source,
            snapshot,
            ..
        } = self;
        write!(f, "Assignment({} of {source}, run {})", snapshot.id, run.0)
    }
}
