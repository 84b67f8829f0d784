//! When a snapshot is due: one at a time, and over months.

mod prospects;

use std::path::Path;

use catalog::{
    config::load,
    ledger::{Draft, Reason, fixtures},
    model::{Artifact, Key, ObjectMeta, SnapshotFacts, SnapshotId, SnapshotState, TakenAtFrom},
};
use jiff::SignedDuration;

use super::*;

/// The time of everything here, in hours.
fn at(hour: i64) -> Timestamp {
    fixtures::at("00:00:00") + SignedDuration::from_hours(hour)
}

/// A source with these further lines of configuration.
fn source(lines: &str) -> Source {
    let text = format!(
        "schema: 1\nrepositories: [{{ name: local, directory: /backups }}]\n\
         evidence: {{ repository: {{ directory: /evidence }} }}\nsources:\n  - name: cache\n    \
         engine: redis\n    repository: local\n    path: \"redis/%Y%m%d-%H%M.rdb\"\n{lines}"
    );
    let loaded = load(Path::new("backups.yaml"), &text).expect("a configuration");
    loaded.config.sources.into_iter().next().expect("a source")
}

/// The snapshot of that hour, as the records of the fixtures name it.
fn snapshot(hour: i64) -> Snapshot {
    let written = fixtures::snapshot(at(hour));
    let artifact = &written.artifacts[0];
    let meta = ObjectMeta {
        key: Key::new(&artifact.key),
        size_bytes: artifact.size_bytes,
        modified_at: artifact.modified_at,
        etag: artifact.etag.clone(),
        version_id: None,
        storage_class: None,
    };
    Snapshot {
        id: SnapshotId(written.id.0),
        source: fixtures::cache(),
        taken_at: at(hour),
        taken_at_from: TakenAtFrom::Content,
        from_the_future: false,
        completed_at: at(hour),
        state: SnapshotState::Complete,
        artifacts: vec![Artifact {
            name: String::new(),
            meta,
        }],
        facts: SnapshotFacts::default(),
        continues: catalog::model::Continues::Nothing,
        manifests: std::collections::BTreeMap::new(),
    }
}

/// Verifications as (snapshot of this hour, ended at that hour, why not verified).
fn ledger(runs: &[(i64, i64, Option<Reason>)]) -> Ledger {
    let drafts = runs.iter().map(|(of, ended, reason)| {
        let mut run = fixtures::verification(at(*of), *reason);
        run.ended_at = at(*ended);
        Draft::Verification(Box::new(run))
    });
    let mut ledger = Ledger::new(fixtures::cache());
    for (sequence, text) in (1..).zip(fixtures::sealed(drafts)) {
        ledger.take(sequence, Ok(&text));
    }
    ledger
}

/// What lies there, and what is known of it.
struct World {
    inventory: SourceInventory,
    ledger: Ledger,
    proofs: Proofs,
}

impl World {
    /// A world with this newest snapshot; everything of which there is a record still lies there.
    fn new(newest: Option<i64>, ledger: Ledger) -> Self {
        let hour = |it: &Verification| it.snapshot.taken_at.duration_since(at(0)).as_hours();
        let tried = ledger.verifications().map(hour);
        let mut hours: Vec<i64> = tried.chain(newest).collect();
        hours.retain(|hour| newest.is_some_and(|newest| *hour <= newest));
        hours.sort_unstable();
        hours.dedup();
        Self::with(hours.into_iter().rev().map(snapshot).collect(), ledger)
    }

    /// A world with these snapshots, newest first.
    fn with(snapshots: Vec<Snapshot>, ledger: Ledger) -> Self {
        let inventory = SourceInventory {
            snapshots,
            ..SourceInventory::default()
        };
        Self {
            proofs: Proofs::new(&ledger, &inventory, None, at(1000)),
            inventory,
            ledger,
        }
    }

    fn situation(&self, hour: i64) -> Situation<'_> {
        self.situation_at(at(hour))
    }

    fn situation_at(&self, now: Timestamp) -> Situation<'_> {
        Situation::new(&self.inventory, &self.ledger, &self.proofs, now)
    }
}

