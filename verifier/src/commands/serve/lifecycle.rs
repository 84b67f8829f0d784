//! What goes on through reloads: the published state, and under which configuration is verified.
//!
//! It knows nothing of flags, sockets or exit codes.

use std::{path::PathBuf, sync::Arc};

use catalog::config;
use tokio::sync::{Mutex, watch};
use toolkit::{clock::Clock, http::service::ReloadError, published::Published};
use tracing::{error, info, warn};

use super::state::State;
use crate::{
    console::{Outside, Refusal},
    supervise::Context,
    world::World,
};

/// A configuration with everything it names opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) world: Arc<World>,
    pub(super) context: Context,
}

impl Opened {
    /// Refuses a configuration under which nothing could be verified.
    pub(super) fn new(config: config::Config, outside: &Outside) -> Result<Self, Refusal> {
        let world = Arc::new(World::of(config, outside));
        world.evidence()?;
        let context = world.context()?;
        Ok(Self { world, context })
    }

    /// Whether records of the one are read under the other.
    pub(super) fn shares_evidence(&self, other: &Self) -> bool {
        self.world.config.shares_evidence(&other.world.config)
    }
}

/// The part that goes on through reloads; clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    outside: Outside,
    published: Published<State>,
    opened: watch::Sender<Arc<Opened>>,
    /// Held during a reload, so that two are never under way.
    reloading: Mutex<()>,
}

impl Service {
    /// Nothing planned yet; `file` is what a reload reads.
    pub(super) fn new(file: PathBuf, outside: Outside, opened: Opened) -> Self {
        let config = Arc::new(opened.world.config.clone());
        let tool = opened.context.tool.clone();
        let state = State::new(&config, tool, outside.clock.now());
        Self(Arc::new(Inner {
            file,
            outside,
            published: Published::new(state),
            opened: watch::Sender::new(Arc::new(opened)),
            reloading: Mutex::default(),
        }))
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.outside.clock
    }

    /// Where states appear.
    pub(super) fn published(&self) -> &Published<State> {
        &self.0.published
    }

    /// Under what is verified, now and after each reload.
    pub(super) fn opened(&self) -> watch::Receiver<Arc<Opened>> {
        self.0.opened.subscribe()
    }

    /// Reads the configuration again. Where it cannot be used, the one before stays, and the metric
    /// and the log say so. Once begun it goes to its end, also when nobody waits for it any more.
    pub(super) async fn reload(&self) -> Result<(), ReloadError> {
        let service = self.clone();
        let reloading = tokio::spawn(async move { service.reload_to_the_end().await });
        reloading.await.unwrap_or(Err(ReloadError))
    }

    async fn reload_to_the_end(&self) -> Result<(), ReloadError> {
        let Inner {
            file,
            outside,
            published,
            opened,
            reloading,
        } = &*self.0;
        let _alone = reloading.lock().await;
        match self.reopen() {
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

    fn reopen(&self) -> Result<Opened, Refusal> {
        let loaded = config::load_file(&self.0.file)?;
        let warnings = loaded.warnings.to_string();
        if !warnings.is_empty() {
            warn!("{warnings}");
        }
        Opened::new(loaded.config, &self.0.outside)
    }
}
