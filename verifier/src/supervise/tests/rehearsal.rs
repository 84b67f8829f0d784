//! The same snapshot in another image: told apart, whatever happens there.

use catalog::ledger::RehearsalRecord;

use super::*;

const IMAGE: &str = "fake:2";

/// The first script is the verification's, the last one the rehearsal's.
fn world(body: &'static str, scripts: impl IntoIterator<Item = Script>) -> World {
    World {
        rehearse: Some(IMAGE.into()),
        ..World::new(body, scripts)
    }
}

/// The only rehearsal, if there was one.
fn rehearsal(verification: &Verification) -> Option<&RehearsalRecord> {
    assert!(verification.rehearsals.len() <= 1);
    verification.rehearsals.first()
}

/// How the rehearsal ended after a verification that ended for `main`.
async fn check(world: &World, main: Option<Reason>, runs: usize, expected: Option<Reason>) {
    let verification = world.check(main, runs).await;
    let rehearsal = rehearsal(&verification).expect("it was rehearsed");
    let verdict = expected.map_or(Verdict::Verified, Reason::verdict);
    assert_eq!(
        (rehearsal.verdict, rehearsal.reason),
        (verdict, expected),
        "{rehearsal:#?}"
    );
    assert_eq!(rehearsal.image, IMAGE);
}

fn says(says: &'static str) -> Script {
    Script { says, ..GOOD }
}

fn restores(restore: Step) -> Script {
    Script { restore, ..GOOD }
}

#[tokio::test(start_paused = true)]
async fn what_another_image_does_never_changes_the_verdict() {
    check(&world("Good", [GOOD]), None, 2, None).await;
    let fails = world("Good", [GOOD, says("unrestorable")]);
    check(&fails, None, 3, Some(Reason::Unrestorable)).await;
    let fails = world("Good", [GOOD, says("expectation")]);
    check(&fails, None, 2, Some(Reason::Expectation)).await;
    let passes = world("Good", [says("superseded")]);
    check(&passes, Some(Reason::MigrationRequired), 2, None).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_rehearsal_shows_is_shown_twice_as_well() {
    let once = world("Good", [GOOD, says("unrestorable"), GOOD]);
    check(&once, None, 3, Some(Reason::Internal)).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_ours_is_inconclusive_in_a_rehearsal_too() {
    for reason in [Reason::ImageUnavailable, Reason::RuntimeUnavailable] {
        let provision = Step::Fails(reason);
        let away = Script { provision, ..GOOD };
        check(&world("Good", [GOOD, away]), None, 2, Some(reason)).await;
    }
    let panics = world("Good", [GOOD, restores(Step::Panics)]);
    check(&panics, None, 2, Some(Reason::Internal)).await;
    let panics = world("Good", [GOOD, says("panic")]);
    check(&panics, None, 2, Some(Reason::Internal)).await;
    let hangs = world("Good", [GOOD, restores(Step::Hangs)]);
    check(&hangs, None, 2, Some(Reason::Deadline)).await;
}

#[tokio::test(start_paused = true)]
async fn what_it_does_is_in_no_other_part_of_the_record() {
    let alone = World::new("Good", [GOOD]).verify().await;
    let takes = Duration::from_mins(50);
    let world = world("Good", [GOOD, restores(Step::Takes(takes))]);
    let verification = world.verify().await;
    let found = rehearsal(&verification).expect("it was rehearsed");
    let checks = |findings: &[catalog::ledger::Finding]| {
        let checks = findings.iter().map(|it| it.check.clone());
        checks.collect::<Vec<_>>()
    };
    assert_eq!(checks(&found.findings), checks(&alone.findings));
    assert_eq!(found.recovery_milliseconds, Some(50 * 60 * 1000));
    let rehearsals = Vec::new();
    let main = Verification {
        rehearsals,
        ..verification
    };
    assert_eq!(main, alone, "the verdict stood before it began");
}

#[tokio::test(start_paused = true)]
async fn it_has_a_deadline_of_its_own() {
    let takes = restores(Step::Takes(Duration::from_mins(50)));
    check(&world("Good", [takes]), None, 2, None).await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_rehearsal_leaves_the_verdict() {
    let world = world("Good", [GOOD, restores(Step::Hangs)]);
    let (verification, ()) = tokio::join!(world.verify(), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.cancelled.cancel();
    });
    assert_eq!(verification.verdict, Verdict::Verified);
    let reason = rehearsal(&verification).and_then(|it| it.reason);
    assert_eq!(reason, Some(Reason::Interrupted));
}

#[tokio::test(start_paused = true)]
async fn what_is_bad_is_told_at_once_and_what_no_image_can_change_is_not_rehearsed() {
    let check = async |world: World, reason: Reason, runs| {
        let verification = world.check(Some(reason), runs).await;
        assert_eq!(rehearsal(&verification), None, "{reason:?}");
    };
    check(world("Damaged", [GOOD]), Reason::Damaged, 1).await;
    let few = world("Good", [says("expectation")]);
    check(few, Reason::Expectation, 1).await;
    let bad = world("Good", [says("unrestorable")]);
    check(bad, Reason::Unrestorable, 2).await;
    let interrupted = world("Good", [GOOD]);
    interrupted.cancelled.cancel();
    check(interrupted, Reason::Interrupted, 0).await;
    let mut gone = world("Good", [GOOD]);
    gone.storage = Arc::new(Memory::default());
    check(gone, Reason::Vanished, 1).await;
}

#[tokio::test(start_paused = true)]
async fn other_bytes_than_those_verified_tell_nothing() {
    let flipping = |bodies: &[&'static str]| {
        let storage = Flipping(Mutex::new(bodies.iter().copied().collect()));
        let rehearse = Some(IMAGE.into());
        let of = World::of(storage, [GOOD], 7);
        World { rehearse, ..of }
    };
    let unstable = Some(Reason::UnstableRead);
    check(&flipping(&["Good...", "Good.!."]), None, 2, unstable).await;
    let damaged = flipping(&["Good...", "Damaged", "Damaged"]);
    check(&damaged, None, 2, unstable).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_told_that_the_verdict_stands() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let world = world("Good", [GOOD]);
    let assignment = Assignment {
        on_progress: Arc::new(move |progress| tell.lock().expect("no poison").push(progress)),
        ..world.assignment()
    };
    verify_one(&world.context(), assignment).await;
    let told = told.lock().expect("no poison");
    let mut parts = told.split(|it| *it == Progress::Rehearsal);
    let began = |part: Option<&[Progress]>| {
        let part = part.expect("both are told");
        part.contains(&Progress::Stage(Stage::Provision))
    };
    assert!(began(parts.next()) && began(parts.next()));
    assert_eq!(parts.next(), None);
}
