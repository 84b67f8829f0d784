//! Differential backups of a repository: what belongs together, and what is missing.

use std::fs;

use catalog::{
    ledger::{ArtifactRecord, DirectoryRecords, Draft, Integrity, Reason, append, fixtures},
    model::{Key, SourceName},
    storage::{Directory, Storage as _},
};
use jiff::Timestamp;
use serde_json::Value;
use tests::neo4j_archives::{Said, TAKEN_AT, archive, store};

use crate::bench::{Bench, Ran};

/// With backups of these changes, one an hour; the one that begins with 1 is full. What they say of
/// themselves stands before what is compressed.
fn with(changes: &[(i64, i64)]) -> Bench {
    let bench = Bench::new("process");
    let config = "schema: 1\n\
        repositories: [{ name: local, directory: repository }]\n\
        evidence: { repository: { directory: evidence } }\n\
        verifier: { runtime: process }\n\
        sources:\n  - name: graph\n    engine: neo4j\n    repository: local\n    \
        path: \"%Y%m%d-%H%M.backup\"\n    settle: 0s\n";
    fs::write(bench.path("backups.yaml"), config).unwrap();
    for (hour, indexes) in (1..).zip(changes) {
        let said = Said {
            full: indexes.0 == 1,
            indexes: *indexes,
            taken_at: TAKEN_AT + hour * 3600,
            ..Said::default()
        };
        let file = bench.path(&format!("repository/20261101-{hour:02}00.backup"));
        fs::write(file, archive("BZV3", &store(), &said)).unwrap();
    }
    bench
}

#[test]
fn all_that_a_differential_backup_continues_is_fetched_with_it() {
    let bench = with(&[(1, 10), (11, 20), (21, 30)]);
    let ran = bench.run(&["fetch", "--source", "graph", "--to", "to"]);
    ran.ends(0, "to was created");
    let fetched: Vec<_> = ran
        .out
        .lines()
        .filter_map(|it| it.split("  ").nth(1))
        .collect();
    let expected = [
        "to/20261101-0100.backup",
        "to/20261101-0200.backup",
        "to/20261101-0300.backup",
    ];
    assert_eq!(fetched, expected);
    let latest = bench.run(&["latest", "--source", "graph"]);
    latest.ends(0, "continues 2 others and is worth nothing without them");
}

#[test]
fn a_gap_is_named_and_what_is_behind_it_is_fetched_with_a_warning_only() {
    let bench = with(&[(1, 10), (11, 20), (25, 30)]);
    let listed = bench.run(&["snapshots", "--source", "graph"]);
    let gap = "partial: it begins with change 25, and what lies before it ends with change 20";
    assert!(listed.out.contains(gap), "{listed:?}");
    let latest = bench.run(&["latest", "--source", "graph"]);
    assert!(latest.out.ends_with("20261101-0200.backup\n"), "{latest:?}");
    let behind = [
        "fetch",
        "--source",
        "graph",
        "--snapshot",
        "20261101-0300",
        "--to",
        "to",
    ];
    let ran = bench.run(&behind);
    ran.ends(3, "continues is not known, and not fetched");
    assert!(ran.out.ends_with("  to/20261101-0300.backup\n"), "{ran:?}");
}

/// The backup of this hour as it lies there.
async fn written(bench: &Bench, hour: i64) -> ArtifactRecord {
    let key = format!("20261101-{hour:02}00.backup");
    let storage = Directory::new(bench.path("repository"));
    let listed = storage.head(&Key::new(&key)).await.unwrap();
    ArtifactRecord {
        key,
        version_id: None,
        etag: listed.etag,
        size_bytes: listed.size_bytes,
        sha256: None,
        modified_at: listed.modified_at,
        integrity: Integrity::None,
    }
}

