//! Neo4j: an archive is poured into `neo4j-admin database load`, checked while it is at rest,
//! served, counted and read.
//!
//! It is always loaded into the default database of a server of its own. The Community Edition
//! mounts no other one, and answers questions about another one with an empty graph.

mod admin;
mod admin_output;
mod checks;
mod client;
mod failure;
mod image;
mod log;
mod migrate;
mod observations;
mod online;
mod probe;
mod schema;
mod script;
mod serve;

use std::collections::BTreeMap;

use async_trait::async_trait;
use catalog::{
    format::{
        Inspection,
        neo4j::{Archive, Check, CheckLevel, Neo4jExpect, Restore},
    },
    ledger::{Fed, Fingerprints, Reason, Stage},
    model::EngineName,
};
use jiff::Timestamp;

use self::{admin::Checked, checks::Neo4jCase, observations::Neo4jObservations};
use super::{
    Bench, Case, CheckResult, Engine, Observation, Refused, Request, Settings, Staging, Stopped,
    Whole,
    common_checks::{CanarySeen, unanswered},
};
use crate::runtime::{Exit, SandboxSpec};

/// Directory where official images keep their data; it exists there and belongs to the server's
/// user.
const DATA_DIR: &str = "/data";

/// The database that a server of either edition serves (`initial.dbms.default_database`).
const DATABASE: &str = "neo4j";

/// Check that is left unanswered where nothing can be judged.
const CHECK: &str = "neo4j.identity";

/// The engine that restores archives of `neo4j-admin`.
#[derive(Debug)]
pub struct Neo4j;

#[async_trait]
impl Engine for Neo4j {
    fn name(&self) -> EngineName {
        EngineName::new("neo4j")
    }

    fn programs(&self) -> &'static [&'static str] {
        &["neo4j-admin"]
    }

    fn prepare(&self, request: &Request<'_>, settings: &Settings) -> Result<SandboxSpec, Stopped> {
        let own: &Restore = settings.own()?;
        let image = image::pick(request.head, request.images, own.accept_license)?;
        let room = image::room(request)?;
        Ok(SandboxSpec {
            image: image.clone(),
            data_dir: DATA_DIR.into(),
            memory_bytes: room.memory_bytes,
            disk_bytes: room.disk_bytes,
            env: image::environment(own.accept_license),
            ports: vec![online::PORT],
            deadline: request.deadline,
        })
    }

    fn stage(&self, _: Fed, bench: &Bench<'_>, _: &Settings) -> Result<Staging, Stopped> {
        Ok(Staging {
            server: None,
            put: script::load(bench.spec),
            digest: Some(script::digest()),
        })
    }

    fn refused(&self, put: &Exit, whole: &Inspection, spec: &SandboxSpec) -> Option<Refused> {
        let archive = archive_of(whole).ok();
        let unfit = archive.and_then(|archive| image::restores(archive, spec).err());
        Some(Refused {
            stopped: unfit.unwrap_or_else(|| admin_output::why_not_loaded(put)),
            log: log::shown(&put.stderr.text()),
        })
    }

    async fn restore(
        &self,
        bench: &Bench<'_>,
        whole: &Inspection,
        settings: &Settings,
    ) -> Result<Vec<Observation>, Stopped> {
        let archive = archive_of(whole)?;
        image::restores(archive, bench.spec)?;
        let own: &Restore = settings.own()?;
        let expect: &Neo4jExpect = settings.expect()?;
        let mut seen = admin::inspect(bench).await?;
        if seen.needs_recovery {
            serve::recover(bench).await?;
        }
        if own.check.level != CheckLevel::None {
            checked(bench, &own.check).await?;
            seen.observations.push(observations::word(
                observations::CHECKED,
                own.check.level.as_label(),
            ));
        }
        let mut observations = seen.observations;
        observations.extend(
            archive
                .data_at
                .map(|at| observations::time(observations::CHANGED_AT, at)),
        );
        observations.extend(serve::serve(bench, expect).await?);
        Ok(observations)
    }

    fn judge(&self, evidence: &Case<'_>, settings: &Settings) -> Vec<CheckResult> {
        match case(evidence, settings) {
            Ok(case) => checks::of_artifact(&case),
            Err(stopped) => unanswered(CHECK, stopped),
        }
    }

    fn judge_whole(&self, whole: &Whole<'_>, settings: &Settings) -> Vec<CheckResult> {
        let cases = whole.artifacts.iter().map(|it| case(it, settings));
        match cases.collect::<Result<Vec<_>, _>>().as_deref() {
            Ok([case]) => checks::of_snapshot(whole, case),
            Ok(_) => unanswered(
                CHECK,
                Stopped::new(
                    Reason::Internal,
                    "a database is in one archive, and the snapshot has several\nhint: Write a path \
                 that matches one object of each time.",
                ),
            ),
            Err(stopped) => unanswered(CHECK, stopped.clone()),
        }
    }

    fn items(&self, evidence: &Case<'_>) -> BTreeMap<String, u64> {
        Neo4jObservations::of(evidence.observations).items()
    }

    fn fingerprints(&self, evidence: &Case<'_>) -> Fingerprints {
        schema::fingerprints(evidence.observations)
    }

    fn data_at(&self, observations: &[Observation]) -> Option<Timestamp> {
        let seen = Neo4jObservations::of(observations);
        match seen.canary {
            Some(CanarySeen::At(at)) => Some(at),
            _ => seen.changed_at,
        }
    }
}

/// Checks the files at rest; if the check asks for a recovery, recovers them and checks once more.
async fn checked(bench: &Bench<'_>, how: &Check) -> Result<(), Stopped> {
    let check = || bench.stage(Stage::Check, admin::check(bench, how));
    if check().await? == Checked::NeedsRecovery {
        serve::recover(bench).await?;
        if check().await? == Checked::NeedsRecovery {
            let message = "the store was recovered and closed, and the check says it was not";
            return Err(Stopped::new(Reason::Internal, message));
        }
    }
    Ok(())
}

fn case<'a>(evidence: &'a Case<'_>, settings: &'a Settings) -> Result<Neo4jCase<'a>, Stopped> {
    Ok(Neo4jCase {
        evidence,
        archive: archive_of(evidence.inspection)?,
        expect: settings.expect()?,
        own: settings.own()?,
        seen: Neo4jObservations::of(evidence.observations),
    })
}

fn archive_of(inspection: &Inspection) -> Result<&Archive, Stopped> {
    let archive = inspection.detail.as_ref().and_then(|detail| detail.get());
    archive.ok_or_else(|| Stopped::new(Reason::Internal, "the inspection is not of an archive"))
}
