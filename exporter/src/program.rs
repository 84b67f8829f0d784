//! The program from its arguments to its exit code.

mod once;

use std::{
    ffi::OsString,
    fmt,
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
};

use catalog::config::{ConfigError, load_file, warn_mendable};
use clap::Parser;
use tokio::sync::oneshot;
use toolkit::{
    clock::Clock,
    exit::Exit,
    http::{Door, Limits, WebConfigError, service::Service},
    log, problem,
    signals::Signals,
    words::counted,
};
use tracing::info;

use crate::{
    cli::{Cli, PORT},
    lifecycle::Exporter,
    surveyor::{Jitter, World},
    world,
};

/// The parts of the world outside that the program may touch.
pub struct Console<'a> {
    /// Output for data.
    pub out: &'a mut (dyn Write + Send),
    /// Output for messages; the log goes to the standard error of the process.
    pub err: &'a mut (dyn Write + Send),
    /// The source of the current time.
    pub clock: Clock,
    /// The source of [`Jitter`] for pauses between surveys.
    pub jitter: Jitter,
    /// Requests to stop and to reload.
    pub signals: Signals,
    /// Channel that is told the addresses once they are bound, if anybody wants to know.
    pub listening: Option<oneshot::Sender<Vec<SocketAddr>>>,
}

impl fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("signals", &self.signals)
            .finish_non_exhaustive()
    }
}

/// Runs the program to its end; the first of `args` is its name.
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

/// Tells what clap says: help and version are data, the rest is wrong usage.
fn tell(console: &mut Console<'_>, told: &clap::Error) -> Exit {
    let (stream, exit) = if told.use_stderr() {
        (&mut console.err, Exit::Usage)
    } else {
        (&mut console.out, Exit::Fine)
    };
    let _ = write!(stream, "{}", told.render());
    exit
}

/// Reason why the program ended early.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    WebConfig(#[from] WebConfigError),
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
            // These problems have places and hints of their own.
            Self::Config(ConfigError::Problems(problems))
            | Self::WebConfig(WebConfigError::Problems(problems)) => {
                (Exit::Usage, problems.to_string())
            }
            Self::Config(_) | Self::WebConfig(_) | Self::Listen(_) => {
                (Exit::Usage, problem::render(self, None))
            }
            Self::Write(_) | Self::Exposition(_) => (Exit::Unknown, problem::render(self, None)),
        }
    }
}

async fn go(cli: &Cli, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let mut loaded = load_file(&cli.config.file)?;
    if cli.check {
        warn_mendable(&loaded.config, console.clock.now(), &mut loaded.warnings).await;
    }
    write!(console.err, "{}", loaded.warnings)?;
    let web = cli.web.config_file.as_deref();
    let door = Door::configured(web, console.clock.clone(), Limits::default())?;
    if cli.check {
        let (file, config) = (cli.config.file.display(), &loaded.config);
        let (repositories, sources) = (config.repositories.len(), config.sources.len());
        writeln!(
            console.out,
            "{file}: {}, {}, no error",
            counted(repositories, "repository", "repositories"),
            counted(sources, "source", "sources")
        )?;
        return Ok(Exit::Fine);
    }
    let world = Arc::new(world::open(loaded.config, None));
    let (clock, jitter) = (console.clock.clone(), Arc::clone(&console.jitter));
    let exporter = Exporter::new(cli.config.file.clone(), &world, clock, jitter);
    if cli.once {
        exporter.surveyor(world).once().await;
        return once::print(cli, &exporter.published().get(), console);
    }
    serve(cli, exporter, door, world, console).await
}

async fn serve(
    cli: &Cli,
    exporter: Exporter,
    door: Door,
    world: Arc<World>,
    console: &mut Console<'_>,
) -> Result<Exit, Refusal> {
    let service = Service::bind(&cli.web, PORT, door).await?;
    if let Some(listening) = console.listening.take() {
        // A test that went away does not stop the program.
        let _ = listening.send(service.addresses());
    }
    exporter.start(world).await;
    service.serve(&exporter, console.signals.clone()).await;
    exporter.stop().await;
    info!("stopped");
    Ok(Exit::Fine)
}
