//! One run of one artifact in one sandbox: the body on a task of its own, then always the removal.
//!
//! The body may fail, panic or be cut off at its deadline; what it had kept until then is read
//! after it. The removal runs under its own deadline and nobody cancels it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use catalog::{
    evidence::{Reason, SandboxEvidence, Stage},
    model::ObjectMeta,
};
use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{Assignment, Context, Progress, part::Part, steps};
use crate::{
    engine::{Observation, Purpose, Seen, StageTime, Stopped, lock, timed},
    runtime::RunId,
    stream::Passed,
};

/// Longest removal; what is left then is for a sweep.
const DESTROY_MAX: Duration = Duration::from_mins(2);

/// How long a provisioning may go on after the run was ended: a request half-way to an engine must
/// not create what the removal no longer sees.
const PROVISION_GRACE: Duration = Duration::from_secs(5);

/// One run.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) context: Context,
    pub(super) assignment: Assignment,
    pub(super) purpose: Purpose,
    /// Of the artifact.
    pub(super) index: usize,
    pub(super) run: RunId,
    pub(super) deadline: Instant,
    pub(super) ends_at: Timestamp,
    pub(super) seen: Mutex<Seen>,
    kept: Mutex<Kept>,
}

/// What is known after a run, however it ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    /// Its objects, in order, as far as every byte of them was read.
    pub(super) read: Vec<Passed>,
    /// When the first byte was asked for.
    pub(super) requested: Option<Instant>,
    /// Set once a sandbox was asked for: before, there is nothing to be left behind.
    pub(super) asked_for: bool,
    /// Set once there was a sandbox.
    pub(super) sandbox: Option<SandboxEvidence>,
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
    pub(super) seen: Seen,
    /// Of runs before, which do not count.
    pub(super) discarded: Vec<StageTime>,
}

impl Kept {
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

impl Attempt {
    pub(super) fn new(part: &Part<'_>, run: RunId) -> Arc<Self> {
        let Part {
            context, deadline, ..
        } = *part;
        let left = deadline.saturating_duration_since(Instant::now());
        let ends_at = context
            .clock
            .now()
            .saturating_add(left)
            .unwrap_or(Timestamp::MAX);
        Arc::new(Self {
            context: context.clone(),
            assignment: part.assignment.clone(),
            purpose: part.purpose,
            index: part.index,
            run,
            deadline,
            ends_at,
            seen: Mutex::default(),
            kept: Mutex::default(),
        })
    }

    /// The objects this run reads: what the artifact continues, and itself as the last.
    pub(super) fn objects(&self) -> Vec<&ObjectMeta> {
        self.assignment.objects(self.index)
    }

    /// Notes something for after the run.
    pub(super) fn keep(&self, note: impl FnOnce(&mut Kept)) {
        note(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Times a stage and says that it began.
    pub(super) async fn stage<T>(&self, stage: Stage, work: impl Future<Output = T>) -> T {
        (self.assignment.on_progress)(Progress::Stage(stage));
        timed(&self.seen, stage, work).await
    }

    /// Ends `work` when the run is to end.
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

    /// Whether the run is to end before it began.
    pub(super) fn may_begin(&self) -> Result<(), Stopped> {
        if self.context.cancelled.is_cancelled() {
            return Err(interrupted());
        }
        if Instant::now() >= self.deadline {
            return Err(self.late());
        }
        Ok(())
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

/// Runs to the end and removes what it made; goes on when the caller does not wait.
pub(super) async fn attempt(run: &Arc<Attempt>) -> Kept {
    let whole = tokio::spawn(body_then_destroy(Arc::clone(run)));
    if whole.await.is_err() {
        run.keep(|kept| kept.left_behind = Some("its removal broke off".into()));
    }
    finish(run)
}

/// Only reads one of the objects: hash and native inspection of the same pin.
pub(super) async fn read_again(
    run: &Arc<Attempt>,
    at: usize,
    seen: &mut Seen,
) -> Result<Passed, Stopped> {
    let read = run.guard(run.stage(Stage::Inspect, steps::read(run, at, None)));
    let passed = AssertUnwindSafe(read)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(panicked()));
    seen.stages.extend(lock(&run.seen).stages.iter().copied());
    passed
}

async fn body_then_destroy(run: Arc<Attempt>) {
    let body = Arc::clone(&run);
    let ended = tokio::spawn(async move { Box::pin(steps::all(&body)).await }).await;
    let stopped = ended.unwrap_or_else(|_| Err(panicked())).err();
    run.keep(|kept| kept.stopped = stopped);
    let destroying = run.context.runtime.destroy(&run.run);
    let destroyed = run
        .stage(Stage::Destroy, timeout(DESTROY_MAX, destroying))
        .await;
    let left_behind = match destroyed {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.message),
        Err(_) => Some("its removal took too long".into()),
    };
    run.keep(|kept| kept.left_behind = left_behind.filter(|_| kept.asked_for));
    let _ = catalog::fault::point("destroyed");
}

fn finish(run: &Attempt) -> Kept {
    let mut kept = run
        .kept
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    kept.seen = lock(&run.seen).clone();
    kept
}

fn interrupted() -> Stopped {
    Stopped::new(Reason::Interrupted, "the verifier was told to end")
}

pub(super) fn panicked() -> Stopped {
    let message = "the verifier made a mistake of its own\nhint: Report it, with the log.";
    Stopped::new(Reason::Internal, message)
}
