//! A fabricated source in perfect health, for tests to spoil.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use settings::{Duration, Schedule};

use crate::{
    assess::{
        Assessment, Cadence, Figures, Intent, Measure, Objectives, ProducerStatus, Subject, Tier,
        Verifying,
    },
    ledger::{Draft, Ledger, Proofs, Verification, fixtures},
    model::{
        Artifact, Key, ObjectMeta, Snapshot, SnapshotFacts, SnapshotId, SnapshotState,
        SourceInventory, TakenAtFrom,
    },
};

/// Everything that an assessment is made from, owned.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) cadence: Option<Cadence>,
    pub(super) objectives: Objectives,
    pub(super) grace: Option<Duration>,
    pub(super) settle: Duration,
    pub(super) refresh: Duration,
    pub(super) watched_since: Timestamp,
    pub(super) was_held: bool,
    pub(super) inventory: Option<SourceInventory>,
    /// Records; `None` where no proof is expected.
    pub(super) drafts: Option<Vec<Draft>>,
    pub(super) intent: Option<Intent>,
    pub(super) verifying: Verifying,
    /// Time of the survey before the last one, if already that one showed no verified snapshot.
    pub(super) unproven_since: Option<Timestamp>,
    pub(super) untried_seen: Option<Timestamp>,
    pub(super) now: Timestamp,
}

impl World {
    /// A source with a snapshot daily at 02:00 UTC, kept for 30 days. Each is taken ten seconds
    /// later, is there after five minutes and has 1000 bytes. The newest was verified an hour later
    /// within two seconds, and now is noon.
    pub(super) fn healthy() -> Self {
        let now = time("2026-11-22T12:00:00Z");
        let newest = time("2026-11-22T02:00:10Z");
        let snapshots = (0..30).map(|day| snapshot(newest - SignedDuration::from_hours(24 * day)));
        Self {
            cadence: Some(cron("0 2 * * *", "UTC")),
            objectives: Objectives {
                recovery_time: Some(Duration::from_mins(15)),
                retention: vec![keep(30)],
                minimum_size: Some(100),
                ..Objectives::default()
            },
            grace: None,
            settle: Duration::ZERO,
            refresh: Duration::ZERO,
            watched_since: time("2026-11-20T00:00:00Z"),
            was_held: false,
            inventory: Some(SourceInventory {
                snapshots: snapshots.collect(),
                ..SourceInventory::default()
            }),
            drafts: Some(vec![fixtures::verified(newest)]),
            intent: Some(Intent {
                status: ProducerStatus::Succeeded,
                last_run_at: Some(time("2026-11-22T02:00:01Z")),
                last_success_began_at: Some(time("2026-11-22T02:00:01Z")),
                last_success_at: Some(time("2026-11-22T02:05:30Z")),
                schedule_matches: Some(true),
            }),
            verifying: Verifying::default(),
            unproven_since: None,
            untried_seen: None,
            now,
        }
    }

    /// A source with this schedule, complete snapshots taken at these times, and nothing promised.
    pub(super) fn plain(cadence: Cadence, taken_at: &[&str], now: &str) -> Self {
        let newest_first = taken_at.iter().rev().map(|at| snapshot(time(at)));
        Self {
            cadence: Some(cadence),
            objectives: Objectives::default(),
            grace: Some(Duration::from_mins(30)),
            settle: Duration::ZERO,
            refresh: Duration::ZERO,
            watched_since: time(now),
            was_held: false,
            inventory: Some(SourceInventory {
                snapshots: newest_first.collect(),
                ..SourceInventory::default()
            }),
            drafts: None,
            intent: None,
            verifying: Verifying::default(),
            unproven_since: None,
            untried_seen: None,
            now: time(now),
        }
    }

    /// Snapshots, newest first.
    pub(super) fn snapshots(&mut self) -> &mut Vec<Snapshot> {
        &mut self.inventory.as_mut().expect("surveyed").snapshots
    }

    pub(super) fn newest(&mut self) -> &mut Snapshot {
        &mut self.snapshots()[0]
    }

