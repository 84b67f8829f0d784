//! The input of a verification: everything it needs, and nothing it could look up by itself.

use std::{fmt, sync::Arc, time::Duration};

use catalog::{
    format::Format,
    ledger::{Baseline, Stage, ToolRecord, Trigger},
    manifest::Manifest,
    model::{Artifact, ObjectMeta, RepositoryName, Snapshot, SnapshotFacts, SourceName},
    storage::Storage,
};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use toolkit::clock::Clock;

use super::{outcome::RunOutcome, pipeless::PipelessImages};
use crate::{
    engine::{Engine, Settings},
    report,
    runtime::{RunId, Runtime},
    stream::ReadThrough,
};

/// Everything that the verifications of one program share.
#[derive(Debug, Clone)]
pub struct Context {
    /// The runtime that makes sandboxes.
    pub runtime: Arc<dyn Runtime>,
    /// The clock that dates records; deadlines run on tokio's own time.
    pub clock: Clock,
    /// Raised when the program is to end: runs end as `interrupted`, their sandboxes removed.
    pub cancelled: CancellationToken,
    /// `verifier.limits.memory`, in bytes.
    pub memory_bytes_max: u64,
    /// `verifier.limits.disk`, in bytes.
    pub disk_bytes_max: u64,
    /// Name of the host or pod that verifies.
    pub by: String,
    /// Version and configuration of the verifier that writes the records.
    pub tool: ToolRecord,
    /// Images whose servers are fed by file alone.
    pub pipeless: PipelessImages,
    /// Decides what verifications come to, instead of sandboxes.
    #[cfg(any(test, feature = "testing"))]
    pub script: Option<super::ScriptedVerdicts>,
}

/// One snapshot to verify.
#[derive(Clone)]
pub struct Assignment {
    /// Id of the run; unique.
    pub run: RunId,
    /// What made the verification run.
    pub trigger: Trigger,
    /// Source of the snapshot.
    pub source: SourceName,
    /// Repository that holds the snapshot.
    pub repository: RepositoryName,
    /// Driver that reads the snapshot.
    pub storage: Arc<dyn Storage>,
    /// Format that understands the bytes of the snapshot.
    pub format: &'static dyn Format,
    /// Engine that restores the snapshot.
    pub engine: &'static dyn Engine,
    /// The engine's part of the configuration.
    pub settings: Settings,
    /// Images to restore in, in the order of preference.
    pub images: Vec<String>,
    /// The image the same snapshot is rehearsed in, once the verdict stands.
    pub rehearse: Option<String>,
    /// The snapshot to verify, with what it continues.
    pub snapshot: Snapshot,
    /// Time after its last change in which an object that is cut off may still be growing.
    pub settle: Duration,
    /// Time that choosing the snapshot took: the stage `select`, which is over when a run begins.
    pub selected_in: Duration,
    /// Chooses once more when the snapshot is gone or was replaced before it was read.
    pub select_again: SelectAgain,
    /// Baseline of the contents: the nearest earlier verified recovery point, or an acceptance.
    pub previous: Option<Baseline>,
    /// `objectives.recovery_time`, in milliseconds.
    pub recovery_milliseconds_max: Option<u64>,
    /// Time the verification may take, from its start, not from queueing.
    pub deadline: Duration,
    /// Called with every step of the progress.
    pub on_progress: OnProgress,
}

/// Surveys again and chooses; `None` if there is nothing any more.
pub type SelectAgain = Arc<dyn Fn() -> BoxFuture<'static, Option<Selection>> + Send + Sync>;

/// A snapshot with what it is compared to.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The chosen snapshot, with what it continues.
    pub snapshot: Snapshot,
    /// Baseline of the contents, as in [`Assignment::previous`].
    pub previous: Option<Baseline>,
}

/// Takes a step of the progress; never blocks.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// A step in the progress of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// This stage began.
    Stage(Stage),
    /// So many bytes of the snapshot were read.
    Bytes {
        /// Bytes read until now.
        read: u64,
        /// Bytes to read in all.
        of: u64,
    },
    /// The verdict stands; what follows is told of a rehearsal.
    Rehearsal,
}

impl Assignment {
    /// True if the snapshot has several artifacts, so that findings must say which they are about.
    pub(super) fn is_of_several(&self) -> bool {
        self.snapshot.artifacts.len() > 1
    }

    /// Name of an artifact, as it may be printed: what `*` of the path matched. `None` where there
    /// is only one artifact.
    pub(super) fn name_of(&self, index: usize) -> Option<String> {
        let artifact: &Artifact = self.snapshot.artifacts.get(index)?;
        self.is_of_several()
            .then(|| report::printable(&artifact.name))
    }

    /// Snapshots that the snapshot continues, the full one first; none where they are not known.
    pub(super) fn before(&self) -> Vec<&Snapshot> {
        self.snapshot.before().unwrap_or_default()
    }

    /// Objects to read for the artifact of this index: what it continues, and itself as the last.
    pub(super) fn objects(&self, index: usize) -> Vec<&ObjectMeta> {
        let before = self.before().into_iter();
        let before = before.filter_map(|snapshot| snapshot.artifacts.first());
        let own = self.snapshot.artifacts.get(index);
        before.chain(own).map(|artifact| &artifact.meta).collect()
    }

    /// The reading of the artifact itself, which comes behind what it continues; `None` if it was
    /// not read to its end.
    pub(super) fn own<'a>(&self, kept: &'a RunOutcome) -> Option<&'a ReadThrough> {
        kept.read.get(self.before().len())
    }

    /// The manifest of the artifact of this index; `None` if it has none.
    pub(super) fn manifest_of(&self, index: usize) -> Option<&Manifest> {
        let artifact = self.snapshot.artifacts.get(index)?;
        self.snapshot.manifests.get(&artifact.meta.key)
    }

    /// Bytes of the objects to read, as stored: all artifacts, and what they continue.
    pub(super) fn size_bytes(&self) -> u64 {
        self.snapshot.lineage_bytes()
    }

    /// Facts from the head of the only artifact. `None` with several artifacts (the survey merges
    /// their heads), or if the survey did not read the head.
    pub(super) fn facts_of_only(&self) -> Option<&SnapshotFacts> {
        let facts = &self.snapshot.facts;
        (!self.is_of_several() && facts.version.is_some()).then_some(facts)
    }
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
