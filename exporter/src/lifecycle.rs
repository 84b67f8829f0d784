//! The part of the program that goes on through reloads: it holds the published state, and replaces
//! the surveyor when the configuration changes.
//!
//! It knows nothing of flags, sockets or exit codes.

use std::{
    fmt::{self, Display},
    path::PathBuf,
    sync::Arc,
};

use catalog::config::load_file_again;
use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use toolkit::{
    clock::Clock,
    exposition::ExpositionError,
    http::{
        DoorState, Route,
        service::{Program, ReloadError},
    },
    problem,
    published::Published,
};
use tracing::{error, info};

use crate::{
    families::exposition_text,
    page::page,
    state::State,
    surveyor::{Jitter, Surveyor, World},
    world,
};

/// The exporter, which goes on through reloads; clones are the same exporter.
#[derive(Debug, Clone)]
pub struct Exporter(Arc<Inner>);

struct Inner {
    file: PathBuf,
    clock: Clock,
    jitter: Jitter,
    published: Published<State>,
    /// The surveying under way. Locked throughout a reload or stop.
    running: Mutex<Option<Running>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

struct Running {
    world: Arc<World>,
    stop: CancellationToken,
    loops: JoinHandle<()>,
}

impl Exporter {
    /// An exporter that has surveyed nothing yet; `file` is the configuration that a reload reads.
    pub fn new(file: PathBuf, world: &World, clock: Clock, jitter: Jitter) -> Self {
        let state = State::new(Arc::clone(&world.config), clock.now());
        Self(Arc::new(Inner {
            file,
            clock,
            jitter,
            published: Published::new(state),
            running: Mutex::new(None),
        }))
    }

    /// The state of this exporter, as it is published.
    pub fn published(&self) -> Published<State> {
        self.0.published.clone()
    }

    /// A surveyor of `world`, which publishes to this exporter.
    pub fn surveyor(&self, world: Arc<World>) -> Surveyor {
        let Inner {
            clock,
            jitter,
            published,
            ..
        } = &*self.0;
        Surveyor::new(world, published.clone(), clock.clone(), Arc::clone(jitter))
    }

    /// Starts surveying `world`, until a reload or stop.
    pub async fn start(&self, world: Arc<World>) {
        *self.0.running.lock().await = Some(self.running(world));
    }

    fn running(&self, world: Arc<World>) -> Running {
        let stop = CancellationToken::new();
        let surveyor = self.surveyor(Arc::clone(&world));
        let stopping = stop.clone();
        let loops = tokio::spawn(async move { surveyor.run(stopping).await });
        Running { world, stop, loops }
    }

    /// Ends surveying.
    pub async fn stop(&self) {
        if let Some(running) = self.0.running.lock().await.take() {
            running.end().await;
        }
    }
}

impl Program for Exporter {
    fn page(&self) -> Result<String, impl Display> {
        page(&self.published().get(), self.0.clock.now())
    }

    fn metrics(&self, door: Option<DoorState>) -> Result<String, ExpositionError> {
        exposition_text(&self.published().get(), self.0.clock.now(), door)
    }

    fn own_routes(&self) -> Vec<Route> {
        alerts::routes("backup-exporter")
    }

    fn not_ready(&self) -> Option<&'static str> {
        let not_yet = "The first survey has not ended yet.";
        (!self.published().get().is_ready()).then_some(not_yet)
    }

    /// Reads the configuration again. If it cannot be used, the one before stays in use, and metric
    /// and log say so.
    async fn reload(&self) -> Result<(), ReloadError> {
        let mut running = self.0.running.lock().await;
        let before = running.as_ref().map(|running| &*running.world);
        let opened = load_file_again(&self.0.file).map(|config| world::open(config, before));
        match opened {
            Ok(world) => {
                if let Some(running) = running.take() {
                    running.end().await;
                }
                let (config, now) = (Arc::clone(&world.config), self.0.clock.now());
                self.0
                    .published
                    .update(|state| *state = state.under(config, now));
                *running = Some(self.running(Arc::new(world)));
                info!(file = %self.0.file.display(), "configuration loaded");
                Ok(())
            }
            Err(problem) => {
                let text = problem::render(&problem, None);
                error!("the configuration before is kept: {text}");
                self.0
                    .published
                    .update(|state| state.reload_problem = Some(text));
                Err(ReloadError)
            }
        }
    }
}

impl Running {
    async fn end(self) {
        self.stop.cancel();
        if let Err(problem) = self.loops.await {
            error!("surveying ended unexpectedly: {problem}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use catalog::config::load_file;
    use toolkit::http::service::Reloads;

    use super::*;
    use crate::fixtures::at;

    const EMPTY: &str = "schema: 1
repositories: [{ name: local, directory: . }]
sources: [{ name: a, engine: files, repository: local, path: \"%Y%m%d.tar\" }]
";

    #[tokio::test]
    async fn a_reload_that_nobody_waits_for_any_more_still_ends_with_somebody_surveying() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("backups.yaml");
        fs::write(&file, EMPTY).unwrap();
        let world = Arc::new(world::open(load_file(&file).unwrap().config, None));
        let clock = Clock::starting_at(at("05:00:00"));
        let exporter = Exporter::new(file.clone(), &world, clock, Arc::new(|| 0.0));
        exporter.start(world).await;
        fs::write(&file, EMPTY.replace("name: a,", "name: b,")).unwrap();
        let mut states = exporter.published().subscribe();
        let reloads = Reloads::new(exporter.clone());
        assert!(futures::poll!(std::pin::pin!(reloads.now())).is_pending());
        let surveyed = states.wait_for(|state| {
            state
                .sources
                .iter()
                .any(|(name, it)| name.as_str() == "b" && it.inventory.is_some())
        });
        tokio::time::timeout(Duration::from_secs(30), surveyed)
            .await
            .unwrap()
            .unwrap();
        exporter.stop().await;
    }
}
