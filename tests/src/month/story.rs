//! What happens outside both programs in the month: snapshots, faults and verdicts, by the hour.

use std::{ops::Range, time::Duration};

use catalog::ledger::{Reason, Stage, StageRecord, Verification};
use jiff::{SignedDuration, Timestamp};
use verifier::{
    simulated::{ScriptedRun, ScriptedVerdicts},
    supervise::Assignment,
};

use super::{END, LENGTH};

/// Sources of the month; each has its folder in the repository.
pub(super) const SOURCES: [Source; 5] = [
    Source::of("sessions", (1, 36), (24, 1)),
    Source::of("graph", (24, 14 * 24), (96, 3)),
    Source::of("orders", (6, 4 * 24), (48, 1)),
    Source::of("billing", (12, 7 * 24), (16, 0)),
    Source::of("carts", (4, 2 * 24), (8, 2)),
];

/// Hours in which no snapshot of `orders` is taken.
const OUTAGE: Range<i64> = 9 * 24..11 * 24 + 12;

/// Hours in which what is taken of a source is damaged, to the end of the month at last.
const DAMAGED: [(&str, Range<i64>); 3] = [
    ("billing", 17 * 24..20 * 24),
    // In the night before the drill of a Sunday.
    ("orders", 18 * 24 + 12..19 * 24),
    ("billing", 29 * 24..30 * 24),
];

/// Hours in which sandboxes have too little memory for `graph`, the drill of a Sunday among them.
const NARROW: Range<i64> = 24 * 24..26 * 24;

/// Hours in which no head can be read.
pub(super) const UNREADABLE: Range<i64> = 27 * 24..27 * 24 + 6;

/// Hours in which the repository refuses to be listed.
pub(super) const REFUSED: Range<i64> = 24 * 24..24 * 24 + 4;

/// Hours in which no message arrives.
pub(super) const AWAY: [Range<i64>; 2] = [17 * 24..18 * 24, 29 * 24..30 * 24];

/// Hours in which the verifier is down.
pub(super) const DOWN: Range<i64> = 21 * 24..21 * 24 + 6;

/// Hour in which `baskets` is renamed to `carts`.
pub(super) const RENAMED: i64 = 14 * 24;

/// What is backed up, and how it grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) folder: &'static str,
    /// Hours between two snapshots.
    every: i64,
    /// Hours for which a snapshot is kept.
    pub(super) kept: i64,
    /// Size of the first snapshot.
    mib: usize,
    /// Growth in percent a day.
    grows: usize,
}

impl Source {
    const fn of(
        folder: &'static str,
        (every, kept): (i64, i64),
        (mib, grows): (usize, usize),
    ) -> Self {
        Self {
            folder,
            every,
            kept,
            mib,
            grows,
        }
    }

    /// True if it is a graph of Neo4j and no store of Redis.
    pub(super) fn is_graph(&self) -> bool {
        self.folder == "graph"
    }

    /// Bytes of the snapshot that is taken in this hour of the month; `None`: none is taken.
    pub(super) fn snapshot(&self, hour: i64) -> Option<usize> {
        let is_out = self.folder == "orders" && OUTAGE.contains(&hour);
        if is_out || hour_of_day(hour) % self.every != 0 {
            return None;
        }
        let day = usize::try_from(hour / 24).ok()?;
        // By day there is more than by night.
        let wave = usize::try_from(hour_of_day(hour).abs_diff(2).min(12)).ok()?;
        Some((self.mib << 20) / 1000 * (1000 + 10 * self.grows * day + wave))
    }
}

/// Hour of the month at `now`.
pub(super) fn hour(now: Timestamp) -> i64 {
    now.duration_since(END - LENGTH).as_hours()
}

fn hour_of_day(hour: i64) -> i64 {
    let at = END - LENGTH + SignedDuration::from_hours(hour);
    at.as_second() / 3600 % 24
}

