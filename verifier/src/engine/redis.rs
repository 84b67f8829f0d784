//! Redis and Valkey: a file is put beside a server that is told of nothing else, loaded, counted,
//! and the server asked.
//!
//! The server never gets a production configuration: with `appendonly yes`, a low `maxmemory` or
//! few databases it starts empty, forgets or refuses, and says nothing of it.

mod cause;
mod checks;
mod log;
mod modules;
mod observations;
mod piped;
mod probe;
mod serve;
mod server;
mod writer;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use catalog::{
    format::{
        Inspection,
        redis::{Census, Family, RedisExpect},
    },
    ledger::{Fed, Outcome, Reason},
    model::{EngineName, SnapshotFacts},
};
use jiff::Timestamp;

use self::{
    checks::RedisCase, observations::RedisObservations, server::ServerKind, writer::Writer,
};
use super::{
    Bench, Case, CheckResult, Engine, Observation, Observed, Request, Settings, Staging, Stopped,
    Whole,
    common_checks::{CanarySeen, unanswered},
};
use crate::runtime::{Command, ImageFacts, SandboxSpec};

/// Directory where official images keep their data; it exists there and belongs to the server's
/// user.
const DATA_DIR: &str = "/data";

/// Redis' own port; a runtime without a network of its own maps it.
const PORT: u16 = 6379;

/// Name of the file while it is written, and once it is whole.
const PART: &str = "snapshot.rdb.part";
const WHOLE: &str = "snapshot.rdb";

/// Free space beside the file: logs, and what the server writes of its own accord.
const DISK_BASE: u64 = 64 << 20;

/// Longest time for putting a file into place; a run's deadline is shorter.
const STAGE_MAX: Duration = Duration::from_hours(24);

/// The engine that restores RDB files.
#[derive(Debug)]
pub struct Redis;

#[async_trait]
impl Engine for Redis {
    fn name(&self) -> EngineName {
        EngineName::new("redis")
    }

    fn programs(&self) -> &'static [&'static str] {
        const PROGRAMS: [&str; 2] = [
            server::program(Family::Redis),
            server::program(Family::Valkey),
        ];
        &PROGRAMS
    }

    fn prepare(&self, request: &Request<'_>, _settings: &Settings) -> Result<SandboxSpec, Stopped> {
        let image = pick(request.head, request.images)?;
        let memory_max = request.memory_bytes_max;
        let memory_bytes = server::memory_bytes(request.head, request.size_bytes, memory_max);
        let lying = match request.way {
            Fed::Pipe => 0,
            Fed::File => request.size_bytes,
        };
        let disk_bytes = lying.saturating_add(DISK_BASE);
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

    fn way(&self, head: &SnapshotFacts, tail: Option<&[u8]>) -> Fed {
        if piped::is_vouched(head, tail) {
            Fed::Pipe
        } else {
            Fed::File
        }
    }

    fn stage(&self, way: Fed, bench: &Bench<'_>, settings: &Settings) -> Result<Staging, Stopped> {
        let shell = |script: String| Command::new(["sh", "-c", &script], STAGE_MAX);
        Ok(match way {
            Fed::Pipe => Staging {
                server: Some((serve::from_pipe(bench, &settings.modules)?, PORT)),
                put: piped::feed(),
                digest: None,
            },
            Fed::File => Staging {
                server: None,
                put: shell(format!("cat > {PART} && mv {PART} {WHOLE}")),
                digest: Some(shell(format!("sync {WHOLE} && sha256sum {WHOLE}"))),
            },
        })
    }

    async fn restore(
        &self,
        bench: &Bench<'_>,
        whole: &Inspection,
        settings: &Settings,
    ) -> Result<Vec<Observation>, Stopped> {
        let census = census_of(whole)?;
        let served = serve::served(bench, census, settings).await?;
        let told = ServerKind::accountable(&bench.spec.image, None);
        let mut observations = served.observations;
        observations.extend(counts_of(&served.log, &observations));
        observations.extend(told.map(|server| Observation {
            name: observations::IMAGE.into(),
            value: Observed::Word(server.to_string()),
        }));
        Ok(observations)
    }

    fn judge(&self, evidence: &Case<'_>, settings: &Settings) -> Vec<CheckResult> {
        match (census_of(evidence.inspection), settings.expect()) {
            (Ok(census), Ok(expect)) => {
                let case = case(evidence, census, expect);
                let answers = checks::of_artifact(&case);
                let mut told = evidence.observations.iter();
                let is_told = told.any(|it| it.name == observations::IMAGE);
                let itself = case.seen.server.as_deref().filter(|_| is_told);
                let reader = itself.and_then(ServerKind::of_itself);
                let doubt = Writer::of_census(census).and_then(|it| it.doubt(reader));
                answers
                    .into_iter()
                    .map(|it| heard(it, doubt.as_deref()))
                    .collect()
            }
            (Err(stopped), _) | (_, Err(stopped)) => unanswered("redis.identity", stopped),
        }
    }

    fn judge_whole(&self, whole: &Whole<'_>, settings: &Settings) -> Vec<CheckResult> {
        let cases = settings.expect::<RedisExpect>().and_then(|expect| {
            let cases = whole.artifacts.iter();
            let cases = cases.map(|it| Ok(case(it, census_of(it.inspection)?, expect)));
            Ok((expect, cases.collect::<Result<Vec<_>, Stopped>>()?))
        });
        match cases {
            Ok((expect, cases)) => checks::of_snapshot(whole, &cases, expect),
            Err(stopped) => unanswered("redis.keys", stopped),
        }
    }

    fn items(&self, evidence: &Case<'_>) -> BTreeMap<String, u64> {
        let expect = RedisExpect::default();
        census_of(evidence.inspection)
            .map(|census| checks::items(&case(evidence, census, &expect)))
            .unwrap_or_default()
    }

    fn data_at(&self, observations: &[Observation]) -> Option<Timestamp> {
        match RedisObservations::of(observations).canary {
            Some(CanarySeen::At(at)) => Some(at),
            _ => None,
        }
    }
}

