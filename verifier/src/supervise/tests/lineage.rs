//! A snapshot that continues others: all of them are read, and none is restored.

use catalog::{
    digest::Sha256,
    ledger::{Draft, Finding, Record},
    lineage::LINEAGE_MAX,
    model::{Continues, LineageLink},
};

use super::*;

/// A differential snapshot, and two that it continues, with these contents.
fn chained(bodies: [&'static str; 3]) -> World {
    let memory = Memory::default();
    let mut revision = 0;
    let chain = linked(["0", "1", "2"].map(|name| {
        let (key, body) = (format!("{name}.backup"), bodies[revision]);
        revision += 1;
        memory.put(&key, body);
        (key, body.len(), revision)
    }));
    let mut world = World::of(memory, [GOOD], 0);
    world.snapshot = chain;
    world
}

/// The last of these, by key, size and revision, which continues all before it.
fn linked(all: impl IntoIterator<Item = (String, usize, usize)>) -> Snapshot {
    let mut last: Option<Snapshot> = None;
    for (key, size, revision) in all {
        let mut next = snapshot(size, &format!("revision-{revision}"));
        next.id = SnapshotId(key.clone());
        next.artifacts[0].meta.key = Key::new(key);
        if let Some(before) = last {
            next.continues = Continues::Snapshot(Arc::new(before));
        }
        last = Some(next);
    }
    last.expect("one at least")
}

/// Makes the head say that the snapshot continues others.
fn is_differential(world: &mut World) {
    world.snapshot.facts.lineage = Some(LineageLink {
        lineage: "one".into(),
        full: false,
        first: 9,
        last: 9,
    });
}

fn finding<'a>(verification: &'a Verification, check: &str) -> &'a Finding {
    let mut findings = verification.findings.iter();
    findings.find(|it| it.check == check).expect("it was asked")
}

#[tokio::test(start_paused = true)]
async fn a_whole_lineage_is_read_to_its_last_byte_and_not_restored() {
    let mut world = chained(["Full", "Good one", "Good"]);
    world.rehearse = Some("fake:2".into());
    let verification = world.check(Some(Reason::NeedsEnterprise), 0).await;
    let snapshot = &verification.snapshot;
    let objects = snapshot.continues.iter().chain(&snapshot.artifacts);
    let objects: Vec<_> = objects
        .map(|it| (it.key.as_str(), it.size_bytes, it.sha256.clone()))
        .collect();
    let read = |body: &str| {
        let mut digest = Sha256::new();
        digest.update(body.as_bytes());
        Some(digest.finish())
    };
    let expected = [
        ("0.backup", 4, read("Full")),
        ("1.backup", 8, read("Good one")),
        ("2.backup", 4, read("Good")),
    ];
    assert_eq!(objects, expected);
    let stages = verification.stages.iter().map(|it| it.stage.as_label());
    let expected = ["select", "provision", "fetch", "inspect", "destroy"];
    assert_eq!(stages.collect::<Vec<_>>(), expected);
    let intact = finding(&verification, "snapshot.intact");
    let bytes = Some("16 bytes");
    let found = (intact.outcome, intact.observed.as_deref());
    assert_eq!(found, (Outcome::Passed, bytes));
    assert_eq!(verification.recovery_milliseconds, None);
    assert!(verification.rehearsals.is_empty(), "no image restores it");
}

