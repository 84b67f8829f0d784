//! Redis and Valkey: a file put beside a server that is told nothing else, loaded, counted, asked.
//!
//! Never a production configuration: with `appendonly yes`, a low `maxmemory` or few databases a
//! server starts empty, forgets or refuses, and says nothing of it.

mod checks;
mod log;
mod probe;
mod seen;
mod server;

use std::{collections::BTreeMap, time::Duration};

use catalog::{
    evidence::Reason,
    format::{
        Inspection,
        redis::{Canary, Census, Expect},
    },
    model::{EngineName, SnapshotFacts},
};
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

use self::{
    checks::Case,
    probe::{Client, ProbeError},
    seen::Seen,
    server::{Family, Server},
};
use super::{
    Bench, Engine, Evidence, Judged, Link, Observation, Observed, Request, Restorable, Settings,
    Staging, Stopped, Whole,
    asked::{CanarySeen, unanswered},
};
use crate::runtime::{Command, ImageFacts, SandboxError, SandboxSpec, ServerId, ServerState};

/// Where official images keep their data; it exists there and belongs to the server's user.
const DATA_DIR: &str = "/data";

/// Redis' own port; a runtime without a network of its own maps it.
const PORT: u16 = 6379;

/// The file's name while it is written, and when it is whole.
const PART: &str = "snapshot.rdb.part";
const WHOLE: &str = "snapshot.rdb";

/// Free space beside the file: logs, and what the server writes of its own accord.
const DISK_BASE: u64 = 64 << 20;

/// Databases of a server unless told otherwise, and the most we ask for (each takes memory).
const DATABASES: std::ops::RangeInclusive<u64> = 16..=65_536;

/// Between two questions whether it is loaded (R19: at most 100 ms).
const POLL: Duration = Duration::from_millis(50);

/// A server listens before it loads; one that cannot be reached for so long never will be.
const CONNECT_MAX: Duration = Duration::from_mins(1);

/// How long putting a file into place may take at most; a run's deadline is shorter.
const STAGE_MAX: Duration = Duration::from_hours(24);

/// Restores RDB files.
#[derive(Debug)]
pub struct Redis;

impl Engine for Redis {
    fn name(&self) -> EngineName {
        EngineName::new("redis")
    }

    fn programs(&self) -> &'static [&'static str] {
        const PROGRAMS: [&str; 2] = [Family::Redis.program(), Family::Valkey.program()];
        &PROGRAMS
    }

    fn prepare(&self, request: &Request<'_>, _settings: &Settings) -> Result<SandboxSpec, Stopped> {
        let image = pick(request.head, request.images)?;
        let memory_max = request.memory_bytes_max;
        let memory_bytes = server::memory_bytes(request.head, request.size_bytes, memory_max);
        let disk_bytes = request.size_bytes.saturating_add(DISK_BASE);
        let (Some(memory_bytes), true) = (memory_bytes, disk_bytes <= request.disk_bytes_max)
        else {
            return Err(Stopped::new(
                Reason::TooLarge,
                "the snapshot needs more than a sandbox may have\nhint: Raise verifier.limits.",
            ));
        };
        Ok(SandboxSpec {
            image: image.clone(),
            data_dir: DATA_DIR.into(),
            memory_bytes,
            disk_bytes,
            env: Vec::new(),
            ports: vec![PORT],
            deadline: request.deadline,
        })
    }

    fn stage(&self, _link: Link, _spec: &SandboxSpec) -> Staging {
        let shell = |script: String| Command::new(["sh", "-c", &script], STAGE_MAX);
        Staging {
            put: shell(format!("cat > {PART} && mv {PART} {WHOLE}")),
            digest: shell(format!("sync {WHOLE} && sha256sum {WHOLE}")),
        }
    }

    fn restore<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        whole: &'a Restorable<'a>,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Observation>, Stopped>> {
        Box::pin(async move {
            let census = census_of(whole.own)?;
            let canary = settings.expect::<Expect>()?.canary.as_ref();
            let command = start_command(bench, census)?;
            let server = bench.stage("serve", bench.sandbox.start(&command)).await?;
            let outcome = serve(bench, server, canary).await;
            let log = bench.sandbox.log(server).await?;
            bench.note_log(log::shown(&log));
            let mut observations = outcome.map_err(|failure| failure.explained(&log, census))?;
            observations.extend(counts_of(&log, &observations));
            Ok(observations)
        })
    }

    fn judge(&self, evidence: &Evidence<'_>, settings: &Settings) -> Vec<Judged> {
        match (census_of(evidence.inspection), settings.expect()) {
            (Ok(census), Ok(expect)) => checks::of_artifact(&case(evidence, census, expect)),
            (Err(stopped), _) | (_, Err(stopped)) => unanswered("redis.identity", stopped),
        }
    }

    fn judge_whole(&self, whole: &Whole<'_>, settings: &Settings) -> Vec<Judged> {
        let cases = settings.expect::<Expect>().and_then(|expect| {
            let cases = whole.artifacts.iter();
            let cases = cases.map(|it| Ok(case(it, census_of(it.inspection)?, expect)));
            Ok((expect, cases.collect::<Result<Vec<_>, Stopped>>()?))
        });
        match cases {
            Ok((expect, cases)) => checks::of_snapshot(whole, &cases, expect),
            Err(stopped) => unanswered("redis.keys", stopped),
        }
    }

    fn items(&self, evidence: &Evidence<'_>) -> BTreeMap<String, u64> {
        let expect = Expect::default();
        census_of(evidence.inspection)
            .map(|census| checks::items(&case(evidence, census, &expect)))
            .unwrap_or_default()
    }

    fn data_at(&self, observations: &[Observation]) -> Option<Timestamp> {
        match Seen::of(observations).canary {
            Some(CanarySeen::At(at)) => Some(at),
            _ => None,
        }
    }
}

