//! One run of one artifact in one sandbox: the body on a task of its own, then always the removal.
//!
//! The body may fail, panic or be cut off at its deadline; what it had kept until then is read
//! after it. The removal runs under its own deadline and nobody cancels it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use catalog::ledger::{Reason, Stage};
use futures::FutureExt as _;
use tokio::time::timeout;

use super::{outcome::RunOutcome, run::Run, steps};
use crate::{
    engine::{RunNotes, Stopped, lock},
    stream::ReadThrough,
};

/// Longest removal; what is left then is for a sweep.
const DESTROY_MAX: Duration = Duration::from_mins(2);

/// Runs to the end and removes the sandbox, also when nobody waits for the returned future.
pub(super) async fn attempt(run: &Arc<Run>) -> RunOutcome {
    let whole = tokio::spawn(body_then_destroy(Arc::clone(run)));
    if whole.await.is_err() {
        run.keep(|kept| kept.left_behind = Some("its removal broke off".into()));
    }
    run.outcome()
}

/// Reads the object `at` once more without a sandbox: hash and native inspection of the same pin.
pub(super) async fn read_again(
    run: &Arc<Run>,
    at: usize,
    seen: &mut RunNotes,
) -> Result<ReadThrough, Stopped> {
    let read = run.guard(run.stage(Stage::Inspect, steps::read(run, at, None)));
    let passed = AssertUnwindSafe(read)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(panicked()));
    seen.stages.extend(lock(&run.seen).stages.iter().copied());
    passed
}

async fn body_then_destroy(run: Arc<Run>) {
    let body = Arc::clone(&run);
    let ended = tokio::spawn(async move { Box::pin(steps::all(&body)).await }).await;
    let stopped = ended.unwrap_or_else(|_| Err(panicked())).err();
    run.keep(|kept| kept.stopped = stopped);
    let destroying = run.context.runtime.destroy(&run.id);
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

pub(super) fn panicked() -> Stopped {
    let message = "the verifier made a mistake of its own\nhint: Report it, with the log.";
    Stopped::new(Reason::Internal, message)
}
