//! One run of one artifact: its state, what is kept of it, and what may end it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use catalog::{
    ledger::{Reason, Stage},
    model::ObjectMeta,
};
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{Assignment, Context, Progress, outcome::RunOutcome};
use crate::{
    engine::{Purpose, RunNotes, Stopped, lock, timed},
    runtime::RunId,
};

/// Time that a provisioning may go on after the run was ended: a request half-way to a runtime must
/// not create what the removal no longer sees.
const PROVISION_GRACE: Duration = Duration::from_secs(5);

/// A snapshot that is tried, what for, and until when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) context: &'a Context,
    pub(super) assignment: &'a Assignment,
    pub(super) purpose: Purpose,
    pub(super) deadline: Instant,
}

/// One artifact of a trial.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) trial: Trial<'a>,
    pub(super) index: usize,
}

/// One run: its state, and what may end it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) context: Context,
    pub(super) assignment: Assignment,
    pub(super) purpose: Purpose,
    /// Index of the artifact in its snapshot.
    pub(super) index: usize,
    pub(super) id: RunId,
    pub(super) deadline: Instant,
    pub(super) ends_at: Timestamp,
    /// True if the server may read the bytes as they arrive; false if it must have a complete file.
    pub(super) may_stream: bool,
    pub(super) seen: Mutex<RunNotes>,
    kept: Mutex<RunOutcome>,
}

impl Run {
    /// A run of one artifact in whatever way the engine takes the bytes first.
    pub(super) fn streaming(part: &Part<'_>, why: Option<&str>) -> Arc<Self> {
        let may_stream = true;
        Arc::new(Self {
            may_stream,
            ..Self::new(part, why)
        })
    }

    /// A run of one artifact from a complete file. `why` names a further run of the same
    /// verification (`again`, `file`, `reselected`), which has an id and labels of its own.
    pub(super) fn of(part: &Part<'_>, why: Option<&str>) -> Arc<Self> {
        Arc::new(Self::new(part, why))
    }

    fn new(part: &Part<'_>, why: Option<&str>) -> Self {
        let Part { trial, index } = *part;
        let Trial {
            context,
            assignment,
            purpose,
            deadline,
        } = trial;
        let mut run = assignment.run.0.clone();
        if assignment.is_of_several() {
            run = format!("{run}-{}", index + 1);
        }
        if let Some(why) = why {
            run = format!("{run}-{why}");
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let ends_at = context.clock.now().saturating_add(left);
        Self {
            context: context.clone(),
            assignment: assignment.clone(),
            purpose,
            index,
            id: RunId(run),
            deadline,
            ends_at: ends_at.unwrap_or(Timestamp::MAX),
            may_stream: false,
            seen: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    /// The objects this run reads: what the artifact continues, and itself as the last.
    pub(super) fn objects(&self) -> Vec<&ObjectMeta> {
        self.assignment.objects(self.index)
    }

    /// Notes something in the outcome of the run.
    pub(super) fn keep(&self, note: impl FnOnce(&mut RunOutcome)) {
        note(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Times a stage and says that it began.
    pub(super) async fn stage<T>(&self, stage: Stage, work: impl Future<Output = T>) -> T {
        (self.assignment.on_progress)(Progress::Stage(stage));
        timed(&self.seen, stage, work).await
    }

    /// Awaits `work`; errs as soon as the run is to end.
    pub(super) async fn guard<T>(
        &self,
        work: impl Future<Output = Result<T, Stopped>>,
    ) -> Result<T, Stopped> {
        tokio::select! {
            biased;
            stopped = self.ended() => Err(stopped),
            done = work => done,
        }
    }

    /// As [`guard`](Self::guard), but leaves `work` a moment to come to its end.
    pub(super) async fn guard_gently<T>(
        &self,
        work: impl Future<Output = Result<T, Stopped>>,
    ) -> Result<T, Stopped> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            stopped = self.ended() => {
                let _ = timeout(PROVISION_GRACE, work).await;
                Err(stopped)
            }
            done = &mut work => done,
        }
    }

    /// Errs if the run is to end before it began.
    pub(super) fn may_begin(&self) -> Result<(), Stopped> {
        if self.context.cancelled.is_cancelled() {
            return Err(interrupted());
        }
        if Instant::now() >= self.deadline {
            return Err(self.late());
        }
        Ok(())
    }

    /// What is known of the run by now.
    pub(super) fn outcome(&self) -> RunOutcome {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        RunOutcome {
            seen: lock(&self.seen).clone(),
            ..kept.clone()
        }
    }

    /// Waits until the run is to end, and says why.
    async fn ended(&self) -> Stopped {
        tokio::select! {
            () = self.context.cancelled.cancelled() => interrupted(),
            () = tokio::time::sleep_until(self.deadline) => self.late(),
        }
    }

    fn late(&self) -> Stopped {
        let allowed = self.assignment.deadline.as_secs();
        let message = format!(
            "not done within {allowed} s\nhint: Raise verify.deadline, or look at the stages for \
             what took so long."
        );
        Stopped::new(Reason::Deadline, message)
    }
}

fn interrupted() -> Stopped {
    Stopped::new(Reason::Interrupted, "the verifier was told to end")
}
