//! The program from its arguments to its exit code.

mod once;

use std::{
    ffi::OsString,
    fmt,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog::config::{ConfigError, load_file};
use clap::Parser;
use tokio::{
    sync::{Mutex, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use toolkit::{clock::Clock, exit::Exit, http::Server, log, problem, signals::Signals};
use tracing::{error, info, warn};

use crate::{
    cli::{Cli, PORT},
    server::routes,
    state::{Published, State},
    surveyor::{Jitter, Surveyor, World},
    world::{self, WorldError},
};

/// What the program may touch of the world outside.
pub struct Console<'a> {
    /// Data.
    pub out: &'a mut (dyn Write + Send),
    /// Messages; the log goes to the standard error of the process.
    pub err: &'a mut (dyn Write + Send),
    /// The time.
    pub clock: Clock,
    /// See [`Jitter`].
    pub jitter: Jitter,
    /// Stop and reload.
    pub signals: Signals,
    /// Told the addresses once they are bound.
    pub listening: Option<oneshot::Sender<Vec<SocketAddr>>>,
}

impl fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("signals", &self.signals)
            .finish_non_exhaustive()
    }
}

/// Runs to the end.
pub async fn run(args: impl IntoIterator<Item = OsString>, console: &mut Console<'_>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(told) => return tell(console, &told),
    };
    log::init(&cli.log);
    match go(&cli, console).await {
        Ok(exit) => exit,
        Err(refusal) => {
            let (exit, text) = refusal.explain();
            // Where nobody reads messages, the exit code still says it.
            let _ = writeln!(console.err, "{text}");
            exit
        }
    }
}

/// Help and version are data, the rest is wrong usage.
fn tell(console: &mut Console<'_>, told: &clap::Error) -> Exit {
    let (stream, exit) = if told.use_stderr() {
        (&mut console.err, Exit::Usage)
    } else {
        (&mut console.out, Exit::Fine)
    };
    let _ = write!(stream, "{}", told.render());
    exit
}

/// Why the program ended early.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    World(#[from] WorldError),
    #[error(transparent)]
    Listen(#[from] toolkit::http::ListenError),
    #[error("cannot write what was asked for")]
    Write(#[from] io::Error),
    #[error("cannot write the metrics")]
    Exposition(#[from] toolkit::exposition::ExpositionError),
}

impl Refusal {
    fn explain(&self) -> (Exit, String) {
        match self {
            // Located and with hints of their own.
            Self::World(WorldError::Config(ConfigError::Problems(problems))) => {
                (Exit::Usage, problems.to_string())
            }
            Self::World(_) | Self::Listen(_) => (Exit::Usage, problem::render(self, None)),
            Self::Write(_) | Self::Exposition(_) => (Exit::Unknown, problem::render(self, None)),
        }
    }
}

async fn go(cli: &Cli, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let loaded = load_file(&cli.config.file).map_err(WorldError::from)?;
    write!(console.err, "{}", loaded.warnings)?;
    if cli.check {
        let (file, config) = (cli.config.file.display(), &loaded.config);
        let (repositories, sources) = (config.repositories.len(), config.sources.len());
        writeln!(
            console.out,
            "{file}: {repositories} repositories, {sources} sources, no error"
        )?;
        return Ok(Exit::Fine);
    }
    let world = Arc::new(world::open(loaded, None)?);
    let exporter = Exporter::new(cli.config.file.clone(), &world, console);
    if cli.once {
        exporter.surveyor(world).once().await;
        return once::print(cli, &exporter.published().get(), console);
    }
    serve(cli, exporter, world, console).await
}

async fn serve(
    cli: &Cli,
    exporter: Exporter,
    world: Arc<World>,
    console: &mut Console<'_>,
) -> Result<Exit, Refusal> {
    let server = Server::bind(&cli.web.addresses(PORT)).await?;
    for address in server.addresses() {
        info!("listening on http://{address}");
    }
    if let Some(listening) = console.listening.take() {
        // A test that went away does not stop the program.
        let _ = listening.send(server.addresses());
    }
    let Signals { stop, reload } = console.signals.clone();
    let routes = routes(&exporter, cli.web.enable_lifecycle);
    exporter.start(world).await;
    let reloading = async {
        loop {
            reload.notified().await;
            // Said in the log and in a metric.
            let _ = exporter.reload().await;
        }
    };
    tokio::select! {
        () = server.serve(routes, stop) => {}
        () = reloading => {}
    }
    exporter.stop().await;
    info!("stopped");
    Ok(Exit::Fine)
}

/// The part that goes on through reloads; clones are the same one.
#[derive(Debug, Clone)]
pub struct Exporter(Arc<Inner>);

struct Inner {
    file: PathBuf,
    clock: Clock,
    jitter: Jitter,
    published: Published,
    /// Held during a reload, so that two are never under way.
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
    fn new(file: PathBuf, world: &World, console: &Console<'_>) -> Self {
        let state = State::new(Arc::clone(&world.config), console.clock.now());
        Self(Arc::new(Inner {
            file,
            clock: console.clock.clone(),
            jitter: Arc::clone(&console.jitter),
            published: Published::new(state),
            running: Mutex::new(None),
        }))
    }

    /// The time of its pages.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Where its states appear.
    pub fn published(&self) -> Published {
        self.0.published.clone()
    }

    fn surveyor(&self, world: Arc<World>) -> Surveyor {
        let Inner {
            clock,
            jitter,
            published,
            ..
        } = &*self.0;
        Surveyor::new(world, published.clone(), clock.clone(), Arc::clone(jitter))
    }

    async fn start(&self, world: Arc<World>) {
        *self.0.running.lock().await = Some(self.running(world));
    }

    fn running(&self, world: Arc<World>) -> Running {
        let stop = CancellationToken::new();
        let surveyor = self.surveyor(Arc::clone(&world));
        let stopping = stop.clone();
        let loops = tokio::spawn(async move { surveyor.run(stopping).await });
        Running { world, stop, loops }
    }

    async fn stop(&self) {
        if let Some(running) = self.0.running.lock().await.take() {
            running.end().await;
        }
    }

    /// Reads the configuration again. Where it cannot be used, the one before stays, and the metric
    /// and the log say so.
    pub async fn reload(&self) -> Result<(), WorldError> {
        let mut running = self.0.running.lock().await;
        let before = running.as_ref().map(|running| &*running.world);
        match reopen(&self.0.file, before) {
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
                Err(problem)
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

fn reopen(file: &Path, before: Option<&World>) -> Result<World, WorldError> {
    let loaded = load_file(file)?;
    let warnings = loaded.warnings.to_string();
    if !warnings.is_empty() {
        warn!("{warnings}");
    }
    world::open(loaded, before)
}