    pub(super) fn objects(&mut self) -> &mut ObjectMeta {
        &mut self.newest().artifacts[0].meta
    }

    pub(super) fn intent(&mut self) -> &mut Intent {
        self.intent.as_mut().expect("a producer")
    }

    /// The one verification there is.
    pub(super) fn verification(&mut self) -> &mut Verification {
        match self.drafts.as_mut().expect("proof expected").first_mut() {
            Some(Draft::Verification(verification)) => verification,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn ledger(&self) -> Option<Ledger> {
        let drafts = self.drafts.clone()?;
        let mut ledger = Ledger::new(fixtures::cache());
        for (sequence, text) in (1..).zip(fixtures::sealed(drafts.into_iter().map(arrived))) {
            ledger.take(sequence, Ok(&text));
        }
        Some(ledger)
    }

    /// Hands the assessment to `look`.
    pub(super) fn assessed<T>(&self, look: impl FnOnce(&Assessment<'_>) -> T) -> T {
        look(&self.figures(self.ledger()).assess(self.now))
    }

    fn proofs(&self, ledger: &Ledger) -> Option<Proofs> {
        let inventory = self.inventory.as_ref()?;
        Some(Proofs::new(ledger, inventory, None, self.now))
    }

    /// The figures of the source with this ledger.
    pub(super) fn figures(&self, ledger: Option<Ledger>) -> Figures {
        let proofs = ledger.as_ref().and_then(|it| self.proofs(it));
        Figures::new(Subject {
            measure: Arc::new(Measure {
                cadence: self.cadence.clone(),
                objectives: self.objectives.clone(),
                grace: self.grace,
                settle: self.settle,
                refresh: self.refresh,
                verifying: self.verifying.clone(),
            }),
            watched_since: self.watched_since,
            was_held: self.was_held,
            inventory: self.inventory.clone().map(Arc::new),
            ledger: ledger.map(Arc::new),
            proofs: proofs.map(Arc::new),
            unproven_since: self.unproven_since,
            untried_seen: self.untried_seen,
            intent: self.intent.clone(),
        })
    }

    /// The names of the concerns that stand.
    pub(super) fn standing(&self) -> Vec<&'static str> {
        self.assessed(|assessment| assessment.standing().map(|concern| concern.name).collect())
    }
}

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().expect(text)
}

pub(super) fn cron(text: &str, zone: &str) -> Cadence {
    let zone = TimeZone::get(zone).expect(zone);
    Cadence::new(Schedule::parse(text, &zone).expect(text))
}

pub(super) fn keep(days: u64) -> Tier {
    Tier {
        keep: Duration::from_days(days),
        every: None,
        class: None,
    }
}

/// The same draft, of an object that was there after five minutes.
fn arrived(mut draft: Draft) -> Draft {
    let written = match &mut draft {
        Draft::Verification(run) => &mut run.snapshot,
        Draft::Acceptance(act) => &mut act.snapshot,
        _ => return draft,
    };
    for artifact in &mut written.artifacts {
        artifact.modified_at += SignedDuration::from_mins(5);
    }
    draft
}

/// A complete snapshot of 1000 bytes that was there after five minutes.
pub(super) fn snapshot(taken_at: Timestamp) -> Snapshot {
    let id = taken_at.strftime("%Y%m%d-%H%M").to_string();
    let completed_at = taken_at + SignedDuration::from_mins(5);
    Snapshot {
        source: fixtures::cache(),
        taken_at,
        taken_at_from: TakenAtFrom::Content,
        from_the_future: false,
        completed_at,
        state: SnapshotState::Complete,
        artifacts: vec![Artifact {
            name: String::new(),
            meta: ObjectMeta {
                key: Key::new(format!("redis/{id}.rdb")),
                size_bytes: 1000,
                modified_at: completed_at,
                etag: Some(format!("tag-{id}")),
                version_id: None,
                storage_class: None,
            },
        }],
        facts: SnapshotFacts::default(),
        continues: crate::model::Continues::Nothing,
        manifests: std::collections::BTreeMap::new(),
        id: SnapshotId(id),
    }
}
