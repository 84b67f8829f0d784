//! A server that loads the file: how it is started, waited for and asked; or why it did not serve.

use std::time::Duration;

use catalog::{
    format::redis::{Census, RedisCanary, RedisExpect},
    ledger::{Reason, Stage},
};
use tokio::time::Instant;

use super::{
    PORT, STAGE_MAX, WHOLE, log, modules, observations, piped,
    probe::{ProbeError, RedisClient},
    server::{self, ServerKind},
    writer::Writer,
};
use crate::{
    engine::{
        Bench, Observation, Observed, Settings, Stopped,
        unserved::{ServerEnd, Unserved, mute},
    },
    runtime::{Command, ImageFacts, ServerId},
};

/// Databases of a server: 16 is its default, and 65,536 the most we ask for (each takes memory).
const DATABASES: std::ops::RangeInclusive<u64> = 16..=65_536;

/// Pause between two questions whether the server has loaded (R19: at most 100 ms).
const POLL: Duration = Duration::from_millis(50);

/// Longest wait for the last line about the load in the log of a server that answers. A server that
/// does not write it has loaded all the same.
const LOG_GRACE: Duration = Duration::from_secs(2);

/// Longest time until a server must be reachable: it listens before it loads.
const CONNECT_MAX: Duration = Duration::from_mins(1);

/// Observations of a server that served, and its raw log.
pub(super) struct ServedKeys {
    pub(super) observations: Vec<Observation>,
    pub(super) log: Vec<String>,
}

/// Asks the server that was fed from a pipe, or one that is started beside the file, with the
/// modules of the image and of the configuration.
pub(super) async fn served(
    bench: &Bench<'_>,
    census: &Census,
    settings: &Settings,
) -> Result<ServedKeys, Stopped> {
    let canary = settings.expect::<RedisExpect>()?.canary.as_ref();
    let (outcome, log, again) = match bench.server {
        Some(server) => {
            let (outcome, log) = asked(bench, server, canary).await?;
            (outcome, log, false)
        }
        None => from_file(bench, census, settings, canary).await?,
    };
    match outcome {
        Ok(mut observations) => {
            observations.extend(without(bench, &settings.modules, again).await);
            Ok(ServedKeys { observations, log })
        }
        Err(unserved) => {
            let stopped = explained(unserved, &log, census, &bench.spec.image);
            Err(with_named(bench, &settings.modules, stopped).await)
        }
    }
}

/// Starts a server beside the file and asks it, without any module if the first one ended before it
/// said a word of the file: the last word tells whether that was so.
async fn from_file(
    bench: &Bench<'_>,
    census: &Census,
    settings: &Settings,
    canary: Option<&RedisCanary>,
) -> Result<(Result<Vec<Observation>, Unserved>, Vec<String>, bool), Stopped> {
    let command = start_command(bench, census, Some(&settings.modules))?;
    // Where the sandbox failed there is no log, and only the image tells which server it was.
    let unheard = |stopped| {
        heard(
            census,
            ServerKind::accountable(&bench.spec.image, None),
            stopped,
        )
    };
    let first = tried(bench, &command, canary).await;
    let (mut outcome, mut log) = first.map_err(unheard)?;
    let again = outcome
        .as_ref()
        .is_err_and(|unserved| is_early(unserved, &log));
    if again {
        let command = start_command(bench, census, None)?;
        let second = tried(bench, &command, canary).await;
        (outcome, log) = second.map_err(unheard)?;
    }
    Ok((outcome, log, again))
}

/// The end of a run; if a module is missing, its message also tells what is wrong with the modules
/// that the configuration names.
async fn with_named(bench: &Bench<'_>, named: &[String], stopped: Stopped) -> Stopped {
    if stopped.reason != Reason::ModuleMissing || named.is_empty() {
        return stopped;
    }
    match bench.sandbox.exec(&modules::look(named), None).await {
        Ok(looked) => {
            let image = &bench.spec.image.image;
            modules::named_in_vain(&stopped, named, &looked.stdout.text(), image)
        }
        // Where nothing can be looked at any more, the rest is told all the same.
        Err(_) => stopped,
    }
}

