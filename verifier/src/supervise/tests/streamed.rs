//! Servers that are fed while the bytes arrive: what such a run shows counts, and where it shows
//! nothing, a complete file decides.

use catalog::ledger::Fed;

use super::*;

/// A snapshot that the engine takes by pipe first.
fn world(body: &'static str, scripts: impl IntoIterator<Item = Script>) -> World {
    let mut world = World::new(body, scripts);
    world.snapshot.facts.version = Some(2);
    world
}

fn fed(verification: &Verification) -> Option<Fed> {
    verification.sandbox.as_ref().map(|sandbox| sandbox.fed)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answered_by_pipe_is_believed_where_a_checksum_vouches() {
    let verification = world("good", [GOOD]).check(None, 1).await;
    assert_eq!(fed(&verification), Some(Fed::Pipe));
    for (body, runs) in [
        ("A checksum is absent", 2),
        ("no checksum, so it ends with 0", 1),
    ] {
        let verification = world(body, [GOOD]).check(None, runs).await;
        assert_eq!(fed(&verification), Some(Fed::File), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_a_pipe_ends_in_besides_decides_nothing() {
    let refused = Script {
        says: "unrestorable",
        ..GOOD
    };
    let mut ends = vec![
        refused.clone(),
        Script {
            put_code: 141,
            ..GOOD
        },
        Script {
            put: Step::Panics,
            ..GOOD
        },
    ];
    ends.push(Script {
        put: Step::Hangs,
        ..GOOD
    });
    for reason in [
        Reason::OutOfMemory,
        Reason::Killed,
        Reason::Internal,
        Reason::NoImage,
    ] {
        let fails = Step::Fails(reason);
        ends.extend([
            Script { put: fails, ..GOOD },
            Script {
                start: fails,
                ..GOOD
            },
            Script {
                restore: fails,
                ..GOOD
            },
        ]);
    }
    for end in ends {
        let verification = world("good", [end, GOOD]).check(None, 2).await;
        assert_eq!(fed(&verification), Some(Fed::File));
    }
    // A complete file is what accuses, and it is shown twice as ever.
    let accused = world("good", [refused.clone(), refused, GOOD]);
    accused.check(Some(Reason::Internal), 3).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_observations_of_a_pipe_accuse_is_shown_again_from_a_file() {
    for (says, reason) in [
        ("identity", Reason::Identity),
        ("expectation", Reason::Expectation),
    ] {
        let other = Script { says, ..GOOD };
        let accused = world("good", [other.clone()]);
        let verification = accused.check(Some(reason), 2).await;
        assert_eq!(fed(&verification), Some(Fed::File), "{says}");
        let once = world("good", [other, GOOD]).verify().await;
        assert_ne!(once.verdict, Verdict::Failed, "{once:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn damage_and_what_is_not_understood_are_found_without_a_server() {
    world("Damaged", [GOOD])
        .check(Some(Reason::Damaged), 1)
        .await;
    let unknown = world("Unknown", [GOOD]);
    unknown.check(Some(Reason::UnknownVersion), 1).await;
    let damaged = Script {
        start: Step::Fails(Reason::Killed),
        ..GOOD
    };
    world("Damaged", [damaged])
        .check(Some(Reason::Damaged), 1)
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_end_by_us_is_not_tried_again() {
    let late = Script {
        restore: Step::Hangs,
        ..GOOD
    };
    world("good", [late]).check(Some(Reason::Deadline), 1).await;
    let nowhere = Script {
        provision: Step::Fails(Reason::RuntimeUnavailable),
        ..GOOD
    };
    let nowhere = world("good", [nowhere]);
    nowhere.check(Some(Reason::RuntimeUnavailable), 1).await;
}

#[tokio::test(start_paused = true)]
async fn an_image_without_pipes_is_learnt_once() {
    let bare = Script {
        put_code: 127,
        ..GOOD
    };
    let world = world("good", [bare, GOOD]);
    let context = world.context();
    for runs in [2, 3] {
        let assignment = Assignment {
            run: RunId(format!("run-{runs}")),
            ..world.assignment()
        };
        let verification = verify_one(&context, assignment).await;
        assert_eq!(verification.verdict, Verdict::Verified, "{verification:#?}");
        assert_eq!(world.runtime.runs().0.len(), runs);
    }
}