/// Writes down how the backup of this hour was judged, with those it continues.
async fn judge(bench: &Bench, hour: i64, reason: Option<Reason>) {
    let mut run = fixtures::verification(fixtures::at("04:00:00"), reason);
    run.source = SourceName::new("graph").unwrap();
    let taken_at = Timestamp::from_second(TAKEN_AT + hour * 3600).unwrap();
    run.snapshot.taken_at = taken_at;
    run.snapshot.artifacts = vec![written(bench, hour).await];
    for before in 1..hour {
        run.snapshot.continues.push(written(bench, before).await);
    }
    let (source, evidence) = (run.source.clone(), bench.path("evidence"));
    let draft = Draft::Verification(Box::new(run));
    append(&DirectoryRecords::new(evidence), &source, draft)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_differential_backup_is_never_due_and_the_status_is_of_the_newest_full_one() {
    let bench = with(&[(1, 10), (11, 20)]);
    let file = bench.path("backups.yaml");
    let config = fs::read_to_string(&file).unwrap()
        + "    verify: { when: new_snapshot }\n    objectives: { verification: 3650d }\n";
    fs::write(file, config).unwrap();
    let due = |said: &str| {
        let planned = bench.run(&["plan", "--explain"]);
        planned.ends(0, said);
        assert!(planned.out.contains(" 20261101-0100 "), "{planned:?}");
    };
    due("its newest snapshot is new");
    judge(&bench, 1, None).await;
    due("its newest snapshot was verified");
    judge(&bench, 2, Some(Reason::Damaged)).await;
    due("its newest snapshot was verified");
    let ran = Ran::of(&mut bench.exporter(&["--once"]));
    let of_graph = "engine=\"neo4j\",source=\"graph\"";
    for (name, hour) in [("verified", 1), ("last", 2)] {
        let point = TAKEN_AT + hour * 3600;
        let line = format!("backup_{name}_timestamp_seconds{{{of_graph}}} {point}\n");
        ran.ends(ran.code, &line);
    }
    for (verdict, value) in [("verified", 1), ("failed", 0), ("inconclusive", 0)] {
        let status = "backup_verification_status";
        let line = format!("{status}{{{of_graph},verdict=\"{verdict}\"}} {value}\n");
        ran.ends(ran.code, &line);
    }
}

/// The exit code and record of a verification of the third backup.
fn verify_last(bench: &Bench) -> (i32, Value) {
    let words = ["verify", "--source", "graph", "--snapshot", "20261101-0300"];
    let ran = bench.run(&[&words[..], &["--format", "json"]].concat());
    let mut records: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    (ran.code, records.remove(0))
}

#[test]
fn a_differential_backup_is_read_with_all_that_it_continues_and_not_restored() {
    let bench = with(&[(1, 10), (11, 20), (21, 30)]);
    let (code, record) = verify_last(&bench);
    assert_eq!((code, &record["reason"]), (3, &"needs_enterprise".into()));
    let continues = record["snapshot"]["continues"].as_array().unwrap();
    let read: Vec<_> = continues
        .iter()
        .map(|it| (it["key"].as_str().unwrap(), it["sha256"].is_string()))
        .collect();
    let expected = [
        ("20261101-0100.backup", true),
        ("20261101-0200.backup", true),
    ];
    assert_eq!(read, expected);
    assert_eq!(record["sandbox"], Value::Null, "{record:#}");
}

#[test]
fn damage_in_what_a_differential_backup_continues_is_damage() {
    let bench = with(&[(1, 10), (11, 20), (21, 30)]);
    let link = bench.path("repository/20261101-0200.backup");
    let mut bytes = fs::read(&link).unwrap();
    // The checksum behind its content: its head still says what it continues.
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&link, bytes).unwrap();
    let (code, record) = verify_last(&bench);
    assert_eq!((code, &record["reason"]), (1, &"damaged".into()));
    let findings = record["findings"].as_array().unwrap();
    let intact = findings.iter().find(|it| it["check"] == "snapshot.intact");
    let message = intact.unwrap()["message"].as_str().unwrap();
    assert!(message.starts_with("20261101-0200.backup: "), "{message}");
}
