//! What ends a run early: our own failures, hangs, interruptions, storage.

use catalog::storage::StorageReason;

use super::*;

#[tokio::test(start_paused = true)]
async fn what_fails_on_our_side_is_inconclusive() {
    let check = async |script: Script, reason| {
        World::new("Good", [script]).check(Some(reason), 1).await;
    };
    let fails = Step::Fails;
    check(
        Script {
            provision: fails(Reason::ImageUnavailable),
            ..GOOD
        },
        Reason::ImageUnavailable,
    )
    .await;
    check(
        Script {
            put: fails(Reason::Killed),
            ..GOOD
        },
        Reason::Killed,
    )
    .await;
    check(
        Script {
            restore: fails(Reason::Disk),
            ..GOOD
        },
        Reason::Disk,
    )
    .await;
    check(
        Script {
            corrupts: true,
            ..GOOD
        },
        Reason::Internal,
    )
    .await;
    // Neither does what a server makes of other bytes condemn the snapshot.
    check(
        Script {
            corrupts: true,
            says: "unrestorable",
            ..GOOD
        },
        Reason::Internal,
    )
    .await;
    check(
        Script {
            corrupts: true,
            restore: fails(Reason::OutOfMemory),
            ..GOOD
        },
        Reason::OutOfMemory,
    )
    .await;
    check(
        Script {
            provision: Step::Panics,
            ..GOOD
        },
        Reason::Internal,
    )
    .await;
    check(
        Script {
            put: Step::Panics,
            ..GOOD
        },
        Reason::Internal,
    )
    .await;
    check(
        Script {
            restore: Step::Panics,
            ..GOOD
        },
        Reason::Internal,
    )
    .await;
    World::new("Panic in the inspection", [GOOD])
        .check(Some(Reason::Internal), 1)
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_hangs_ends_at_the_deadline() {
    for hanging in [
        Script {
            provision: Step::Hangs,
            ..GOOD
        },
        Script {
            put: Step::Hangs,
            ..GOOD
        },
        Script {
            restore: Step::Hangs,
            ..GOOD
        },
    ] {
        World::new("Good", [hanging])
            .check(Some(Reason::Deadline), 1)
            .await;
    }
    let memory = Memory::default();
    memory.put(KEY, "Good");
    memory.fail(Fault::Hang(Operation::Open));
    World::of(memory, [GOOD], 4)
        .check(Some(Reason::Deadline), 1)
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_is_inconclusive_and_removed() {
    for hanging in [
        Script {
            provision: Step::Hangs,
            ..GOOD
        },
        Script {
            restore: Step::Hangs,
            ..GOOD
        },
    ] {
        let world = World::new("Good", [hanging]);
        let (verification, ()) = tokio::join!(world.verify(), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            world.cancelled.cancel();
        });
        assert_eq!(verification.reason, Some(Reason::Interrupted));
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_nobody_waits_for_is_still_removed() {
    let world = World::new(
        "Good",
        [Script {
            restore: Step::Hangs,
            ..GOOD
        }],
    );
    let context = world.context();
    let forgotten = verify_one(&context, world.assignment());
    let _ = tokio::time::timeout(Duration::from_secs(1), forgotten).await;
    world.cancelled.cancel();
    let removed = async {
        while world.runtime.runs().1.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), removed)
        .await
        .expect("it is removed");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_fails_or_hangs_is_said_and_changes_no_verdict() {
    for destroy in [
        Step::Fails(Reason::RuntimeUnavailable),
        Step::Hangs,
        Step::Panics,
    ] {
        let world = World::new("Good", [Script { destroy, ..GOOD }]);
        let verification = verify_one(&world.context(), world.assignment()).await;
        assert_eq!(verification.verdict, Verdict::Verified);
        assert_eq!(outcome(&verification, "sandbox.removed"), Outcome::Warning);
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_gone_is_selected_again_once() {
    let memory = Memory::default();
    memory.put(KEY, "Good");
    memory.put(KEY, "Good too");
    let mut world = World::of(memory, [GOOD], 4);
    world.check(Some(Reason::Replaced), 1).await;
    world.newer = Some(snapshot(8, "revision-2"));
    let verification = world.verify().await;
    assert_eq!(verification.verdict, Verdict::Verified);
    assert_eq!(
        verification.snapshot.artifacts[0].etag.as_deref(),
        Some("revision-2")
    );
    let select = &verification.stages[0];
    assert_eq!(
        (select.stage.as_label(), select.milliseconds),
        ("select", 250 + 2_000)
    );
    let mut world = World::of(Memory::default(), [GOOD], 4);
    world.newer = Some(snapshot(8, "revision-2"));
    world.check(Some(Reason::Vanished), 2).await;
}

#[tokio::test(start_paused = true)]
async fn storage_that_fails_or_breaks_off_is_never_the_snapshots_fault() {
    let check = async |fault, reason| {
        let memory = Memory::default();
        memory.put(KEY, "Damaged, as it happens");
        memory.fail(fault);
        World::of(memory, [GOOD], 22).check(Some(reason), 1).await;
    };
    let refuse = |reason| Fault::Refuse {
        at: Operation::Open,
        reason,
    };
    check(refuse(StorageReason::AccessDenied), Reason::AccessDenied).await;
    check(refuse(StorageReason::KeyDenied), Reason::KeyDenied).await;
    check(refuse(StorageReason::Archived), Reason::Archived).await;
    check(
        Fault::Cut {
            key: KEY.into(),
            after: 9,
        },
        Reason::UnstableRead,
    )
    .await;
    let replaced = Fault::ReplacedMeanwhile {
        key: KEY.into(),
        after: 9,
    };
    check(replaced, Reason::Replaced).await;
}
