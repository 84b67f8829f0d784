//! Files that are still being written.

use std::{
    fs::{self, File},
    io::Write,
};

use super::*;
use crate::{
    format::{Format, redis::Redis},
    storage::{Directory, memory::Fault},
};

fn seconds(seconds: i64) -> Timestamp {
    NOW - SignedDuration::from_secs(seconds)
}

/// Id and state of every snapshot of the only source, newest first.
async fn states(setup: &mut Setup, storage: &dyn Storage) -> Vec<(String, SnapshotState)> {
    let inventory = setup.survey(storage).await.unwrap();
    let source = inventory.sources.into_values().next().unwrap();
    assert_eq!(source.error, None);
    let snapshots = source.snapshots.iter();
    snapshots.map(|it| (it.id.0.clone(), it.state)).collect()
}

#[tokio::test]
async fn the_end_of_a_young_file_says_whether_it_is_complete() {
    use SnapshotState::{Complete, InProgress, Invalid};
    let memory = Memory::default();
    let put = |day: u32, body: &'static str, age| {
        memory.put_at(format!("202611{day}"), body, seconds(age));
    };
    put(10, "head=-9000", 600); // no end, and settled
    put(11, "head", 599);
    put(12, "head.", 1);
    put(13, "", 1);
    put(14, "bad", 1);
    put(15, "bad.", 1); // foreign to its end
    put(16, "head", -599); // the clock of the store is ahead
    put(17, "head", -600);
    put(18, "head.", -90_000);
    memory.put_at("20261119", &b"\x1f\x8b\x08head."[..], seconds(1)); // of what is packed
    let expected = [
        (10, Complete),
        (11, InProgress),
        (12, Complete),
        (13, InProgress),
        (14, InProgress),
        (15, Invalid),
        (16, InProgress),
        (17, Complete),
        (18, Complete),
        (19, InProgress),
    ]
    .map(|(day, state)| (format!("202611{day}"), state));
    let mut setup = Setup::new(&[source("cache", &["%Y%m%d"])]);
    for _ in 0..2 {
        let mut found = states(&mut setup, &memory).await;
        found.sort();
        assert_eq!(found, expected);
    }
    let stored = Counted::new(Arc::new(memory.appearing_whole()));
    let mut found = states(&mut setup, &stored).await;
    found.retain(|(_, state)| *state == InProgress);
    assert_eq!(found, [], "an object of S3 appears whole");
}

#[tokio::test]
async fn ends_are_read_of_young_files_only_and_once() {
    let memory = Memory::default();
    memory.put_at("20261120", "head", ago(60));
    memory.put_at("20261121", "head.", ago(1));
    memory.put_at("20261122", "head", ago(1));
    memory.put_at("20261122.manifest.json", r#"{"schema":1}"#, ago(1));
    let counted = Counted::new(Arc::new(memory.clone()));
    let reads = || counted.requests().calls[&Operation::Read];
    let mut setup = Setup::new(&[source("cache", &["%Y%m%d"])]);
    for _ in 0..2 {
        let found = states(&mut setup, &counted).await;
        assert!(
            found
                .iter()
                .all(|(_, state)| *state == SnapshotState::Complete)
        );
        // Three heads, one manifest, and both ends of one young file.
        assert_eq!(reads(), 6);
    }
}

#[tokio::test]
async fn an_end_that_cannot_be_read_is_not_there() {
    let memory = Memory::default();
    memory.put_at("20261122", "head.", ago(1));
    let mut setup = Setup::new(&[source("cache", &["%Y%m%d"])]);
    memory.fail(Fault::Refuse {
        at: Operation::Read,
        reason: StorageReason::Replaced,
    });
    let found = states(&mut setup, &memory).await;
    assert_eq!(found[0].1, SnapshotState::InProgress);
    memory.heal();
    let found = states(&mut setup, &memory).await;
    assert_eq!(found[0].1, SnapshotState::Complete);
}

#[tokio::test]
async fn a_file_that_is_being_written_into_a_directory_is_in_progress() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("redis")).unwrap();
    let whole = &b"REDIS0011\xff\0\0\0\0\0\0\0\0"[..];
    fs::write(root.path().join("redis/20261122"), whole).unwrap();
    let mut writer = File::create(root.path().join("redis/20261121")).unwrap();
    writer.write_all(&whole[..12]).unwrap();
    let touched = |day: u32| {
        let path = root.path().join(format!("redis/202611{day}"));
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(NOW.into()).unwrap();
    };
    let mut setup = Setup::new(&[SurveySource {
        format: &Redis,
        ..source("cache", &["redis/%Y%m%d"])
    }]);
    let directory = Directory::new(root.path());
    touched(22);
    touched(21);
    let found = states(&mut setup, &directory).await;
    let state = |day: u32, found: &[(String, SnapshotState)]| {
        let id = format!("202611{day}");
        found.iter().find(|(it, _)| *it == id).unwrap().1
    };
    assert_eq!(state(22, &found), SnapshotState::Complete);
    assert_eq!(state(21, &found), SnapshotState::InProgress);
    writer.write_all(&whole[12..]).unwrap();
    touched(21);
    let found = states(&mut setup, &directory).await;
    assert_eq!(state(21, &found), SnapshotState::Complete);
}

#[test]
fn no_engine_vouches_for_an_end_it_cannot_tell() {
    for format in crate::format::FORMATS {
        let tells = format.end(b"REDIS0011\xff\0\0\0\0\0\0\0\0");
        let is_rdb = format.engine() == Redis.engine();
        assert_eq!(tells, is_rdb.then_some(true), "{format:?}");
    }
}