fn case<'a>(evidence: &'a Evidence<'_>, census: &'a Census, expect: &'a Expect) -> Case<'a> {
    let seen = Seen::of(evidence.observations);
    Case {
        evidence,
        census,
        expect,
        seen,
    }
}

fn census_of(inspection: &Inspection) -> Result<&Census, Stopped> {
    let census = inspection.detail.as_ref().and_then(|detail| detail.get());
    census.ok_or_else(|| Stopped::new(Reason::Internal, "the inspection is not of an RDB file"))
}

/// The first image able to read the file, one of its writer's product before all others: both
/// read version 11, and each best what it wrote itself. Never refused for want of one.
fn pick<'a>(head: &SnapshotFacts, images: &'a [ImageFacts]) -> Result<&'a ImageFacts, Stopped> {
    let (Some(magic), Some(version)) = (&head.family, head.version) else {
        let message = "the snapshot does not say which version it is";
        return Err(Stopped::new(Reason::UnknownVersion, message));
    };
    let able = images.iter().filter_map(|image| {
        let server = Server::of(image)?;
        server.reads(magic, version).then_some((image, server))
    });
    let foreign = |server: &Server| head.writer.as_deref() != Some(server.family.product());
    // Of several alike it is the first one.
    let best = able.min_by_key(|(_, server)| foreign(server));
    best.map(|(image, _)| image).ok_or_else(|| match server::would_do(magic, version) {
        Some(image) => Stopped::new(
            Reason::NoImage,
            format!(
                "no image of verifier.images reads version {version} of {magic} files\nhint: Add \
                 {image}, or a newer one."
            ),
        ),
        None => Stopped::new(
            Reason::UnknownVersion,
            format!("no server is known that reads version {version} of {magic} files"),
        ),
    })
}

