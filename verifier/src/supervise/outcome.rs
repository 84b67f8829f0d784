//! Outcomes of a run and of an artifact: data that later steps only read.

use catalog::{
    format::Checksum,
    ledger::{ArtifactRecord, Fed, Reason, SandboxRecord, Stage},
};
use jiff::Timestamp;
use tokio::time::Instant;

use super::native;
use crate::{
    engine::{CheckResult, Observation, RunNotes, StageTime, Stopped},
    stream::ReadThrough,
};

/// What is known after a run, however it ended.
#[derive(Debug, Clone, Default)]
pub(super) struct RunOutcome {
    /// Readings of its objects, in order, as far as every byte was read.
    pub(super) read: Vec<ReadThrough>,
    /// When the first byte was asked for.
    pub(super) requested: Option<Instant>,
    /// True once a sandbox was asked for: before, there is nothing to be left behind.
    pub(super) asked_for: bool,
    /// Facts of the sandbox, once there was one.
    pub(super) sandbox: Option<SandboxRecord>,
    /// What the restored server answered, once it was asked.
    pub(super) observations: Option<Vec<Observation>>,
    /// Our time when the observations were made.
    pub(super) asked_at: Option<Timestamp>,
    /// True if everything arrived, and the disk had room at the end. A lack of memory is not looked
    /// for here: it ends a server, and is then the reason.
    pub(super) sound: bool,
    /// Why the run ended without an answer, or with a bad one.
    pub(super) stopped: Option<Stopped>,
    /// Why the sandbox of the run may still be there.
    pub(super) left_behind: Option<String>,
    /// Stages with their times, and the log.
    pub(super) seen: RunNotes,
    /// Stages of earlier runs, which do not count.
    pub(super) discarded: Vec<StageTime>,
}

impl RunOutcome {
    /// The outcome of a run that never began.
    pub(super) fn untried(stopped: Stopped) -> Self {
        Self {
            stopped: Some(stopped),
            ..Self::default()
        }
    }

    /// Takes over what is told of an earlier run although this run counts: how long it took, and
    /// that its sandbox may still be there.
    pub(super) fn after(&mut self, mut earlier: Self) {
        earlier.discarded.append(&mut earlier.seen.stages);
        earlier.discarded.append(&mut self.discarded);
        self.discarded = earlier.discarded;
        let left_behind = [earlier.left_behind.take(), self.left_behind.take()];
        let left_behind: Vec<_> = left_behind.into_iter().flatten().collect();
        self.left_behind = (!left_behind.is_empty()).then(|| left_behind.join("; "));
    }

    /// True unless the bytes came by a pipe and that shows nothing. The first row that fits counts:
    ///
    /// | the run | decides |
    /// |---|---|
    /// | had a complete file, or no sandbox | yes |
    /// | was ended by us, or its object is gone ([`ends_all`](Self::ends_all)) | yes |
    /// | read something that is damaged or not understood | yes, by the reading alone |
    /// | has observations, and a checksum inside vouches for the bytes | yes |
    /// | ended in any other way: refused, without a word, cut off, out of memory | no |
    pub(super) fn decides(&self) -> bool {
        if !self.is_by_pipe() || self.ends_all().is_some() {
            return true;
        }
        match self.read.last().map(|read| &read.inspection) {
            Some(inspection) if native::understood(inspection).is_err() => true,
            Some(inspection) => {
                inspection.checksum == Checksum::Verified && self.observations.is_some()
            }
            None => false,
        }
    }

    /// True if the run had a sandbox whose server read a pipe.
    pub(super) fn is_by_pipe(&self) -> bool {
        self.sandbox.as_ref().is_some_and(|it| it.fed == Fed::Pipe)
    }

    /// Reason for which no further artifact of the same snapshot need be tried.
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

    /// True if there is an observation; without one, nothing is `verified`.
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
    /// Outcome of the run that counts.
    pub(super) kept: RunOutcome,
    /// The object and what was read of it, for the checks and for the record.
    pub(super) artifact: Option<ArtifactRecord>,
    /// Answers about this artifact alone.
    pub(super) answers: Vec<CheckResult>,
    /// True if a second run did not confirm the first: nothing counted in it may accuse the
    /// snapshot.
    pub(super) doubtful: bool,
}

/// Recovery time in milliseconds: the sum over the artifacts, which are restored one after the
/// other; `None` unless all answered.
pub(super) fn recovery_milliseconds(shown: &[PartOutcome]) -> Option<u64> {
    let mut each = shown.iter().map(|shown| recovered(&shown.kept));
    let sum = each.try_fold(0_u64, |sum, each| sum.checked_add(each?));
    sum.filter(|_| !shown.is_empty())
}

/// Time from the first byte requested to the first successful answer, less our own check in
/// between.
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
