//! How long a real Prometheus takes for the rules of `alerts/`, with an hour of many sources.

use std::{fmt::Write as _, path::Path, sync::Arc};

use catalog::{
    config::load,
    ledger::{Draft, MemoryRecords, append, fixtures},
    model::{RepositoryName, SnapshotId, SourceName, TakenAtFrom},
    storage::{Counted, memory::Memory},
};
use exporter::{
    families::families,
    state::State,
    surveyor::{Surveyor, World},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::interval;
use toolkit::{clock::Clock, exposition::render, published::Published};

use crate::{
    month::{SCRAPED_EVERY, Samples, backfill},
    prometheus_server::PrometheusServer,
};

/// Time that Prometheus has samples of.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Time between two surveys, as the exporter surveys unless told otherwise.
const SURVEYED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Snapshots of each source, one an hour.
const SNAPSHOTS: i64 = 24;

/// Evaluations of each group, of which the median counts.
const EVALUATIONS: usize = 11;

/// An empty snapshot of Redis, whole but without keys.
const EMPTY: &[u8] = b"REDIS0011\xff\0\0\0\0\0\0\0\0";

/// What one evaluation of a group of rules takes.
#[derive(Debug)]
pub struct RuleGroupSpeed {
    /// Name of the group.
    pub group: String,
    /// Median of several evaluations, in seconds.
    pub seconds: f64,
    /// Name of its slowest rule in the last one, with that rule's seconds.
    pub slowest: (String, f64),
}

/// Measures every group of rules with so many sources, which end now.
///
/// # Panics
/// When there is no `prometheus` or `promtool`, or a program fails.
pub async fn measure(sources: usize) -> Vec<RuleGroupSpeed> {
    let now = Clock::system().now();
    let folder = tempfile::tempdir().expect("a folder");
    let exposed = folder.path().join("hour.txt");
    expose(sources, now, &exposed).await;
    backfill::samples(&exposed, folder.path());
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../alerts/*.yaml");
    let server = PrometheusServer::with_blocks(
        folder,
        &format!(
            "global: {{ evaluation_interval: 1s }}\nrule_files: [{}]\n",
            rules.display()
        ),
    );
    evaluated(&server).await
}

/// Writes the scrapes of an hour, before `now`, of an exporter with so many sources. It surveys
/// them every five minutes, and each gets a snapshot at the full hour: nothing is wrong with any.
async fn expose(sources: usize, now: Timestamp, path: &Path) {
    let begin = now - HOUR;
    let loaded = load(Path::new("/backups.yaml"), &config(sources));
    let config = Arc::new(loaded.expect("a configuration").config);
    let (repository, records) = (Arc::new(Memory::default()), MemoryRecords::default());
    for source in &config.sources {
        fill(&repository, &records, &source.name, full_hour(begin)).await;
    }
    let published = Published::new(State::new(Arc::clone(&config), begin));
    let name = RepositoryName::new("local").expect("a name");
    let world = Arc::new(World {
        config: Arc::clone(&config),
        storages: [(name, Counted::new(repository.clone()))].into(),
        evidence: Some(Arc::new(records)),
    });
    let mut samples = Samples::create(path).expect("a file");
    let mut at = begin;
    let mut survey_at = begin;
    while at <= now {
        if at >= survey_at {
            for source in &config.sources {
                snapshot(&repository, &source.name, full_hour(at));
            }
            let (world, clock) = (Arc::clone(&world), Clock::starting_at(at));
            let surveyor = Surveyor::new(world, published.clone(), clock, Arc::new(|| 0.0));
            surveyor.once().await;
            survey_at = at + SURVEYED_EVERY;
        }
        let text = render(families(&published.get(), at, None)).expect("metrics");
        let written = samples.scrape("backup-exporter", Some(&text), at);
        written.expect("written");
        at += SCRAPED_EVERY;
    }
    samples.end().expect("written");
}

fn config(sources: usize) -> String {
    let mut text = String::from(
        "schema: 1\nrepositories: [{ name: local, directory: /nowhere }]\n\
         evidence: { repository: { directory: /nowhere/evidence } }\nsources:\n",
    );
    for number in 0..sources {
        let _ = writeln!(
            text,
            "  - {{ name: cache-{number}, engine: redis, repository: local, settle: 0s, \
             path: cache-{number}/%Y%m%d-%H%M.rdb, schedule: \"0 * * * *\", owner: team-{}, \
             objectives: {{ recovery_point: 90m, recovery_time: 15m, retention: 1d }}, \
             verify: {{ when: new_snapshot }} }}",
            number % 10
        );
    }
    text
}

/// Puts the snapshots of a source there, and the record of its last verification.
async fn fill(repository: &Memory, records: &MemoryRecords, source: &SourceName, now: Timestamp) {
    for hours in 0..SNAPSHOTS {
        snapshot(repository, source, now - SignedDuration::from_hours(hours));
    }
    let mut run = fixtures::verification(now, None);
    run.source = source.clone();
    run.ended_at = now;
    run.snapshot.artifacts[0].key = format!("{source}/{}.rdb", id(now));
    run.snapshot.artifacts[0].etag = None;
    run.snapshot.artifacts[0].size_bytes = EMPTY.len() as u64;
    run.snapshot.id = SnapshotId(id(now));
    run.snapshot.taken_at_from = TakenAtFrom::Name;
    let draft = Draft::Verification(Box::new(run));
    append(records, source, draft).await.expect("appended");
}

fn snapshot(repository: &Memory, source: &SourceName, at: Timestamp) {
    repository.put_at(format!("{source}/{}.rdb", id(at)), EMPTY, at);
}

fn id(at: Timestamp) -> String {
    at.strftime("%Y%m%d-%H%M").to_string()
}

fn full_hour(at: Timestamp) -> Timestamp {
    at - SignedDuration::from_secs(at.as_second() % 3600)
}

/// Waits until every group was evaluated often enough.
async fn evaluated(server: &PrometheusServer) -> Vec<RuleGroupSpeed> {
    let mut looks = interval(std::time::Duration::from_millis(200));
    let mut took: Vec<Vec<(String, f64)>> = Vec::new();
    loop {
        looks.tick().await;
        let rules = server.ask("rules", &[]).await.expect("rules");
        let groups = rules["groups"].as_array().expect("groups");
        took.resize(groups.len(), Vec::new());
        for (took, group) in took.iter_mut().zip(groups) {
            let at = text(&group["lastEvaluation"]);
            let is_new = took.last().is_none_or(|(before, _)| *before != at);
            if is_new && !at.starts_with("0001") {
                took.push((at, seconds(group)));
            }
        }
        if took.iter().all(|took| took.len() >= EVALUATIONS) {
            let measured = took.into_iter().zip(groups);
            return measured.map(|(took, group)| speed(took, group)).collect();
        }
    }
}

fn speed(took: Vec<(String, f64)>, group: &Value) -> RuleGroupSpeed {
    let mut each: Vec<f64> = took.into_iter().map(|(_, seconds)| seconds).collect();
    each.sort_by(f64::total_cmp);
    let rules = group["rules"].as_array().expect("rules");
    let slowest = rules
        .iter()
        .max_by(|a, b| seconds(a).total_cmp(&seconds(b)));
    let slowest = slowest.map(|rule| (text(&rule["name"]), seconds(rule)));
    RuleGroupSpeed {
        group: text(&group["name"]),
        seconds: each[each.len() / 2],
        slowest: slowest.expect("a rule"),
    }
}

/// Seconds of the last evaluation of a group or rule.
fn seconds(of: &Value) -> f64 {
    of["evaluationTime"].as_f64().unwrap_or_default()
}

fn text(json: &Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}
