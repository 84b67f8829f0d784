//! What is known after a run, and of an artifact in the end: data that later steps only read.

use catalog::ledger::{ArtifactRecord, Reason, SandboxRecord, Stage};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    engine::{CheckResult, Observation, RunNotes, StageTime, Stopped},
    stream::ReadThrough,
};

/// What is known after a run, however it ended.
#[derive(Debug, Clone, Default)]
pub(super) struct RunOutcome {
    /// Its objects, in order, as far as every byte of them was read.
    pub(super) read: Vec<ReadThrough>,
    /// When the first byte was asked for.
    pub(super) requested: Option<Instant>,
    /// Set once a sandbox was asked for: before, there is nothing to be left behind.
    pub(super) asked_for: bool,
    /// Set once there was a sandbox.
    pub(super) sandbox: Option<SandboxRecord>,
    /// Set once a restored server was asked.
    pub(super) observations: Option<Vec<Observation>>,
    /// Our time when they were made.
    pub(super) asked_at: Option<Timestamp>,
    /// Everything arrived, and the disk had room at the end. A lack of memory ends a server, and
    /// is then the reason.
    pub(super) sound: bool,
    /// Why it ended without an answer, or with a bad one.
    pub(super) stopped: Option<Stopped>,
    /// Why its sandbox may still be there.
    pub(super) left_behind: Option<String>,
    /// Stages, log.
    pub(super) seen: RunNotes,
    /// Of runs before, which do not count.
    pub(super) discarded: Vec<StageTime>,
}

impl RunOutcome {
    /// It never began.
    pub(super) fn untried(stopped: Stopped) -> Self {
        Self {
            stopped: Some(stopped),
            ..Self::default()
        }
    }

    /// What is told of an earlier run although this one counts: how long it took, and that its
    /// sandbox may still be there.
    pub(super) fn after(&mut self, mut earlier: Self) {
        earlier.discarded.append(&mut earlier.seen.stages);
        earlier.discarded.append(&mut self.discarded);
        self.discarded = earlier.discarded;
        let left_behind = [earlier.left_behind.take(), self.left_behind.take()];
        let left_behind: Vec<_> = left_behind.into_iter().flatten().collect();
        self.left_behind = (!left_behind.is_empty()).then(|| left_behind.join("; "));
    }

    /// Why no further artifact of the same snapshot need be tried.
    pub(super) fn ends_all(&self) -> Option<Reason> {
        const ALL: [Reason; 4] = [
            Reason::Interrupted,
            Reason::Deadline,
            Reason::Vanished,
            Reason::Replaced,
        ];
        let reason = self.stopped.as_ref()?.reason;
        ALL.contains(&reason).then_some(reason)
    }

    /// No observation, no `verified`.
    pub(super) fn observed(&self) -> bool {
        self.observations
            .as_ref()
            .is_some_and(|observations| !observations.is_empty())
    }

    pub(super) fn stopped_by(&self, reasons: &[Reason]) -> bool {
        self.stopped
            .as_ref()
            .is_some_and(|stopped| reasons.contains(&stopped.reason))
    }
}

/// What is known of an artifact in the end.
#[derive(Debug)]
pub(super) struct PartOutcome {
    /// Of the run that counts.
    pub(super) kept: RunOutcome,
    /// Which object it is, and what was read of it: for the checks and for the record.
    pub(super) artifact: Option<ArtifactRecord>,
    /// About this artifact alone.
    pub(super) answers: Vec<CheckResult>,
    /// A second run did not confirm the first: nothing counted in it may accuse the snapshot.
    pub(super) doubtful: bool,
}

/// The sum over the artifacts, which are restored one after the other; `None` unless all answered.
pub(super) fn recovery_milliseconds(shown: &[PartOutcome]) -> Option<u64> {
    let mut each = shown.iter().map(|shown| recovered(&shown.kept));
    let sum = each.try_fold(0_u64, |sum, each| sum.checked_add(each?));
    sum.filter(|_| !shown.is_empty())
}

/// First byte requested to first successful answer, less our own check in between.
fn recovered(kept: &RunOutcome) -> Option<u64> {
    let (requested, answered) = (kept.requested?, kept.seen.answered?);
    let ours = kept
        .seen
        .stages
        .iter()
        .filter(|stage| stage.stage == Stage::Check);
    let ours = ours.filter_map(|stage| stage.took).sum();
    let took = answered
        .checked_duration_since(requested)?
        .saturating_sub(ours);
    u64::try_from(took.as_millis()).ok()
}