/// Returns which of the `named` modules a server restored without, if any; `again`: the server was
/// started once more. `None` also if the sandbox cannot be looked at any more: other observations
/// stand all the same.
async fn without(bench: &Bench<'_>, named: &[String], again: bool) -> Option<Observation> {
    if named.is_empty() {
        return None;
    }
    let looked = bench.sandbox.exec(&modules::look(named), None).await.ok()?;
    let image = &bench.spec.image.image;
    let told = modules::without(named, &looked.stdout.text(), image, again)?;
    Some(Observation {
        name: observations::WITHOUT.into(),
        value: Observed::Word(told),
    })
}

/// Starts a server and asks it, as [`asked`] does.
async fn tried(
    bench: &Bench<'_>,
    command: &Command,
    canary: Option<&RedisCanary>,
) -> Result<(Result<Vec<Observation>, Unserved>, Vec<String>), Stopped> {
    let server = bench
        .stage(Stage::Serve, bench.sandbox.start(command))
        .await?;
    asked(bench, server, canary).await
}

/// Asks a server; returns the outcome with the raw log, whose harmless lines go to the record.
async fn asked(
    bench: &Bench<'_>,
    server: ServerId,
    canary: Option<&RedisCanary>,
) -> Result<(Result<Vec<Observation>, Unserved>, Vec<String>), Stopped> {
    let outcome = serve(bench, server, canary).await;
    let mut log = bench.sandbox.log(server).await?;
    // A log reaches us later than an answer.
    let patience = Instant::now() + LOG_GRACE;
    while outcome.is_ok() && !log::is_loaded(&log) && Instant::now() < patience {
        tokio::time::sleep(POLL).await;
        log = bench.sandbox.log(server).await?;
    }
    bench.note_log(log::shown(&log));
    Ok((outcome, log))
}

/// The command of a server that loads from a pipe, with the modules of the image and those `named`.
pub(super) fn from_pipe(bench: &Bench<'_>, named: &[String]) -> Result<Command, Stopped> {
    let command = with_databases(bench, piped::DATABASES, Some(named))?;
    Ok(piped::serve(command))
}

/// The command of a server for this snapshot.
fn start_command(
    bench: &Bench<'_>,
    census: &Census,
    modules: Option<&[String]>,
) -> Result<Command, Stopped> {
    let databases = census
        .databases
        .keys()
        .next_back()
        .map_or(0, |highest| highest + 1);
    let databases = databases.max(*DATABASES.start());
    if !DATABASES.contains(&databases) {
        let message = "the snapshot numbers its databases higher than a sandbox can have";
        return Err(Stopped::new(Reason::TooLarge, message));
    }
    with_databases(bench, databases, modules)
}

/// The command of a server with its own defaults, but for the flags that keep it to this one file
/// in this one place. `modules` are loaded besides those of the image; `None` loads no module at
/// all.
fn with_databases(
    bench: &Bench<'_>,
    databases: u64,
    modules: Option<&[String]>,
) -> Result<Command, Stopped> {
    let image = &bench.spec.image;
    let server = ServerKind::of(image).ok_or_else(|| {
        Stopped::new(Reason::NoImage, "the image does not say which server it is")
    })?;
    let port = bench.sandbox.port(PORT).to_string();
    let databases = databases.to_string();
    let mut flags = vec!["--port", &port, "--bind", "127.0.0.1", "--dir", "."];
    flags.extend(["--dbfilename", WHOLE, "--appendonly", "no", "--save", ""]);
    flags.extend(["--databases", &databases, "--maxmemory", "0"]);
    flags.extend(["--daemonize", "no", "--logfile", "", "--loglevel", "notice"]);
    // The process runtime offers programs by their path, which may be the other family's name.
    let argv = if image.image.starts_with('/') {
        modules::start([&image.image; 2], modules, &flags)
    } else {
        modules::start(server::programs(server.family), modules, &flags)
    };
    Ok(Command::new(argv, STAGE_MAX))
}