fn case<'a>(evidence: &'a Case<'_>, census: &'a Census, expect: &'a RedisExpect) -> RedisCase<'a> {
    let seen = RedisObservations::of(evidence.observations);
    RedisCase {
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

/// The answer of a check, unless there is a `doubt` that this server may accuse the file: then a
/// missed identity is `no_image`, and the check was not run.
fn heard(mut answer: CheckResult, doubt: Option<&str>) -> CheckResult {
    if let Some(doubt) = doubt.filter(|_| answer.spoils == Some(Reason::Identity)) {
        answer.spoils = Some(Reason::NoImage);
        answer.finding.outcome = Outcome::NotRun;
        answer.finding.message = format!("{}, but {doubt}", answer.finding.message);
    }
    answer
}

/// Returns the image that is tried first: the one of the best rank, and of several alike the first.
fn pick<'a>(head: &SnapshotFacts, images: &'a [ImageFacts]) -> Result<&'a ImageFacts, Stopped> {
    let Some(writer) = Writer::of_head(head) else {
        let message = "the snapshot does not say which version it is";
        return Err(Stopped::new(Reason::UnknownVersion, message));
    };
    let able = images.iter().filter_map(|image| {
        let rank = writer.rank(&ServerKind::of(image)?)?;
        Some((image, rank))
    });
    let best = able.min_by_key(|(_, rank)| *rank);
    best.map(|(image, _)| image).ok_or_else(|| {
        let message = format!(
            "no image of verifier.images is known to read {writer}\nhint: {}",
            writer.advice()
        );
        Stopped::new(Reason::NoImage, message)
    })
}

/// Returns the counts that only the log has: keys dropped at load, and all counts of servers before
/// 7.0. Those `known` already are left out.
fn counts_of(log: &[String], known: &[Observation]) -> Vec<Observation> {
    let Some(loaded) = log::loaded(log) else {
        return Vec::new();
    };
    [
        (observations::LOADED, loaded.keys),
        (observations::EXPIRED, loaded.expired),
        (observations::SKIPPED, loaded.skipped),
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