#[tokio::test(start_paused = true)]
async fn damage_of_what_it_continues_is_damage() {
    for bodies in [
        ["Damaged", "Good", "Good"],
        ["Full", "Damaged", "Good"],
        ["Full", "Good", "Damaged"],
        ["Unknown", "Damaged", "Good"],
        ["Full", "Unknown", "Damaged"],
    ] {
        let verification = chained(bodies).check(Some(Reason::Damaged), 0).await;
        let intact = finding(&verification, "snapshot.intact");
        assert_eq!(intact.outcome, Outcome::Failed, "{bodies:?}");
        let at = bodies.iter().position(|it| *it == "Damaged").expect("one");
        let says = format!("{at}.backup: the snapshot is damaged");
        assert!(intact.message.starts_with(&says), "{intact:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_understood_in_a_lineage_is_told_and_accuses_nobody() {
    let world = chained(["Full", "Unknown", "Good"]);
    let verification = world.check(Some(Reason::NeedsEnterprise), 0).await;
    let intact = finding(&verification, "snapshot.intact");
    assert_eq!(intact.outcome, Outcome::NotRun);
    let says = "1.backup: the snapshot was not fully understood";
    assert!(intact.message.starts_with(says), "{intact:?}");
    assert!(verification.snapshot.artifacts[0].sha256.is_some());
}

#[tokio::test(start_paused = true)]
async fn damage_that_is_not_found_again_is_none() {
    let mut world = chained(["Full", "Damaged", "Good"]);
    let bodies = ["Full", "Damaged", "Damagee"];
    world.storage = Arc::new(Flipping(Mutex::new(bodies.into())));
    let verification = world.check(Some(Reason::UnstableRead), 0).await;
    assert_eq!(outcome(&verification, "snapshot.intact"), Outcome::NotRun);
}

#[tokio::test(start_paused = true)]
async fn without_what_it_continues_nothing_is_restored() {
    let check = async |continues: Continues, reason, words: &str| {
        let mut world = chained(["Full", "Good", "Good"]);
        is_differential(&mut world);
        world.snapshot.continues = continues.clone();
        let verification = world.check(Some(reason), 0).await;
        assert!(verification.snapshot.continues.is_empty());
        let restored = finding(&verification, "snapshot.restored");
        assert!(restored.message.contains(words), "{restored:?}");
        // What is damaged is said to be all the same.
        let mut damaged = chained(["Full", "Good", "Damaged"]);
        is_differential(&mut damaged);
        damaged.snapshot.continues = continues;
        damaged.check(Some(Reason::Damaged), 0).await;
    };
    let missing = Continues::Missing("it begins with change 9".into());
    check(missing, Reason::Vanished, "it begins with change 9").await;
    let many = format!("more than {LINEAGE_MAX} snapshots");
    check(Continues::TooMany, Reason::TooLarge, &many).await;
    let unread = "heads were not read";
    check(Continues::Unknown, Reason::UnstableRead, unread).await;
    // So is a differential snapshot that is still being written: its lineage is not resolved.
    let alone = "not restored";
    check(Continues::Nothing, Reason::NeedsEnterprise, alone).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_whole_by_its_own_head_needs_no_place_among_others() {
    let mut world = World::new("Good", [GOOD]);
    world.snapshot.continues = Continues::Unknown;
    world.check(None, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_what_it_continues_is_told_apart_from_missing_artifacts() {
    let check = async |continues: Continues, words: &str| {
        let mut world = chained(["Full", "Good", "Good"]);
        world.snapshot.state = SnapshotState::Partial;
        world.snapshot.continues = continues;
        let verification = world.verify().await;
        let complete = finding(&verification, "snapshot.complete");
        assert!(complete.message.contains(words), "{complete:?}");
    };
    let missing = Continues::Missing("it begins with change 9".into());
    check(missing, "something that it continues is missing").await;
    check(Continues::Nothing, "artifacts, or a manifest").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_selected_again_brings_what_it_continues_now() {
    let memory = Memory::default();
    let one = |revision| {
        memory.put("0.backup", "Full");
        ("0.backup".to_owned(), 4, revision)
    };
    let old = linked([one(1), ("1.backup".to_owned(), 4, 2)]);
    memory.put("1.backup", "Good");
    let newer = linked([one(3), ("1.backup".to_owned(), 4, 2)]);
    let mut world = World::of(memory, [GOOD], 0);
    world.snapshot = old;
    world.newer = Some(newer);
    let verification = world.check(Some(Reason::NeedsEnterprise), 0).await;
    let continues = &verification.snapshot.continues;
    let tags: Vec<_> = continues.iter().map(|it| it.etag.as_deref()).collect();
    assert_eq!(tags, [Some("revision-3")]);
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_of_all_that_is_read() {
    let world = chained(["Full", "Good one", "Good"]);
    let told: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
    let mut assignment = world.assignment();
    let heard = Arc::clone(&told);
    assignment.on_progress = Arc::new(move |progress| {
        if let Progress::Bytes { read, of } = progress {
            heard.lock().expect("not poisoned").push((read, of));
        }
    });
    verify_one(&world.context(), assignment).await;
    let told = told.lock().expect("not poisoned");
    assert!(told.is_sorted(), "{told:?}");
    assert!(told.iter().all(|(_, of)| *of == 16), "{told:?}");
    for whole in [4, 12, 16] {
        assert!(told.contains(&(whole, 16)), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_chain_has_room_in_a_record() {
    let memory = Memory::default();
    // Every letter of such a key takes two in JSON, and no store has longer ones.
    let key = |number: usize| "\"".repeat(1020) + &format!("{number:04}");
    let mut all = Vec::new();
    for number in 0..=LINEAGE_MAX {
        memory.put(key(number), "Good");
        all.push((key(number), 4, number + 1));
    }
    let mut world = World::of(memory, [GOOD], 0);
    world.snapshot = linked(all);
    let mut verification = world.check(Some(Reason::NeedsEnterprise), 0).await;
    let links = &mut verification.snapshot.continues;
    assert_eq!(links.len(), LINEAGE_MAX);
    for link in links {
        link.version_id = Some("v".repeat(1024));
    }
    let draft = Draft::Verification(Box::new(verification));
    let record = Record::seal(draft, 1, None);
    assert!(record.is_ok(), "{:?}", record.err());
}