const NEW: &str = "    objectives: { verification: 6d }\n    verify: { when: new_snapshot }\n";
const DAILY: &str =
    "    objectives: { verification: 6d }\n    verify: { schedule: \"0 6 * * *\" }\n";
const OBJECTIVE: &str = "    objectives: { verification: 6d }\n";

/// The last third of six days begins after 96 hours.
#[track_caller]
fn check(
    lines: &str,
    newest: Option<i64>,
    runs: &[(i64, i64, Option<Reason>)],
    now: i64,
    expected: (Option<Trigger>, &str),
) {
    let world = World::new(newest, ledger(runs));
    let planned = plan(&source(lines), &world.situation(now));
    assert_eq!((planned.due, planned.why.as_str()), expected);
}

#[test]
fn what_cannot_be_verified_is_not_due() {
    check(NEW, None, &[], 9, (None, "there is no complete snapshot"));
    let none = "    verify: false\n";
    check(none, Some(0), &[], 9, (None, "no proof is expected of it"));
}

#[test]
fn a_new_snapshot_is_due_where_it_says_so() {
    let new = (Some(Trigger::NewSnapshot), "its newest snapshot is new");
    check(NEW, Some(0), &[], 1, new);
    check(NEW, Some(24), &[(0, 1, None)], 25, new);
    let from = (None, "its proof is from 1 d ago");
    check(OBJECTIVE, Some(24), &[(0, 1, None)], 25, from);
    let never = (Some(Trigger::Schedule), "it was never verified");
    check(OBJECTIVE, Some(0), &[], 1, never);
}

#[test]
fn the_same_object_is_left_alone_until_its_proof_nears_its_end() {
    let renewed = |why| (Some(Trigger::Schedule), why);
    for lines in [NEW, OBJECTIVE, DAILY] {
        let settled = (None, "its newest snapshot was verified 4 d ago");
        check(lines, Some(0), &[(0, 1, None)], 97, settled);
    }
    let why = "its verdict of 4 d 1 h ago is to be renewed";
    check(NEW, Some(0), &[(0, 1, None)], 98, renewed(why));
    check(OBJECTIVE, Some(0), &[(0, 1, None)], 98, renewed(why));
    check(OBJECTIVE, Some(96), &[(0, 1, None)], 98, renewed(why));
    let late = renewed("it was due 3 d 20 h ago");
    check(DAILY, Some(0), &[(0, 1, None)], 98, late);
}

#[test]
fn what_failed_is_not_tried_again_before_the_objective_ends() {
    let failed = [(0, 1, Some(Reason::Damaged))];
    for lines in [NEW, OBJECTIVE, DAILY] {
        let settled = (None, "its newest snapshot failed 6 d ago");
        check(lines, Some(0), &failed, 145, settled);
    }
    let why = "its verdict of 6 d 1 h ago is to be renewed";
    check(NEW, Some(0), &failed, 146, (Some(Trigger::Schedule), why));
}

#[test]
fn while_a_failure_stands_an_untried_newest_snapshot_is_due_at_once() {
    const DAMAGED: Option<Reason> = Some(Reason::Damaged);
    let why = "its newest snapshot is new, and the one before failed";
    let due = (Some(Trigger::Schedule), why);
    let proven_then_failed = [(0, 1, None), (24, 25, DAMAGED)];
    check(OBJECTIVE, Some(26), &proven_then_failed, 26, due);
    check(OBJECTIVE, Some(26), &proven_then_failed[1..], 26, due);
    let tried = (None, "its newest snapshot failed 1 h ago");
    check(OBJECTIVE, Some(24), &proven_then_failed, 26, tried);
    // Once it is tried, the newest is judged by its own verdict.
    let twice = [(0, 1, None), (24, 25, DAMAGED), (26, 27, DAMAGED)];
    check(OBJECTIVE, Some(26), &twice, 28, tried);
    let answered = [(0, 1, None), (24, 25, DAMAGED), (26, 27, None)];
    let proven = (None, "its proof is from 1 h ago");
    check(OBJECTIVE, Some(28), &answered, 28, proven);
    // A schedule tries it at its next slot, and each new snapshot is due by itself.
    let slot = (None, "it is due in 4 h");
    check(DAILY, Some(26), &proven_then_failed, 26, slot);
    let new = (Some(Trigger::NewSnapshot), "its newest snapshot is new");
    check(NEW, Some(26), &proven_then_failed, 26, new);
}

