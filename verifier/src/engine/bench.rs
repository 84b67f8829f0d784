//! The bench an engine works at: a sandbox, and the notes of the run.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use catalog::ledger::{Reason, Stage};
use tokio::time::Instant;

use super::{Purpose, Stopped};
use crate::runtime::{ByteStreamIo, Sandbox, SandboxError, SandboxSpec, ServerId};

/// Callback that is told which stage begins; never blocks.
pub type OnStage<'a> = &'a (dyn Fn(Stage) + Send + Sync);

/// The sandbox of one run with the notes of that run.
pub struct Bench<'a> {
    /// The throwaway place.
    pub sandbox: &'a dyn Sandbox,
    /// Specification of the sandbox, as the engine prepared it.
    pub spec: &'a SandboxSpec,
    /// Purpose of the restore.
    pub purpose: Purpose,
    /// The server that was fed while the bytes arrived; `None` if the engine starts one.
    pub server: Option<ServerId>,
    stream: Mutex<Option<Box<dyn ByteStreamIo>>>,
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

/// A server that was started before its bytes arrived.
pub struct FedServer {
    /// Its number.
    pub id: ServerId,
    /// A byte stream to it, if one could be opened meanwhile; nothing was said on it.
    pub stream: Option<Box<dyn ByteStreamIo>>,
}

/// Notes of a run, kept however it ends.
#[derive(Debug, Clone, Default)]
pub struct RunNotes {
    /// Stages in the order in which they began; they may overlap.
    pub stages: Vec<StageTime>,
    /// When the restored server first answered a question.
    pub answered: Option<Instant>,
    /// Lines of the server's log that may be shown.
    pub log: Vec<String>,
}

/// One stage of a run and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageTime {
    /// The stage.
    pub stage: Stage,
    /// Moment of its beginning.
    pub began: Instant,
    /// Its length; `None` while it lasts, and for ever if it was cut off.
    pub took: Option<Duration>,
}

impl<'a> Bench<'a> {
    /// Makes the bench for one run; the notes `seen` outlive it.
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
            server: None,
            stream: Mutex::default(),
            seen,
            on_stage,
        }
    }

    /// The bench with a server that was already started.
    #[must_use]
    pub fn with_server(self, fed: Option<FedServer>) -> Self {
        let server = fed.as_ref().map(|fed| fed.id);
        let stream = Mutex::new(fed.and_then(|fed| fed.stream));
        Self {
            server,
            stream,
            ..self
        }
    }

    /// Opens a byte stream to `port` of the server, or takes the one that was opened while the
    /// bytes arrived.
    pub async fn connect(&self, port: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        let open = self.stream.lock();
        let open = open.unwrap_or_else(PoisonError::into_inner).take();
        match open {
            Some(stream) => Ok(stream),
            None => self.sandbox.connect(port).await,
        }
    }

    /// Runs `work` as one stage of the record: reports its beginning and measures its time.
    pub async fn stage<T>(&self, stage: Stage, work: impl Future<Output = T>) -> T {
        (self.on_stage)(stage);
        timed(self.seen, stage, work).await
    }

    /// Notes that the restored server answered; only the first call counts.
    pub fn answered(&self) {
        lock(self.seen).answered.get_or_insert_with(Instant::now);
    }

    /// Fault point `name`, where tests end the run. Errs only with the feature `testing`.
    pub fn point(&self, name: &str) -> Result<(), Stopped> {
        let reached = catalog::fault::point(name);
        reached.map_err(|error| Stopped::new(Reason::Internal, error.to_string()))
    }

    /// Keeps lines for the record, in place of earlier ones; the engine has made sure that they
    /// hold no data.
    pub fn note_log(&self, lines: Vec<String>) {
        lock(self.seen).log = lines;
    }
}

/// Measures the time of one stage; of one that is never finished the beginning stays noted.
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

/// Locks the notes, also after a panic elsewhere: a panic leaves plain data whole.
pub(crate) fn lock(seen: &Mutex<RunNotes>) -> MutexGuard<'_, RunNotes> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