/// True if a server ended and had not said a word of the file: its modules may have caused that.
fn is_early(unserved: &Unserved, log: &[String]) -> bool {
    matches!(unserved, Unserved::Exited(_)) && !log::spoke(log)
}

fn explained(unserved: Unserved, log: &[String], census: &Census, image: &ImageFacts) -> Stopped {
    let server = ServerKind::accountable(image, log::server(log));
    let ended = match unserved {
        Unserved::Exited(ended) => ended,
        Unserved::Stopped(stopped) => return heard(census, server, stopped),
    };
    let stopped = log::explain(ended, log);
    match (stopped.reason, Writer::of_census(census)) {
        (Reason::ModuleMissing, writer) => modules::missing(log, census, writer, &stopped),
        (Reason::NoImage, Some(writer)) if !stopped.message.contains("\nhint: ") => {
            let message = format!("{}\nhint: {}", stopped.message, writer.advice());
            Stopped::new(Reason::NoImage, message)
        }
        _ => heard(census, server, stopped),
    }
}

/// The end of a run, changed to `no_image` if this server may not accuse the file.
fn heard(census: &Census, server: Option<ServerKind>, stopped: Stopped) -> Stopped {
    match Writer::of_census(census) {
        Some(writer) => writer.heard(server, stopped),
        None => stopped,
    }
}

async fn serve(
    bench: &Bench<'_>,
    server: ServerId,
    canary: Option<&RedisCanary>,
) -> Result<Vec<Observation>, Unserved> {
    let mut client = bench
        .stage(Stage::Restore, wait_until_loaded(bench, server))
        .await?;
    bench.answered();
    bench
        .point("restored")
        .and_then(|()| bench.point("served"))
        .map_err(Unserved::Stopped)?;
    match bench.stage(Stage::Probe, client.observe(canary)).await {
        Ok(observations) => Ok(observations),
        Err(error) => Err(blame(bench, server, &error).await),
    }
}

/// Polls until everything is loaded, or until the server ends. A server that was fed has little
/// time for that: it had all bytes already.
async fn wait_until_loaded(bench: &Bench<'_>, server: ServerId) -> Result<RedisClient, Unserved> {
    let began = Instant::now();
    let mut client = None;
    let mut reached = false;
    loop {
        match is_loaded(bench, &mut client).await {
            Ok(true) => break,
            Ok(false) => reached = true,
            Err(error) => {
                client = None;
                let failure = blame(bench, server, &error).await;
                let early = !reached && began.elapsed() < CONNECT_MAX;
                if matches!(failure, Unserved::Exited(_)) || !(reached || early) {
                    return Err(failure);
                }
            }
        }
        if bench.server.is_some() && began.elapsed() >= piped::ANSWER_MAX {
            let message = "the server neither answered nor ended once it had all bytes";
            return Err(Unserved::Stopped(Stopped::new(Reason::Internal, message)));
        }
        tokio::time::sleep(POLL).await;
    }
    client.ok_or_else(|| {
        Unserved::Stopped(Stopped::new(
            Reason::Internal,
            "the server answered to nobody",
        ))
    })
}

async fn is_loaded(
    bench: &Bench<'_>,
    client: &mut Option<RedisClient>,
) -> Result<bool, ProbeError> {
    let client = match client {
        Some(client) => client,
        None => client.insert(RedisClient::connect(bench, PORT).await?),
    };
    client.is_loaded().await
}

/// Why a server does not answer: it has ended, or is out of reach.
async fn blame(bench: &Bench<'_>, server: ServerId, error: &ProbeError) -> Unserved {
    match ServerEnd::of(bench, server).await {
        Ok(Some(ended)) => Unserved::Exited(ended),
        Ok(None) => Unserved::Stopped(mute(error)),
        Err(error) => error.into(),
    }
}

#[cfg(test)]
mod tests;
