//! A snapshot that continues others: all of them are read and restored together.

use catalog::{
    chain::CHAIN_MAX,
    evidence::{Draft, Record},
    model::{ChainLink, Continues},
};

use super::*;

/// A differential snapshot, and two that it continues, with these contents.
fn chained(bodies: [&'static str; 3], scripts: impl IntoIterator<Item = Script>) -> World {
    let memory = Memory::default();
    let mut revision = 0;
    let chain = linked(["0", "1", "2"].map(|name| {
        let (key, body) = (format!("{name}.backup"), bodies[revision]);
        revision += 1;
        memory.put(&key, body);
        (key, body.len(), revision)
    }));
    let mut world = World::of(memory, scripts, 0);
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

/// Its head says that it continues others.
fn is_differential(world: &mut World) {
    world.snapshot.facts.chain = Some(ChainLink {
        lineage: "one".into(),
        full: false,
        first: 9,
        last: 9,
    });
}

fn told<'a>(verification: &'a Verification, check: &str) -> &'a str {
    let mut findings = verification.findings.iter();
    let finding = findings.find(|it| it.check == check);
    &finding.expect("it was asked").message
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
    assert_eq!(
        staged.count(),
        1,
        "all that is put there and compared, in one"
    );
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
        let place = bodies.iter().position(|it| *it == "Damaged").expect("one");
        let place = format!("({} of the 3 restored together)", place + 1);
        let said = told(&verification, "snapshot.intact");
        assert!(said.contains(&place), "{said}");
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
    let check = async |continues: Continues, reason, words: &str| {
        let mut world = chained(["Full", "Good", "Good"], [GOOD]);
        is_differential(&mut world);
        world.snapshot.continues = continues.clone();
        let verification = world.check(Some(reason), 0).await;
        assert!(verification.snapshot.continues.is_empty());
        let restored = told(&verification, "snapshot.restored");
        assert!(restored.contains(words), "{restored}");
        // What is damaged is said to be all the same.
        let mut damaged = chained(["Full", "Good", "Damaged"], [GOOD]);
        is_differential(&mut damaged);
        damaged.snapshot.continues = continues;
        damaged.check(Some(Reason::Damaged), 0).await;
    };
    let missing = Continues::Missing("it begins with change 9".into());
    check(missing, Reason::Vanished, "it begins with change 9").await;
    let many = format!("more than {CHAIN_MAX} snapshots");
    check(Continues::TooMany, Reason::TooLarge, &many).await;
    let unread = "heads were not read";
    check(Continues::Unknown, Reason::UnstableRead, unread).await;
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
        let mut world = chained(["Full", "Good", "Good"], [GOOD]);
        world.snapshot.state = SnapshotState::Partial;
        world.snapshot.continues = continues;
        let verification = world.verify().await;
        let complete = told(&verification, "snapshot.complete");
        assert!(complete.contains(words), "{complete}");
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
    let mut world = World::of(memory, [GOOD, GOOD], 0);
    world.snapshot = old;
    world.newer = Some(newer);
    let verification = world.check(None, 2).await;
    let continues = &verification.snapshot.continues;
    let tags: Vec<_> = continues.iter().map(|it| it.etag.as_deref()).collect();
    assert_eq!(tags, [Some("revision-3")]);
}

/// Reads these, one after the other.
fn flipping(bodies: [&'static str; 4], scripts: [Script; 2]) -> World {
    let mut world = chained(["Full", "Good", "Good"], scripts);
    let own = ("own".to_owned(), 4, 1);
    world.snapshot = linked([("before".to_owned(), 4, 1), own]);
    world.storage = Arc::new(Flipping(Mutex::new(bodies.into())));
    world
}

#[tokio::test(start_paused = true)]
async fn other_bytes_of_what_it_continues_show_nothing_twice() {
    let bad = Script {
        says: "unrestorable",
        ..GOOD
    };
    let check = async |bodies, reason| {
        flipping(bodies, [bad.clone(), bad.clone()])
            .check(Some(reason), 2)
            .await;
    };
    check(["Full", "Good", "Full", "Good"], Reason::Unrestorable).await;
    check(["Full", "Good", "Fall", "Good"], Reason::UnstableRead).await;
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_that_read_other_bytes_of_what_it_continues_tells_nothing() {
    let check = async |bodies, expected| {
        let mut world = flipping(bodies, [GOOD, GOOD]);
        world.rehearse = Some("fake:2".into());
        let verification = world.check(None, 2).await;
        assert_eq!(verification.rehearsals[0].reason, expected);
    };
    check(["Full", "Good", "Full", "Good"], None).await;
    let unstable = Some(Reason::UnstableRead);
    check(["Full", "Good", "Fall", "Good"], unstable).await;
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_of_all_that_is_read() {
    let world = chained(["Full", "Good one", "Good"], [GOOD]);
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
    for number in 0..=CHAIN_MAX {
        memory.put(key(number), "Good");
        all.push((key(number), 4, number + 1));
    }
    let mut world = World::of(memory, [GOOD], 0);
    world.snapshot = linked(all);
    let mut verification = world.check(None, 1).await;
    let links = &mut verification.snapshot.continues;
    assert_eq!(links.len(), CHAIN_MAX);
    for link in links {
        link.version_id = Some("v".repeat(1024));
    }
    let draft = Draft::Verification(Box::new(verification));
    let record = Record::seal(draft, 1, None);
    assert!(record.is_ok(), "{:?}", record.err());
}
