//! An engine of two small parts, as every engine is: what its snapshots are made of, and how they
//! are restored. It proves that nothing else knows of engines, as [`runtime`] does of runtimes and
//! [`driver`] of storage drivers.
//!
//! Its snapshots are lines of text; the last one is `END` and the number of lines before it. Its
//! "server" is `wc`.

pub mod driver;
pub mod runtime;
mod sandbox;

use std::{collections::BTreeMap, io::Read, time::Duration};

use async_trait::async_trait;
use catalog::{
    format::{
        CheckName, Checksum, Inspection, InspectionFinding, InspectionState,
        double::{Double, read_whole},
    },
    ledger::{Basis, Fed, Integrity, Reason, Stage},
    model::EngineName,
};
use jiff::Timestamp;
use verifier::{
    engine::{
        self, Bench, Case, CheckResult, Engine, Observation, Observed, Request, Staging, Stopped,
        Whole,
    },
    runtime::{Command, SandboxSpec},
};

const NAME: EngineName = EngineName::new("noop");
const LINES: &str = "noop.lines";
const CHECKSUM: &str = "noop.checksum";
const PATIENCE: Duration = Duration::from_mins(1);

/// The first part.
pub static NOOP: Double = Double {
    items: &["lines"],
    checks: &[
        CheckName::new(LINES, "Are all lines there?"),
        CheckName::new(CHECKSUM, "Does anything vouch for them?"),
    ],
    inspect,
    ..Double::new("noop")
};

/// The second part.
#[derive(Debug)]
pub struct NoopEngine;

fn inspect(input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection {
    let mut lines = 0;
    let (text, state) = read_whole(input, tee, |text| {
        let text = String::from_utf8_lossy(text);
        let (body, end) = text.trim_end().rsplit_once('\n').unwrap_or_default();
        lines = body.lines().count() as u64;
        if end == format!("END {lines}") {
            InspectionState::Intact
        } else {
            InspectionState::Damaged
        }
    });
    let finding = InspectionFinding {
        offset: 0,
        message: "the end is not there".into(),
    };
    let intact = state == InspectionState::Intact;
    Inspection {
        bytes: text.len() as u64,
        checksum: Checksum::Verified,
        items: BTreeMap::from([("lines", lines)]),
        findings: if intact { Vec::new() } else { vec![finding] },
        ..Inspection::new("noop", state)
    }
}

#[async_trait]
impl Engine for NoopEngine {
    fn name(&self) -> EngineName {
        NAME
    }

    fn programs(&self) -> &'static [&'static str] {
        &["sh"]
    }

    fn prepare(&self, request: &Request<'_>, _: &engine::Settings) -> Result<SandboxSpec, Stopped> {
        let image = request.images.first().cloned();
        Ok(SandboxSpec {
            image: image.ok_or_else(|| Stopped::new(Reason::NoImage, "there is no image"))?,
            data_dir: "/data".into(),
            memory_bytes: (64 << 20).min(request.memory_bytes_max),
            disk_bytes: request.size_bytes,
            env: Vec::new(),
            ports: Vec::new(),
            deadline: request.deadline,
        })
    }

    fn stage(&self, _: Fed, _: &Bench<'_>, _: &engine::Settings) -> Result<Staging, Stopped> {
        Ok(Staging {
            server: None,
            put: shell("cat > part && mv part whole"),
            digest: Some(shell("sha256sum whole")),
        })
    }

    async fn restore(
        &self,
        bench: &Bench<'_>,
        _: &Inspection,
        _: &engine::Settings,
    ) -> Result<Vec<Observation>, Stopped> {
        let counting = shell("wc -l < whole");
        let exit = bench
            .stage(Stage::Restore, bench.sandbox.exec(&counting, None))
            .await?;
        bench.answered();
        let lines: u64 = exit.stdout.text().trim().parse().unwrap_or(0);
        Ok(vec![Observation {
            name: "lines".into(),
            value: Observed::Count(lines),
        }])
    }

    fn judge(&self, evidence: &Case<'_>, _: &engine::Settings) -> Vec<CheckResult> {
        // The last line, END, is none of them.
        let counted = evidence.inspection.items["lines"] + 1;
        let [
            Observation {
                value: Observed::Count(lines),
                ..
            },
        ] = evidence.observations
        else {
            return vec![CheckResult::not_run(
                LINES,
                Some(Reason::Internal),
                "nobody counted",
            )];
        };
        let answer = if *lines == counted {
            CheckResult::passed(LINES, "all lines are there")
        } else {
            CheckResult::failed(LINES, Reason::Identity, "lines are missing")
        };
        let vouched = evidence.artifact.integrity == Integrity::File;
        vec![
            answer.observed(lines).expected(counted, Basis::Snapshot),
            if vouched {
                CheckResult::passed(CHECKSUM, "the file vouches for itself")
            } else {
                CheckResult::failed(CHECKSUM, Reason::NoChecksum, "nothing vouches for them")
            },
        ]
    }

    fn judge_whole(&self, _: &Whole<'_>, _: &engine::Settings) -> Vec<CheckResult> {
        Vec::new()
    }

    fn items(&self, evidence: &Case<'_>) -> BTreeMap<String, u64> {
        BTreeMap::from([("lines".to_owned(), evidence.inspection.items["lines"])])
    }

    fn data_at(&self, _: &[Observation]) -> Option<Timestamp> {
        None
    }
}

fn shell(script: &str) -> Command {
    Command::new(["sh", "-c", script], PATIENCE)
}
