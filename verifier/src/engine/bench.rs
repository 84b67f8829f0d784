//! The bench an engine works at: the sandbox, and what is kept of the run.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use catalog::ledger::{Reason, Stage};
use tokio::time::Instant;

use super::{Purpose, Stopped};
use crate::runtime::{Sandbox, SandboxSpec};

/// Told which stage begins; never blocks.
pub type OnStage<'a> = &'a (dyn Fn(Stage) + Send + Sync);

/// Wraps a sandbox for one run.
pub struct Bench<'a> {
    /// The throwaway place.
    pub sandbox: &'a dyn Sandbox,
    /// As prepared by the engine.
    pub spec: &'a SandboxSpec,
    /// What for.
    pub purpose: Purpose,
    seen: &'a Mutex<RunNotes>,
    on_stage: OnStage<'a>,
}

impl fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench")
            .field("sandbox", &self.sandbox)
            .finish_non_exhaustive()
    }
}

/// What is kept of a run, however it ends.
#[derive(Debug, Clone, Default)]
pub struct RunNotes {
    /// In the order they began; they overlap.
    pub stages: Vec<StageTime>,
    /// When the restored server first answered a question.
    pub answered: Option<Instant>,
    /// Lines of the server's log that may be shown.
    pub log: Vec<String>,
}

/// The time of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageTime {
    /// Which one.
    pub stage: Stage,
    /// When it began.
    pub began: Instant,
    /// How long it took; `None` while it lasts.
    pub took: Option<Duration>,
}

impl<'a> Bench<'a> {
    /// A bench for one run; `seen` outlives it.
    pub fn new(
        sandbox: &'a dyn Sandbox,
        spec: &'a SandboxSpec,
        purpose: Purpose,
        seen: &'a Mutex<RunNotes>,
        on_stage: OnStage<'a>,
    ) -> Self {
        Self {
            sandbox,
            spec,
            purpose,
            seen,
            on_stage,
        }
    }

    /// Times one stage of the record, and says that it began.
    pub async fn stage<T>(&self, stage: Stage, work: impl Future<Output = T>) -> T {
        (self.on_stage)(stage);
        timed(self.seen, stage, work).await
    }

    /// Notes that the restored server answered; the first time counts.
    pub fn answered(&self) {
        lock(self.seen).answered.get_or_insert_with(Instant::now);
    }

    /// A place where tests end the run.
    pub fn point(&self, name: &str) -> Result<(), Stopped> {
        let reached = catalog::fault::point(name);
        reached.map_err(|error| Stopped::new(Reason::Internal, error.to_string()))
    }

    /// Keeps lines for the record; the engine has made sure that they hold no data.
    pub fn note_log(&self, lines: Vec<String>) {
        lock(self.seen).log = lines;
    }
}

/// Times one stage, also one that is never finished.
pub(crate) async fn timed<T>(
    seen: &Mutex<RunNotes>,
    stage: Stage,
    work: impl Future<Output = T>,
) -> T {
    let began = Instant::now();
    let index = {
        let stages = &mut lock(seen).stages;
        stages.push(StageTime {
            stage,
            began,
            took: None,
        });
        stages.len() - 1
    };
    let done = work.await;
    lock(seen).stages[index].took = Some(began.elapsed());
    done
}

/// A panic elsewhere leaves plain data whole.
pub(crate) fn lock(seen: &Mutex<RunNotes>) -> MutexGuard<'_, RunNotes> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
