//! When something is due next, held against what the plan says at that time.

use catalog::ledger::ToolRecord;

use super::*;
use crate::plan::prospect;

/// The verifier that wrote the records of the fixtures, or the same with another configuration.
fn tool(same: bool) -> ToolRecord {
    let mut tool = ToolRecord::clone(&fixtures::verification(at(0), None).tool);
    if !same {
        tool.config_digest.push('0');
    }
    tool
}

/// Holds a prospect against `expected`: (not before, at) in minutes.
#[track_caller]
fn check(
    lines: &str,
    newest: Option<i64>,
    runs: &[(i64, i64, Option<Reason>)],
    expected: (Option<i64>, Option<i64>),
) {
    let world = World::new(newest, ledger(runs));
    let found = prospect(&source(lines), &world.situation(1000), &tool(true));
    let minutes = |moment: Timestamp| moment.duration_since(at(0)).as_mins();
    let found = (found.not_before.map(minutes), found.at.map(minutes));
    assert_eq!(found, expected, "{lines} {runs:?}");
}

const HOUR: i64 = 60;

#[test]
fn the_next_moment_follows_what_makes_it_due() {
    check(NEW, None, &[], (None, None));
    check(NEW, Some(2), &[], (None, Some(2 * HOUR)));
    check(NEW, Some(0), &[(0, 1, None)], (None, Some(97 * HOUR)));
    // Nothing that was verified lies there: whatever arrives is due at once.
    check(DAILY, None, &[(0, 1, None)], (None, None));
    let slot_then_renewal = (Some(6 * HOUR), Some(97 * HOUR));
    check(DAILY, Some(0), &[(0, 1, None)], slot_then_renewal);
    let slot = (Some(30 * HOUR), Some(30 * HOUR));
    check(DAILY, Some(24), &[(0, 7, None)], slot);
    let renewal = (Some(97 * HOUR), Some(97 * HOUR));
    check(OBJECTIVE, Some(24), &[(0, 1, None)], renewal);
    check(OBJECTIVE, Some(0), &[], (None, Some(0)));
    let failed = [(0, 1, Some(Reason::Damaged))];
    check(NEW, Some(0), &failed, (None, Some(145 * HOUR)));
    // While a failure stands, whatever arrives is due at once, and what failed is not.
    let proven_then_failed = [(0, 1, None), (24, 25, Some(Reason::Damaged))];
    let arrived = (None, Some(26 * HOUR));
    check(OBJECTIVE, Some(26), &proven_then_failed, arrived);
    let repeated = (None, Some(169 * HOUR));
    check(OBJECTIVE, Some(24), &proven_then_failed, repeated);
    let world = World::new(None, ledger(&[]));
    let unproven = source("    verify: false\n");
    let none = prospect(&unproven, &world.situation(1000), &tool(true));
    assert_eq!((none.not_before, none.at), (Some(Timestamp::MAX), None));
}

#[test]
fn retries_are_ever_further_apart() {
    let run = |hour| (0, hour, Some(Reason::RuntimeUnavailable));
    check(NEW, Some(0), &[run(1)], (None, Some(HOUR + 5)));
    check(NEW, Some(0), &[run(1), run(2)], (None, Some(2 * HOUR + 10)));
    let many: Vec<_> = (1..30).map(run).collect();
    check(NEW, Some(0), &many, (None, Some(29 * HOUR + 6 * HOUR)));
    let after_a_proof = [run(1), run(2), (0, 3, None), run(4)];
    check(NEW, Some(0), &after_a_proof, (None, Some(4 * HOUR + 5)));
}

#[test]
fn a_retry_does_not_wait_for_what_changed_nor_repeat_what_cannot_change() {
    let interrupted = [(0, 1, Some(Reason::Interrupted))];
    check(NEW, Some(0), &interrupted, (None, Some(HOUR)));
    let mendable = [(0, 1, Some(Reason::NoChecksum))];
    check(NEW, Some(0), &mendable, (None, Some(97 * HOUR)));
    let world = World::new(Some(0), ledger(&mendable));
    let other = prospect(&source(NEW), &world.situation(1000), &tool(false));
    assert_eq!(
        other.at,
        Some(at(1)),
        "another configuration may have mended it"
    );
}

