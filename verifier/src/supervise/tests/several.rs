//! Snapshots of several artifacts, as the shards of a cluster make them.

use catalog::{
    ledger::{Draft, Egress, Integrity, Record},
    manifest::Manifest,
};

use super::*;
use crate::supervise::trial::ARTIFACTS_MAX;

/// A snapshot whose artifacts hold these bodies.
fn world(bodies: &[&'static str], scripts: impl IntoIterator<Item = Script>) -> World {
    let memory = Memory::default();
    let mut artifacts = Vec::new();
    for (index, body) in bodies.iter().enumerate() {
        let key = format!("shard-{index}.rdb");
        memory.put(&key, *body);
        artifacts.push(artifact(&key, body.len(), index + 1));
    }
    let mut world = World::of(memory, scripts, 0);
    world.snapshot.artifacts = artifacts;
    world
}

/// An artifact as the memory lists it: `revision` counts what was put there.
fn artifact(key: &str, size: usize, revision: usize) -> Artifact {
    let etag = format!("revision-{revision}");
    let meta = ObjectMeta {
        key: Key::new(key),
        ..snapshot(size, &etag).artifacts[0].meta.clone()
    };
    Artifact {
        name: key.trim_end_matches(".rdb").into(),
        meta,
    }
}

/// Outcome and beginning of the message of every answer to one check.
fn answers<'a>(verification: &'a Verification, check: &str) -> Vec<(Outcome, &'a str)> {
    let found = verification.findings.iter().filter(|it| it.check == check);
    found
        .map(|it| {
            let name = it.message.split_once(": ").map_or("", |(name, _)| name);
            (it.outcome, name)
        })
        .collect()
}

const NAMES: [&str; 3] = ["shard-0", "shard-1", "shard-2"];

use Outcome::{Failed, NotRun, Passed};

#[tokio::test(start_paused = true)]
async fn each_artifact_is_restored_in_a_sandbox_of_its_own_and_all_are_counted_together() {
    let slow = Script {
        restore: Step::Takes(Duration::from_secs(5)),
        ..GOOD
    };
    let world = world(&["Good", "Good too", "Good, three"], [slow]);
    let verification = world.check(None, 3).await;
    assert_eq!(world.runtime.runs().0, ["run-1", "run-2", "run-3"]);
    for check in [
        "snapshot.intact",
        "snapshot.restored",
        "fake.words",
        "sandbox.egress",
    ] {
        let expected = NAMES.map(|name| (Passed, name));
        assert_eq!(answers(&verification, check), expected, "{check}");
    }
    assert_eq!(answers(&verification, "fake.total"), [(Passed, "")]);
    assert_eq!(verification.items[&"words".into()], 3);
    assert_eq!(verification.recovery_milliseconds, Some(15_000));
    let artifacts = &verification.snapshot.artifacts;
    let digests: Vec<_> = artifacts.iter().map(|it| it.sha256.as_ref()).collect();
    assert!(digests.iter().all(Option::is_some) && digests[0] != digests[1]);
    assert!(artifacts.iter().all(|it| it.integrity == Integrity::File));
}

