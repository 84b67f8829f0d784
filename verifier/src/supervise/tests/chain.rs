//! A snapshot that continues others: all of them are read and restored together.

use catalog::{chain::CHAIN_MAX, model::Continues};

use super::*;

/// A differential snapshot, and two that it continues, with these contents.
fn chained(bodies: [&'static str; 3], scripts: impl IntoIterator<Item = Script>) -> World {
    let memory = Memory::default();
    let mut before = Vec::new();
    for (number, body) in bodies.iter().enumerate() {
        let key = format!("{number}.backup");
        memory.put(&key, *body);
        let mut one = snapshot(body.len(), &format!("revision-{}", number + 1));
        one.id = SnapshotId(number.to_string());
        one.artifacts[0].meta.key = Key::new(key);
        before.push(one);
    }
    let mut world = World::of(memory, scripts, 0);
    world.snapshot = before.pop().expect("three snapshots");
    world.snapshot.continues = Continues::Snapshot(SnapshotId("1".into()));
    world.before = Some(before);
    world
}

#[tokio::test(start_paused = true)]
async fn what_it_continues_is_restored_with_it_and_is_in_the_record() {
    let verification = chained(["Full", "Good one", "Good"], [GOOD])
        .check(None, 1)
        .await;
    let snapshot = &verification.snapshot;
    let objects = snapshot.continues.iter().chain(&snapshot.artifacts);
    let objects: Vec<_> = objects
        .map(|it| (it.key.as_str(), it.size_bytes, it.sha256.is_some()))
        .collect();
    let expected = [
        ("0.backup", 4, true),
        ("1.backup", 8, true),
        ("2.backup", 4, true),
    ];
    assert_eq!(objects, expected);
    let staged = verification.stages.iter().filter(|it| it.stage == "stage");
    assert_eq!(staged.count(), 6, "each is put there and compared");
    let intact = verification
        .findings
        .iter()
        .find(|it| it.check == "snapshot.intact");
    let observed = intact.and_then(|it| it.observed.as_deref());
    assert_eq!(observed, Some("16 bytes"));
}

#[tokio::test(start_paused = true)]
async fn damage_of_what_it_continues_is_damage() {
    for bodies in [
        ["Damaged", "Good", "Good"],
        ["Full", "Damaged", "Good"],
        ["Full", "Good", "Damaged"],
    ] {
        let verification = chained(bodies, [GOOD])
            .check(Some(Reason::Damaged), 1)
            .await;
        assert_eq!(outcome(&verification, "snapshot.intact"), Outcome::Failed);
        let mut world = chained(bodies, [GOOD]);
        world.images.clear();
        world.check(Some(Reason::Damaged), 0).await;
    }
    chained(["Full", "Unknown", "Good"], [GOOD])
        .check(Some(Reason::UnknownVersion), 1)
        .await;
}

#[tokio::test(start_paused = true)]
async fn damage_that_is_not_found_again_is_none() {
    let mut world = chained(["Damaged", "Good", "Good"], [GOOD]);
    let bodies = ["Damaged", "Damagee"];
    world.storage = Arc::new(Flipping(Mutex::new(bodies.into())));
    world.check(Some(Reason::UnstableRead), 1).await;
}

#[tokio::test(start_paused = true)]
async fn other_bytes_in_the_sandbox_say_nothing() {
    let corrupting = Script {
        corrupts: true,
        ..GOOD
    };
    chained(["Full", "Good", "Good"], [corrupting])
        .check(Some(Reason::Internal), 1)
        .await;
}

#[tokio::test(start_paused = true)]
async fn without_what_it_continues_nothing_is_restored() {
    let mut world = chained(["Full", "Good", "Good"], [GOOD]);
    world.before = None;
    world.snapshot.continues = Continues::Missing("it begins with change 9".into());
    let verification = world.check(Some(Reason::Vanished), 0).await;
    let told = verification
        .findings
        .iter()
        .any(|it| it.message.contains("it begins with change 9"));
    assert!(told, "{verification:#?}");
    world.snapshot.continues = Continues::Unknown;
    let verification = world.check(Some(Reason::TooLarge), 0).await;
    let told = verification
        .findings
        .iter()
        .any(|it| it.message.contains(&CHAIN_MAX.to_string()));
    assert!(told, "{verification:#?}");
    // What is damaged is said to be all the same.
    let mut damaged = chained(["Full", "Good", "Damaged"], [GOOD]);
    damaged.before = None;
    damaged.snapshot.continues = Continues::Unknown;
    damaged.check(Some(Reason::Damaged), 0).await;
}
