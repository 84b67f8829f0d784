mod failures;
mod fake;
mod growing;
mod hostile;
mod odd;
mod told;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, tz::TimeZone};
use settings::Document;
use tokio::time::timeout;

use self::fake::{NOW, Setup, ago, source};
use super::*;
use crate::{
    format::{Format, files::Files},
    grouping::{ArtifactRule, ManifestRule},
    model::{Key, SnapshotState, TakenAtFrom, UsageState},
    storage::{Counted, Operation, StorageReason, memory::Memory},
};

#[tokio::test]
async fn every_key_goes_to_its_source_and_the_rest_is_counted() {
    let memory = Memory::new(2);
    memory.put_at("cache/20261121.rdb", "head=-1500", ago(1440));
    memory.put_at("cache/20261122.rdb", "head=-90", ago(60));
    memory.put_at(
        "cache/20261122.rdb.manifest.json",
        r#"{"schema":1,"size_bytes":8}"#,
        ago(60),
    );
    memory.put_at("cache/readme.txt", "hello", ago(60));
    memory.put_at("graph/2026-11-22/a", "head=-30", ago(20));
    memory.put_at("other/unlisted", "x", ago(1));
    memory.describe("cache/20261121.rdb", |meta| {
        meta.storage_class = Some("GLACIER".into());
    });
    let sources = [
        source("cache", &["cache/%Y%m%d.rdb"]),
        source("graph", &["graph/%F/*"]),
    ];
    let inventory = Setup::new(&sources).survey(&memory).await.unwrap();

    let cache = &inventory.sources[&sources[0].name];
    assert_eq!(
        (cache.snapshots.len(), cache.duplicates, &cache.error),
        (2, 0, &None)
    );
    let newest = &cache.snapshots[0];
    assert_eq!(
        (newest.id.0.as_str(), newest.state),
        ("20261122", SnapshotState::Complete)
    );
    assert_eq!(
        (newest.taken_at, newest.taken_at_from),
        (ago(90), TakenAtFrom::Content)
    );
    assert_eq!((newest.completed_at, newest.size_bytes()), (ago(60), 8));
    assert_eq!(
        newest.manifests.values().next().unwrap().size_bytes,
        Some(8)
    );
    assert_eq!(
        inventory.sources[&sources[1].name].snapshots[0].artifacts[0].name,
        "a"
    );
    assert_eq!(inventory.unrecognised, ["cache/readme.txt"]);

    let usage = inventory.usage.iter().map(|usage| {
        let source = usage.source.as_ref().map_or("", SourceName::as_str);
        (
            source,
            &*usage.storage_class,
            usage.state,
            usage.bytes,
            usage.objects,
        )
    });
    let expected = [
        ("", "", UsageState::Unrecognised, 5, 1),
        ("cache", "", UsageState::Current, 8 + 27, 2),
        ("cache", "GLACIER", UsageState::Current, 10, 1),
        ("graph", "", UsageState::Current, 8, 1),
    ];
    assert_eq!(usage.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_source_without_snapshots_is_there_and_empty() {
    let inventory = Setup::new(&[source("cache", &["%F"])])
        .survey(&Memory::default())
        .await;
    let inventory = inventory.unwrap();
    assert_eq!(inventory.sources.len(), 1);
    assert_eq!(
        **inventory.sources.values().next().unwrap(),
        SourceInventory::default()
    );
    assert!(inventory.usage.is_empty());
    assert_eq!(inventory.surveyed_at.duration_since(NOW).as_secs(), 0);
}

#[tokio::test]
async fn the_best_witness_dates_a_snapshot() {
    let memory = Memory::default();
    for day in ["17", "18", "19", "20", "21"] {
        memory.put_at(format!("202611{day}.rdb"), "head", ago(60));
    }
    memory.put_at("20261121.rdb", "head=-70", ago(60));
    let manifest = format!(r#"{{"schema":1,"taken_at":"{}"}}"#, ago(80));
    memory.put_at("20261120.rdb.manifest.json", manifest, ago(60));
    memory.put_at("20261118.rdb", "head=+9", ago(60));
    memory.put_at("latest.rdb", "head", ago(50));
    let sources = [
        source("cache", &["%Y%m%d.rdb"]),
        source("latest", &["latest.rdb"]),
    ];
    let mut setup = Setup::new(&sources);
    setup.known = vec![("20261119.rdb", ago(100))];
    let inventory = setup.survey(&memory).await.unwrap();

    let dated: Vec<_> = inventory
        .sources
        .values()
        .flat_map(|source| &source.snapshots)
        .map(|it| (&*it.id.0, it.taken_at_from, it.taken_at, it.from_the_future))
        .collect();
    let named = "2026-11-17T00:00:00Z".parse().unwrap();
    let expected = [
        ("20261118", TakenAtFrom::Modified, ago(60), true),
        ("20261121", TakenAtFrom::Content, ago(70), false),
        ("20261120", TakenAtFrom::Manifest, ago(80), false),
        ("20261119", TakenAtFrom::Evidence, ago(100), false),
        ("20261117", TakenAtFrom::Name, named, false),
        ("current", TakenAtFrom::Modified, ago(50), false),
    ];
    assert_eq!(dated, expected);
}

#[tokio::test]
async fn each_artifact_has_its_own_manifest_and_the_oldest_dates_the_snapshot() {
    let memory = Memory::default();
    for (name, minutes) in [("a", 70), ("b", 90), ("c", 80)] {
        let key = format!("2026-11-22/{name}");
        let manifest = format!(
            r#"{{"schema":1,"size_bytes":4,"taken_at":"{}"}}"#,
            ago(minutes)
        );
        memory.put_at(format!("{key}.manifest.json"), manifest, ago(60));
        memory.put_at(key, "head", ago(60));
    }
    let source = source("graph", &["%F/*"]);
    let inventory = Setup::new(std::slice::from_ref(&source))
        .survey(&memory)
        .await
        .unwrap();
    let snapshot = &inventory.sources[&source.name].snapshots[0];
    let dated = (snapshot.taken_at, snapshot.taken_at_from);
    assert_eq!(dated, (ago(90), TakenAtFrom::Manifest));
    let keys: Vec<_> = snapshot.manifests.keys().map(Key::as_str).collect();
    assert_eq!(keys, ["2026-11-22/a", "2026-11-22/b", "2026-11-22/c"]);
}

#[tokio::test]
async fn what_continues_nothing_that_is_there_is_partial() {
    let memory = Memory::default();
    for (day, head) in [
        ("18", "full 1 10"),
        ("19", "part 11 20"),
        ("20", "part 21 30"),
        ("21", "part 35 40"),
    ] {
        memory.put_at(format!("202611{day}.backup"), head, ago(60));
    }
    let source = source("graph", &["%Y%m%d.backup"]);
    let mut setup = Setup::new(std::slice::from_ref(&source));
    let inventory = setup.survey(&memory).await.unwrap();
    let graph = &inventory.sources[&source.name];
    let newest = graph.newest_complete().unwrap();
    assert_eq!(newest.id.0, "20261120");
    let before = newest.before().unwrap();
    let before: Vec<_> = before.iter().map(|it| it.id.0.as_str()).collect();
    assert_eq!(before, ["20261118", "20261119"]);
    let last = &graph.snapshots[0];
    assert_eq!(last.state, SnapshotState::Partial);
    let gap = "it begins with change 35, and what lies before it ends with change 30";
    assert_eq!(last.continues, Continues::Missing(gap.into()));
}

#[tokio::test]
async fn states_follow_the_rules_of_the_source() {
    let memory = Memory::default();
    memory.put_at("2026-11-20/a", "bad", ago(60));
    memory.put_at("2026-11-21/a", "head", ago(60));
    memory.put_at("2026-11-22/a", "head", ago(60));
    memory.put_at("2026-11-22/b", "head", ago(1));
    memory.put_at("2026-11-22/c", "head", ago(1));
    for key in ["2026-11-22/a", "2026-11-22/b"] {
        memory.put_at(format!("{key}.manifest.json"), r#"{"schema":1}"#, ago(1));
    }
    memory.put_at("2026-11-22/c.manifest.json", "{", ago(1));
    let mut source = source("graph", &["%F/*"]);
    let within = settings::Duration::from_mins(30);
    source.completeness.artifacts = Some(ArtifactRule::new(3, within, true).unwrap());
    source.completeness.manifest = ManifestRule::Required;
    let states = async || {
        let inventory = Setup::new(&[source.clone()]).survey(&memory).await.unwrap();
        let snapshots = &inventory.sources[&source.name].snapshots;
        snapshots
            .iter()
            .map(|snapshot| snapshot.state)
            .collect::<Vec<_>>()
    };
    let newest = |state| vec![state, SnapshotState::Partial, SnapshotState::Invalid];
    assert_eq!(
        states().await,
        newest(SnapshotState::InProgress),
        "a manifest is half written"
    );
    memory.put_at(
        "2026-11-22/c.manifest.json",
        r#"{"schema":1,"size_bytes":4}"#,
        ago(1),
    );
    assert_eq!(states().await, newest(SnapshotState::Complete));
    memory.put_at(
        "2026-11-22/c.manifest.json",
        r#"{"schema":1,"size_bytes":5}"#,
        ago(1),
    );
    assert_eq!(
        states().await,
        newest(SnapshotState::Invalid),
        "its manifest decides"
    );
}

#[tokio::test]
async fn what_lies_there_unchanged_is_read_once() {
    let memory = Memory::default();
    memory.put_at("20261121", "head=-70", ago(60));
    memory.put_at("20261122", "head=-60", ago(60));
    memory.put_at("20261122.manifest.json", r#"{"schema":1}"#, ago(60));
    memory.put_at("20261120", "", ago(60));
    let counted = Counted::new(Arc::new(memory.clone()));
    let reads = || {
        counted
            .requests()
            .calls
            .get(&Operation::Read)
            .copied()
            .unwrap_or(0)
    };
    let mut setup = Setup::new(&[source("cache", &["%Y%m%d"])]);
    let first = setup.survey(&counted).await.unwrap();
    assert_eq!(reads(), 3);
    let second = setup.survey(&counted).await.unwrap();
    assert_eq!((reads(), &first.sources), (3, &second.sources));
    let found = |inventory: &Inventory| Arc::clone(inventory.sources.values().next().unwrap());
    assert!(
        Arc::ptr_eq(&found(&first), &found(&second)),
        "what is the same is kept once"
    );

    memory.put_at("20261121", "head=-80", ago(60));
    let third = setup.survey(&counted).await.unwrap();
    assert_eq!(reads(), 4);
    let taken =
        |inventory: &Inventory| inventory.sources.values().next().unwrap().snapshots[1].taken_at;
    assert_eq!(taken(&third), ago(80));

    memory.remove("20261122");
    memory.remove("20261122.manifest.json");
    setup.survey(&counted).await.unwrap();
    assert!(
        !format!("{:?}", setup.cache).contains("20261122"),
        "what is gone is forgotten"
    );
}

/// Two snapshots of one name at different offsets, and one whose first artifact is replaced.
#[tokio::test]
async fn what_was_read_of_one_snapshot_is_said_of_no_other() {
    let memory = Memory::default();
    memory.put_at("20261121-0100+0100", "head=-70", ago(60));
    memory.put_at("20261121-0100+0200", "head=-80", ago(60));
    memory.put_at("20261121-0300+0000", "head=-65", ago(60));
    let mut setup = Setup::new(&[source("cache", &["%Y%m%d-%H%M%z"])]);
    let taken = |inventory: &Inventory| -> Vec<_> {
        let found = inventory.sources.values().next().unwrap();
        found.snapshots.iter().map(|it| it.taken_at).collect()
    };
    for _ in 0..2 {
        let found = setup.survey(&memory).await.unwrap();
        assert_eq!(taken(&found), [ago(65), ago(70), ago(80)]);
    }
    memory.put_at("20261121-0100+0200", "head=-62", ago(60));
    memory.remove("20261121-0100+0100");
    for _ in 0..2 {
        let found = setup.survey(&memory).await.unwrap();
        assert_eq!(taken(&found), [ago(62), ago(65)]);
    }
}

#[test]
fn a_survey_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    let memory = Memory::default();
    let mut setup = Setup::new(&[]);
    is_send(&setup.survey(&memory));
}

#[tokio::test]
async fn the_settings_of_a_source_decide_what_its_heads_say() {
    let expecting = |name: &str, keys: &str| {
        let document = Document::parse("source", keys).unwrap();
        let mut problems = document.problems();
        SurveySource {
            format: &Files,
            settings: Files.settings(document.root(), &mut problems).unwrap(),
            ..source(name, &["%Y%m%d/*"])
        }
    };
    let memory = Memory::new(10);
    memory.put_at("20261121/a.gz", &b"\x1f\x8b\x08\0"[..], ago(1500));
    memory.put_at("20261121/b.gz", "<html>", ago(1500));
    let sources = [expecting("strict", "magic: gzip"), expecting("any", "{}")];
    let mut setup = Setup::new(&sources);
    for _ in 0..2 {
        let inventory = setup.survey(&memory).await.unwrap();
        let of = |index: usize| {
            let snapshot = &inventory.sources[&sources[index].name].snapshots[0];
            (snapshot.state, snapshot.facts.invalid.as_deref())
        };
        let said = "artifact 2 of 2 does not begin as gzip does (expected by magic: gzip)";
        assert_eq!(of(0), (SnapshotState::Invalid, Some(said)));
        assert_eq!(of(1), (SnapshotState::Complete, None));
    }
}