#[tokio::test(start_paused = true)]
async fn each_artifact_is_judged_by_its_own_manifest() {
    let mut world = world(&["All", "Also", "Any"], [GOOD]);
    let unwitnessed = world.check(None, 3).await;
    for (at, artifact) in unwitnessed.snapshot.artifacts.iter().enumerate() {
        // The last artifact is given the manifest of another one.
        let of = unwitnessed.snapshot.artifacts[at.min(1)].sha256.as_ref();
        let text = format!(r#"{{"schema":1,"sha256":"{}"}}"#, of.expect("all was read"));
        let manifest = Manifest::parse(text.as_bytes()).expect("a manifest");
        let key = Key::new(&artifact.key);
        world.snapshot.manifests.insert(key, manifest);
    }
    let witnessed = world.verify().await;
    let integrity = |verification: &Verification| -> Vec<Integrity> {
        let artifacts = verification.snapshot.artifacts.iter();
        artifacts.map(|artifact| artifact.integrity).collect()
    };
    assert_eq!(integrity(&unwitnessed), [Integrity::None; 3]);
    let expected = [Integrity::Manifest, Integrity::Manifest, Integrity::None];
    assert_eq!(integrity(&witnessed), expected);
}

#[tokio::test(start_paused = true)]
async fn one_damaged_artifact_fails_the_snapshot_and_is_named() {
    let world = world(&["Good", "Damaged", "Good"], [GOOD]);
    let verification = world.check(Some(Reason::Damaged), 3).await;
    assert_eq!(
        answers(&verification, "snapshot.intact"),
        [(Passed, NAMES[0]), (Failed, NAMES[1]), (Passed, NAMES[2])]
    );
    assert_eq!(answers(&verification, "fake.words").len(), 2);
    assert_eq!(answers(&verification, "fake.total"), [(NotRun, "")]);
    assert_eq!(
        verification.recovery_milliseconds, None,
        "not all were restored"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_server_shows_of_one_artifact_must_show_in_a_second_sandbox_of_that_one() {
    let bad = Script {
        says: "unrestorable",
        ..GOOD
    };
    let all = ["Good", "Good", "Good"];
    let world_of = |again: Script| world(&all, [GOOD, bad.clone(), GOOD, again]);
    let twice = world_of(bad.clone());
    let verification = twice.check(Some(Reason::Unrestorable), 4).await;
    assert_eq!(twice.runtime.runs().0[2], "run-2-again");
    let shown = answers(&verification, "snapshot.shown_twice");
    assert_eq!(shown, [(Passed, NAMES[1])]);
    let verification = world_of(GOOD).check(Some(Reason::Internal), 4).await;
    let shown = answers(&verification, "snapshot.shown_twice");
    assert_eq!(shown, [(NotRun, NAMES[1])]);
    // What was counted in the doubtful run accuses nobody either.
    let mut fewer = world_of(GOOD);
    fewer.previous = Some(fixtures::baseline("words", 9));
    fewer.check(Some(Reason::Internal), 4).await;
}

#[tokio::test(start_paused = true)]
async fn expectations_are_held_against_the_sum() {
    let mut world = world(&["Good", "Good"], [GOOD]);
    world.previous = Some(fixtures::baseline("words", 2));
    world.check(None, 2).await;
    world.previous = Some(fixtures::baseline("words", 3));
    let verification = world.check(Some(Reason::Expectation), 2).await;
    assert_eq!(answers(&verification, "fake.total"), [(Failed, "")]);
}

#[tokio::test(start_paused = true)]
async fn no_artifact_is_verified_for_another() {
    let silent = Script { says: "", ..GOOD };
    let unknown = world(&["Good", "Unknown", "Good"], [GOOD]);
    unknown.check(Some(Reason::UnknownVersion), 3).await;
    let quiet = world(&["Good", "Good"], [GOOD, silent]);
    quiet.check(Some(Reason::Internal), 2).await;
    let both = world(&["Unknown", "Damaged"], [GOOD]);
    both.check(Some(Reason::Damaged), 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_of_which_one_artifact_is_gone_is_selected_again_as_a_whole() {
    let mut world = world(&["Good", "Good too"], [GOOD]);
    world
        .snapshot
        .artifacts
        .insert(1, artifact("gone.rdb", 4, 9));
    let verification = world.check(Some(Reason::Vanished), 1).await;
    assert_eq!(
        answers(&verification, "snapshot.restored"),
        [(Passed, NAMES[0]), (NotRun, "gone"), (NotRun, NAMES[1])]
    );
    let mut newer = world.snapshot.clone();
    newer.artifacts.remove(1);
    world.newer = Some(newer);
    // The first choice and the second one have different baselines.
    world.previous = Some(fixtures::baseline("words", 3));
    let verification = world.verify().await;
    assert_eq!(verification.verdict, Verdict::Verified, "{verification:#?}");
    assert_eq!(verification.snapshot.artifacts.len(), 2);
    let runs = world.runtime.runs().0;
    assert!(runs.contains(&"run-2-reselected".to_owned()), "{runs:?}");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_one_for_all_of_them() {
    let slow = Script {
        restore: Step::Takes(Duration::from_mins(40)),
        ..GOOD
    };
    let world = world(&["Good", "Good", "Good"], [slow]);
    let verification = world.check(Some(Reason::Deadline), 2).await;
    assert_eq!(
        answers(&verification, "snapshot.restored"),
        [(Passed, NAMES[0]), (NotRun, NAMES[1]), (NotRun, NAMES[2])]
    );
    assert_eq!(verification.recovery_milliseconds, None);
}

#[tokio::test(start_paused = true)]
async fn an_interruption_tries_no_further_artifact() {
    let hangs = Script {
        restore: Step::Hangs,
        ..GOOD
    };
    let world = world(&["Good", "Good", "Good"], [GOOD, hangs]);
    let (verification, ()) = tokio::join!(world.verify(), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.cancelled.cancel();
    });
    assert_eq!(verification.reason, Some(Reason::Interrupted));
    assert_eq!(world.runtime.runs().0.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_second_sandbox_is_begun_once_the_verification_is_to_end() {
    let bad = Script {
        says: "unrestorable",
        ..GOOD
    };
    let hangs = Script {
        restore: Step::Hangs,
        ..GOOD
    };
    let late = world(&["Good", "Good"], [bad.clone(), hangs.clone()]);
    let verification = late.check(Some(Reason::Deadline), 2).await;
    assert_eq!(
        answers(&verification, "snapshot.shown_twice"),
        [(NotRun, NAMES[0])]
    );
    let ended = world(&["Good", "Good"], [bad, hangs]);
    let (verification, ()) = tokio::join!(ended.verify(), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        ended.cancelled.cancel();
    });
    assert_eq!(verification.reason, Some(Reason::Interrupted));
    assert_eq!(ended.runtime.runs().0, ["run-1", "run-2"]);
}

#[tokio::test(start_paused = true)]
async fn the_record_tells_of_the_sandbox_that_kept_the_data_least() {
    let kept = async |each: [Egress; 3]| {
        let scripts = each.map(|egress| Script { egress, ..GOOD });
        let verification = world(&["Good"; 3], scripts).verify().await;
        verification.sandbox.expect("there were three").egress
    };
    assert_eq!(
        kept([Egress::Denied, Egress::Open, Egress::NotTried]).await,
        Egress::Open
    );
    assert_eq!(
        kept([Egress::Denied, Egress::Denied, Egress::NotTried]).await,
        Egress::NotTried
    );
    assert_eq!(kept([Egress::Denied; 3]).await, Egress::Denied);
}

#[tokio::test(start_paused = true)]
async fn more_artifacts_than_a_record_holds_are_not_tried() {
    let bodies = vec!["Good"; 50 * ARTIFACTS_MAX];
    let verification = world(&bodies, [GOOD])
        .check(Some(Reason::TooLarge), 0)
        .await;
    assert_eq!(verification.snapshot.artifacts.len(), ARTIFACTS_MAX);
    assert!(Record::seal(Draft::Verification(Box::new(verification)), 1, None).is_ok());
    let bodies = vec!["Good"; ARTIFACTS_MAX];
    let verification = world(&bodies, [GOOD]).check(None, ARTIFACTS_MAX).await;
    assert!(Record::seal(Draft::Verification(Box::new(verification)), 1, None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn more_artifacts_than_are_left_room_for_are_not_rehearsed() {
    let check = async |count: usize, runs, expected| {
        let bodies = vec!["Good"; count];
        let mut world = world(&bodies, [GOOD]);
        world.rehearse = Some("fake:2".into());
        let verification = world.check(None, runs).await;
        let rehearsal = &verification.rehearsals[0];
        assert_eq!(rehearsal.reason, expected);
    };
    check(ARTIFACTS_MAX / 2, ARTIFACTS_MAX, None).await;
    let more = ARTIFACTS_MAX / 2 + 1;
    check(more, more, Some(Reason::TooLarge)).await;
}
