//! The part of `serve` that goes on through reloads: the published state and the configuration in
//! use.
//!
//! It knows nothing of flags, sockets or exit codes.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use catalog::{config::load_file_again, model::SourceName};
use tokio::sync::{mpsc, oneshot, watch};
use toolkit::{clock::Clock, http::service::ReloadError, published::Published};
use tracing::{error, info};

use super::{
    ask::{Ask, AskRefusal},
    opened::OpenedConfig,
    state::State,
    turn::{DrillAsk, DrillTurn},
};
use crate::{
    carry_out::ChosenSnapshot,
    console::{Outside, Refusal},
    runtime::RunId,
    select::Wanted,
    supervise::OnProgress,
};

/// The part of `serve` that goes on through reloads; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    outside: Outside,
    published: Published<State>,
    opened: watch::Sender<Arc<OpenedConfig>>,
    asking: mpsc::Sender<Ask>,
    /// The other end of `asking`, until the scheduler takes it.
    asks: Mutex<Option<mpsc::Receiver<Ask>>>,
}

/// Most questions that wait for the scheduler, which answers each at once.
const ASKS_MAX: usize = 16;

impl Verifier {
    /// A verifier that has planned nothing yet; `file` is what a reload reads.
    pub(crate) fn new(file: PathBuf, outside: Outside, opened: OpenedConfig) -> Self {
        let config = Arc::new(opened.world.config.clone());
        let tool = opened.context.tool.clone();
        let state = State::new(&config, tool, outside.clock.now());
        let (asking, asks) = mpsc::channel(ASKS_MAX);
        Self(Arc::new(Inner {
            asking,
            asks: Mutex::new(Some(asks)),
            file,
            outside,
            published: Published::new(state),
            opened: watch::Sender::new(Arc::new(opened)),
        }))
    }

    /// Lets a snapshot of a source wait for its verification, and returns the id of the run; errs
    /// if it cannot be chosen, or one is under way.
    pub(crate) async fn ask(
        &self,
        source: SourceName,
        wanted: Wanted,
    ) -> Result<RunId, AskRefusal> {
        let (answer, answered) = oneshot::channel();
        let ask = Ask::Person {
            source,
            wanted,
            answer,
        };
        let sent = self.0.asking.send(ask).await;
        sent.map_err(|_| AskRefusal::Ends)?;
        answered.await.unwrap_or(Err(AskRefusal::Ends))
    }

    /// Lets a snapshot of a drill wait for its place among all verifications.
    pub(crate) async fn attempt(
        &self,
        opened: Arc<OpenedConfig>,
        chosen: ChosenSnapshot,
        on_progress: OnProgress,
    ) -> DrillTurn {
        let (begun, has_begun) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        let ask = DrillAsk {
            opened,
            chosen,
            on_progress,
            begun,
            ended,
        };
        // Where the scheduler has ended, so have both channels.
        let _ = self.0.asking.send(Ask::Drill(Box::new(ask))).await;
        DrillTurn {
            begun: has_begun,
            ended: has_ended,
        }
    }

    /// What is asked for, for the one scheduler; a second one gets nothing.
    pub(super) fn asks(&self) -> mpsc::Receiver<Ask> {
        let asks = self.0.asks.lock();
        let asks = asks.unwrap_or_else(PoisonError::into_inner).take();
        asks.unwrap_or_else(|| mpsc::channel(1).1)
    }

    /// Path of the configuration file, as a reload reads it.
    pub(crate) fn file(&self) -> &Path {
        &self.0.file
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.outside.clock
    }

    /// The state that every page is made from; replaced as a whole.
    pub(crate) fn published(&self) -> &Published<State> {
        &self.0.published
    }

    /// The configuration in use, now and after each reload.
    pub(crate) fn opened(&self) -> watch::Receiver<Arc<OpenedConfig>> {
        self.0.opened.subscribe()
    }

    /// Reads the configuration again. Where it cannot be used, the one before stays, and the metric
    /// and the log say so.
    pub(crate) fn reopen(&self) -> Result<(), ReloadError> {
        let Inner {
            file,
            outside,
            published,
            opened,
            ..
        } = &*self.0;
        let reopened = load_file_again(file).map_err(Refusal::from);
        match reopened.and_then(|config| OpenedConfig::new(config, outside)) {
            Ok(next) => {
                let before = Arc::clone(&opened.borrow());
                if next.shares_evidence(&before) {
                    next.world.goes_on_from(&before.world);
                }
                let config = Arc::new(next.world.config.clone());
                let (tool, now) = (next.context.tool.clone(), outside.clock.now());
                published.update(|state| *state = state.under(&config, tool, now));
                opened.send_replace(Arc::new(next));
                info!(file = %file.display(), "configuration loaded");
                Ok(())
            }
            Err(refusal) => {
                error!("the configuration before is kept: {}", refusal.message);
                published.update(|state| state.reload_failed = true);
                Err(ReloadError)
            }
        }
    }
}