/// The configuration of both programs.
pub(super) fn config(is_renamed: bool) -> String {
    let text = "\
schema: 1
repositories: [{ name: cloud, directory: /nowhere, capacity: 4700MiB }]
evidence: { repository: { directory: /nowhere/evidence } }
exporter: { refresh: 15m }
verifier:
  runtime: docker
  slack: { webhook_url_file: nowhere }
  heartbeat: { url_file: nowhere, every: 5m }
drills: [{ name: full, schedule: '0 6 * * 0', sources: [graph, orders], recovery_time: 20m }]
sources:
  - name: sessions
    engine: redis
    repository: cloud
    path: sessions/%Y%m%d-%H%M.rdb
    schedule: '0 * * * *'
    owner: web
    objectives: { recovery_point: 90m, recovery_time: 5m, retention: 36h, verification: 2d }
    verify: { schedule: '30 4 * * *' }
  - name: graph
    engine: neo4j
    repository: cloud
    path: graph/%Y%m%d-%H%M.dump
    schedule: '0 0 * * *'
    owner: data
    objectives: { recovery_point: 26h, recovery_time: 1m, retention: 14d, verification: 2d }
    verify: { when: new_snapshot }
  - name: orders
    engine: redis
    repository: cloud
    path: orders/%Y%m%d-%H%M.rdb
    schedule: '0 */6 * * *'
    owner: web
    objectives: { recovery_point: 7h, recovery_time: 5m, retention: 4d, minimum_size: 1MiB }
    verify: { schedule: '0 7 * * *' }
  - name: billing
    engine: redis
    repository: cloud
    path: billing/%Y%m%d-%H%M.rdb
    schedule: '0 */12 * * *'
    owner: finance
    objectives: { recovery_point: 13h, recovery_time: 5m, retention: 7d }
    verify: { schedule: '0 3 * * *' }
  - name: baskets
    engine: redis
    repository: cloud
    path: carts/%Y%m%d-%H%M.rdb
    schedule: '0 */4 * * *'
    owner: web
    objectives: { recovery_point: 5h, recovery_time: 5m, retention: 2d }
    verify: { schedule: '0 5 * * *' }
";
    if is_renamed {
        text.replace("name: baskets", "name: carts\n    formerly: [baskets]")
    } else {
        text.into()
    }
}

/// What verifications come to, with records as sandboxes would make them.
pub(super) fn verdicts() -> ScriptedVerdicts {
    let decide = |assignment: &Assignment| {
        let (source, at) = (
            assignment.source.as_str(),
            hour(assignment.snapshot.taken_at),
        );
        let mut damaged = DAMAGED.iter();
        let reason = if damaged.any(|(of, hours)| *of == source && hours.contains(&at)) {
            Some(Reason::Damaged)
        } else if source == "graph" && NARROW.contains(&at) {
            Some(Reason::OutOfMemory)
        } else {
            None
        };
        let loads = recovery(assignment.snapshot.lineage_bytes());
        let takes = Duration::from_millis(loads + 3000);
        ScriptedRun { takes, reason }
    };
    ScriptedVerdicts::new(decide).completed(complete)
}

/// Milliseconds until a snapshot of these bytes is usable: a server starts, and 5 MB a second.
const fn recovery(bytes: u64) -> u64 {
    4000 + bytes / 5000
}

fn complete(run: &mut Verification) {
    let bytes = run.snapshot.artifacts.iter().map(|it| it.size_bytes).sum();
    let loads = recovery(bytes);
    run.stages = [
        (Stage::Select, 40),
        (Stage::Provision, 900),
        (Stage::Fetch, bytes / 50_000),
        (Stage::Inspect, bytes / 60_000),
        (Stage::Stage, bytes / 40_000),
        (Stage::Restore, loads / 2),
        (Stage::Serve, loads / 3),
        (Stage::Probe, 300),
        (Stage::Destroy, 800),
    ]
    .map(|(stage, milliseconds)| StageRecord {
        stage,
        milliseconds,
    })
    .into();
    run.recovery_milliseconds = run.reason.is_none().then_some(loads);
    run.data_at = Some(run.snapshot.taken_at - SignedDuration::from_secs(20));
    let items = match &*run.engine {
        "neo4j" => vec![("nodes", bytes / 900), ("relationships", bytes / 300)],
        _ => vec![("keys", bytes / 500), ("expiring_keys", bytes / 800)],
    };
    let items = items.into_iter().map(|(item, count)| (item.into(), count));
    run.items = items.collect();
}