#[test]
fn two_verifiers_that_differ_do_not_try_again_after_each_other_for_ever() {
    let of_two = |reason| {
        let drafts = [(1, true), (2, false)].map(|(ended, ours)| {
            let mut run = fixtures::verification(at(0), Some(reason));
            (run.ended_at, run.tool) = (at(ended), tool(ours).into());
            Draft::Verification(Box::new(run))
        });
        let mut ledger = Ledger::new(fixtures::cache());
        for (sequence, text) in (1..).zip(fixtures::sealed(drafts)) {
            ledger.take(sequence, Ok(&text));
        }
        let world = World::new(Some(0), ledger);
        prospect(&source(NEW), &world.situation(1000), &tool(true)).at
    };
    assert_eq!(of_two(Reason::NoChecksum), Some(at(98)));
    let paused = at(2) + SignedDuration::from_mins(10);
    assert_eq!(of_two(Reason::RuntimeUnavailable), Some(paused));
}

#[test]
fn the_plan_agrees() {
    const DAMAGED: Option<Reason> = Some(Reason::Damaged);
    let pasts: [(i64, &[_]); 7] = [
        (0, &[(0, 1, None)]),
        (24, &[(0, 1, None)]),
        (0, &[(0, 1, DAMAGED)]),
        (24, &[(0, 1, DAMAGED)]),
        (24, &[(0, 1, None), (24, 25, DAMAGED)]),
        (48, &[(0, 1, None), (24, 25, DAMAGED)]),
        // The proof of an older one is the later run.
        (24, &[(24, 25, DAMAGED), (0, 100, None)]),
    ];
    for lines in [NEW, DAILY, OBJECTIVE] {
        for (newest, runs) in pasts {
            let (source, ledger) = (source(lines), ledger(runs));
            let seen_at = at(newest.max(25));
            let world = |newest| World::new(Some(newest), ledger.clone());
            let of = |newest| prospect(&source, &world(newest).situation(1000), &tool(true));
            let due = |newest, now: Timestamp| plan(&source, &world(newest).situation_at(now)).due;
            let context = format!("{lines} {runs:?} {newest}");
            let second = SignedDuration::from_secs(1);
            let moment = of(newest).at.expect("something lies there");
            let first = moment.max(seen_at);
            assert!(due(newest, first + second).is_some(), "{context}");
            if moment > seen_at {
                assert_eq!(due(newest, moment - second), None, "{context}");
            }
            if let Some(not_before) = of(newest).not_before.filter(|it| *it > at(2)) {
                assert_eq!(due(500, not_before - second), None, "{context}");
            }
        }
    }
}

#[test]
fn what_may_have_been_being_written_is_due_once_it_has_settled() {
    let minutes = |minutes| at(2) + SignedDuration::from_mins(minutes);
    let cut = |ended: i64, reason| {
        let mut run = fixtures::verification(at(2), Some(reason));
        run.ended_at = minutes(ended);
        let mut ledger = Ledger::new(fixtures::cache());
        for (sequence, text) in (1..).zip(fixtures::sealed([Draft::Verification(Box::new(run))])) {
            ledger.take(sequence, Ok(&text));
        }
        ledger
    };
    let world = |ledger| World::with(vec![snapshot(2)], ledger);
    let check = |lines: &str, ended: i64, due: i64| {
        let (source, world) = (source(lines), world(cut(ended, Reason::UnstableRead)));
        for same in [true, false] {
            let found = prospect(&source, &world.situation(1000), &tool(same));
            assert_eq!(found.at, Some(minutes(due)), "{lines}");
        }
        let planned = |now| plan(&source, &world.situation_at(now));
        let early = planned(minutes(due) - SignedDuration::from_secs(1));
        assert_eq!(early.due, None, "{early:?}");
        assert!(early.why.starts_with("it may still be being written"));
        assert_eq!(planned(minutes(due)).due, Some(Trigger::Retry));
    };
    for lines in [NEW, DAILY, OBJECTIVE] {
        check(lines, 1, 10);
        check(&format!("{lines}    settle: 30m\n"), 29, 30);
    }
    // One that had settled is tried again like any other.
    let settled = world(cut(10, Reason::UnstableRead));
    let found = prospect(&source(NEW), &settled.situation(1000), &tool(true));
    assert_eq!(found.at, Some(minutes(15)));
    let ours = world(cut(1, Reason::RuntimeUnavailable));
    let planned = plan(&source(NEW), &ours.situation_at(minutes(1)));
    assert_eq!(planned.due, Some(Trigger::Retry));
}