#[test]
fn other_bytes_under_the_name_of_what_failed_are_due_at_once() {
    let runs = ledger(&[(0, 1, None), (24, 25, Some(Reason::Damaged))]);
    let planned = |newest: Snapshot| {
        let world = World::with(vec![newest, snapshot(0)], runs.clone());
        let planned = plan(&source(OBJECTIVE), &world.situation(27));
        (planned.due, planned.why)
    };
    let mut other = snapshot(24);
    other.artifacts[0].meta.size_bytes += 1;
    other.artifacts[0].meta.modified_at = at(26);
    other.completed_at = at(26);
    let why = "its newest snapshot is new, and the one before failed";
    assert_eq!(planned(other), (Some(Trigger::Schedule), why.to_owned()));
    let why = "its newest snapshot failed 2 h ago";
    assert_eq!(planned(snapshot(24)), (None, why.to_owned()));
}

#[test]
fn what_was_inconclusive_is_tried_again_at_once() {
    let runs = [(0, 1, Some(Reason::Deadline))];
    let again = (
        Some(Trigger::Retry),
        "the last try was inconclusive, 2 h ago",
    );
    for lines in [NEW, OBJECTIVE, DAILY] {
        check(lines, Some(0), &runs, 3, again);
    }
}

#[test]
fn without_a_verified_snapshot_that_lies_there_the_newest_is_due_at_once() {
    let why = "no snapshot that was verified lies there any more";
    let due = |lines: &str, lying: &[i64], runs: &[(i64, i64, Option<Reason>)]| {
        let snapshots = lying.iter().map(|hour| snapshot(*hour)).collect();
        let world = World::with(snapshots, ledger(runs));
        let planned = plan(&source(lines), &world.situation(9));
        (planned.due, planned.why)
    };
    let lost = due(NEW, &[8, 7], &[(2, 7, None)]);
    assert_eq!(lost, (Some(Trigger::NewSnapshot), why.to_owned()));
    for lines in [DAILY, OBJECTIVE] {
        let lost = due(lines, &[8, 7], &[(2, 7, None)]);
        assert_eq!(lost, (Some(Trigger::Schedule), why.to_owned()), "{lines}");
        let kept = due(lines, &[8, 2], &[(2, 7, None)]);
        assert_eq!(kept.0, None, "{lines}");
        // What is due then is tried once, and not again because of the loss.
        let failed = due(lines, &[8], &[(2, 6, None), (8, 8, Some(Reason::Damaged))]);
        assert_eq!(failed.0, None, "{lines}");
    }
}

#[test]
fn a_touched_snapshot_is_due_again() {
    let mut run = fixtures::verification(at(2), None);
    run.ended_at = at(7);
    run.snapshot.artifacts[0].etag = Some("1-3e8-6a.0-6a.0".into());
    let mut ledger = Ledger::new(fixtures::cache());
    let text = fixtures::sealed([Draft::Verification(Box::new(run))]);
    ledger.take(1, Ok(&text[0]));
    for lines in [DAILY, OBJECTIVE, NEW] {
        for (tag, is_due) in [("1-3e8-6a.0-6a.0", false), ("1-3e8-6a.0-6b.0", true)] {
            let mut touched = snapshot(2);
            touched.artifacts[0].meta.etag = Some(tag.into());
            let world = World::with(vec![touched], ledger.clone());
            let planned = plan(&source(lines), &world.situation(9));
            assert_eq!(planned.due.is_some(), is_due, "{lines} {tag}");
            let why = "its newest snapshot was touched since it was tried";
            assert_eq!(planned.why == why, is_due, "{lines} {planned:?}");
            // It lies there still, behind one that was never tried.
            let mut touched = snapshot(2);
            touched.artifacts[0].meta.etag = Some(tag.into());
            let world = World::with(vec![snapshot(8), touched], ledger.clone());
            let planned = plan(&source(lines), &world.situation(9));
            let why = "no snapshot that was verified lies there unchanged";
            assert_eq!(planned.why == why, is_due, "{lines} {planned:?}");
        }
    }
}