/// Explicit arguments only, and all of them: nothing is left to a configuration file.
fn start_command(bench: &Bench<'_>, census: &Census) -> Result<Command, Stopped> {
    let image = &bench.spec.image;
    let server = Server::of(image).ok_or_else(|| {
        Stopped::new(Reason::NoImage, "the image does not say which server it is")
    })?;
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
    // The process runtime offers programs by their path, which may be the other family's name.
    let program = if image.image.starts_with('/') {
        &image.image
    } else {
        server.family.program()
    };
    let port = bench.sandbox.port(PORT).to_string();
    let databases = databases.to_string();
    let mut argv = vec![
        program,
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--dir",
        ".",
    ];
    argv.extend([
        "--dbfilename",
        WHOLE,
        "--rdbchecksum",
        "yes",
        "--appendonly",
        "no",
    ]);
    argv.extend(["--save", "", "--databases", &databases, "--maxmemory", "0"]);
    argv.extend(["--daemonize", "no", "--logfile", "", "--loglevel", "notice"]);
    if server.sanitizes() {
        argv.extend(["--sanitize-dump-payload", "yes"]);
    }
    Ok(Command::new(argv, STAGE_MAX))
}

/// Why a server did not serve.
enum Failure {
    /// It ended; its log says why.
    Exited { code: i32, out_of_memory: bool },
    /// It lives, but something else is wrong.
    Stopped(Stopped),
}

impl Failure {
    fn explained(self, log: &[String], census: &Census) -> Stopped {
        let (code, out_of_memory) = match self {
            Self::Exited {
                code,
                out_of_memory,
            } => (code, out_of_memory),
            Self::Stopped(stopped) => return stopped,
        };
        let mut stopped = log::explain(code, out_of_memory, log);
        if stopped.reason == Reason::ModuleMissing {
            let names: Vec<&str> = census.modules.iter().map(String::as_str).collect();
            stopped.message = format!("{}: {}", names.join(", "), stopped.message);
        }
        stopped
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Self::Stopped(error.into())
    }
}

async fn serve(
    bench: &Bench<'_>,
    server: ServerId,
    canary: Option<&Canary>,
) -> Result<Vec<Observation>, Failure> {
    let mut client = bench
        .stage("restore", wait_until_loaded(bench, server))
        .await?;
    bench.answered();
    bench
        .point("restored")
        .and_then(|()| bench.point("served"))
        .map_err(Failure::Stopped)?;
    match bench.stage("probe", client.observe(canary)).await {
        Ok(observations) => Ok(observations),
        Err(error) => Err(blame(bench, server, &error).await),
    }
}

/// Polls until everything is loaded, or until the server ends.
async fn wait_until_loaded(bench: &Bench<'_>, server: ServerId) -> Result<Client, Failure> {
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
                if matches!(failure, Failure::Exited { .. }) || !(reached || early) {
                    return Err(failure);
                }
            }
        }
        tokio::time::sleep(POLL).await;
    }
    client.ok_or_else(|| {
        Failure::Stopped(Stopped::new(
            Reason::Internal,
            "the server answered to nobody",
        ))
    })
}

async fn is_loaded(bench: &Bench<'_>, client: &mut Option<Client>) -> Result<bool, ProbeError> {
    let client = match client {
        Some(client) => client,
        None => client.insert(Client::connect(bench.sandbox, PORT).await?),
    };
    client.is_loaded().await
}

/// A server that does not answer has ended, or is out of reach.
async fn blame(bench: &Bench<'_>, server: ServerId, error: &ProbeError) -> Failure {
    match bench.sandbox.state(server).await {
        Ok(ServerState::Exited {
            code,
            out_of_memory,
        }) => Failure::Exited {
            code,
            out_of_memory,
        },
        Ok(ServerState::Running) => {
            let message = format!("the restored server runs, but cannot be asked: {error}");
            Failure::Stopped(Stopped::new(Reason::Internal, message))
        }
        Err(error) => error.into(),
    }
}

/// What only the log says: keys dropped at load, and all counts of servers before 7.0.
fn counts_of(log: &[String], known: &[Observation]) -> Vec<Observation> {
    let Some(loaded) = log::loaded(log) else {
        return Vec::new();
    };
    [
        (seen::LOADED, loaded.keys),
        (seen::EXPIRED, loaded.expired),
        (seen::SKIPPED, loaded.skipped),
    ]
    .into_iter()
    .filter(|(name, _)| known.iter().all(|known| known.name != *name))
    .map(|(name, count)| Observation {
        name: name.into(),
        value: Observed::Count(count),
    })
    .collect()
}

#[cfg(test)]
mod tests;
