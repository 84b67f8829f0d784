//! What a verification is given: everything it needs, and nothing it could look up by itself.

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

use super::outcome::RunOutcome;
use crate::{
    engine::{Engine, Settings},
    report,
    runtime::{RunId, Runtime},
    stream::ReadThrough,
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
    pub tool: ToolRecord,
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
pub type SelectAgain = Arc<dyn Fn() -> BoxFuture<'static, Option<Selection>> + Send + Sync>;

/// A snapshot with what it is compared to.
#[derive(Debug, Clone)]
pub struct Selection {
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

impl Assignment {
    /// Whether findings must say which artifact they are about.
    pub(super) fn is_of_several(&self) -> bool {
        self.snapshot.artifacts.len() > 1
    }

    /// What `*` of the path matched, as it may be printed; `None` where there is only one.
    pub(super) fn name_of(&self, index: usize) -> Option<String> {
        let artifact: &Artifact = self.snapshot.artifacts.get(index)?;
        self.is_of_several()
            .then(|| report::printable(&artifact.name))
    }

    /// What the snapshot continues, the full one first; nothing where that is not known.
    pub(super) fn before(&self) -> Vec<&Snapshot> {
        self.snapshot.before().unwrap_or_default()
    }

    /// What is read for the artifact of this index: what it continues, and itself as the last.
    pub(super) fn objects(&self, index: usize) -> Vec<&ObjectMeta> {
        let before = self.before().into_iter();
        let before = before.filter_map(|snapshot| snapshot.artifacts.first());
        let own = self.snapshot.artifacts.get(index);
        before.chain(own).map(|artifact| &artifact.meta).collect()
    }

    /// What was read of the artifact itself, behind what it continues.
    pub(super) fn own<'a>(&self, kept: &'a RunOutcome) -> Option<&'a ReadThrough> {
        kept.read.get(self.before().len())
    }

    /// Its own one.
    pub(super) fn manifest_of(&self, index: usize) -> Option<&Manifest> {
        let artifact = self.snapshot.artifacts.get(index)?;
        self.snapshot.manifests.get(&artifact.meta.key)
    }

    /// Bytes of the objects that all its runs read.
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