#[test]
fn a_record_from_the_future_is_no_proof_no_last_run_and_no_pause() {
    let ahead = 24 * 3650;
    check(
        OBJECTIVE,
        Some(0),
        &[(0, ahead, None)],
        1,
        (Some(Trigger::Schedule), "it was never verified"),
    );
    check(
        DAILY,
        Some(0),
        &[(0, ahead, None)],
        1,
        (Some(Trigger::Schedule), "it was never tried"),
    );
    let new = (Some(Trigger::NewSnapshot), "its newest snapshot is new");
    check(NEW, Some(0), &[(0, ahead, Some(Reason::Damaged))], 1, new);
}

#[test]
fn a_differential_snapshot_is_never_due() {
    let mut differential = snapshot(8);
    differential.continues = catalog::model::Continues::Unknown;
    assert!(differential.is_differential());
    let world = World::with(vec![differential.clone(), snapshot(2)], ledger(&[]));
    let planned = plan(&source(NEW), &world.situation(9));
    assert_eq!(planned.snapshot, Some(snapshot(2).id.0));
    let alone = World::with(vec![differential], ledger(&[]));
    assert_eq!(plan(&source(NEW), &alone.situation(9)).due, None);
}

#[test]
fn a_schedule_is_kept() {
    let never = (Some(Trigger::Schedule), "it was never tried");
    check(DAILY, Some(0), &[], 1, never);
    let waits = (None, "it is due in 4 h");
    check(DAILY, Some(24), &[(0, 7, None)], 26, waits);
    let due = (Some(Trigger::Schedule), "it was due 0 s ago");
    check(DAILY, Some(24), &[(0, 7, None)], 30, due);
}

/// Longest time without a proof over 30 days, in hours, of a source with a snapshot every so many
/// hours; `verify --due` runs every so many hours and takes one.
fn longest_without(lines: &str, snapshot_every: i64, planned_every: usize) -> i64 {
    let source = source(lines);
    let (mut runs, mut known) = (Vec::new(), ledger(&[]));
    for now in (1..30 * 24).step_by(planned_every) {
        let newest = now / snapshot_every * snapshot_every;
        let world = World::new(Some(newest), known.clone());
        let planned = plan(&source, &world.situation(now));
        if planned.due.is_some() {
            runs.push((newest, now + 1, None));
            known = ledger(&runs);
        }
    }
    let ended: Vec<i64> = runs.iter().map(|(_, ended, _)| *ended).collect();
    let gaps = ended.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().expect("two proofs at least")
}

#[test]
fn the_proof_of_a_healthy_source_never_runs_out() {
    const NEVER: i64 = 10_000;
    for lines in [NEW, OBJECTIVE, DAILY] {
        for snapshot_every in [24, 6 * 24, NEVER] {
            for planned_every in [1, 36] {
                let longest = longest_without(lines, snapshot_every, planned_every);
                assert!(
                    longest <= 6 * 24,
                    "{lines} {snapshot_every} {planned_every}: {longest}"
                );
            }
        }
    }
}

#[test]
fn no_more_is_verified_than_renewing_needs() {
    let count = |lines, every| longest_without(lines, every, 1);
    assert!(count(OBJECTIVE, 24) > 4 * 24);
    assert!(count(NEW, 10_000) > 4 * 24);
}
