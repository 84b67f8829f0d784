//! What a report says of what became of the sources.

use super::*;
use crate::drill::part::{
    Attempted,
    fixtures::{attempt, name, part, reported, with_newer},
};

fn parts(all: impl IntoIterator<Item = (&'static str, DrillPart)>) -> Parts {
    all.into_iter().map(|(of, part)| (name(of), part)).collect()
}

#[test]
fn a_drill_is_verified_only_if_all_its_sources_are() {
    use Verdict::{Failed, Inconclusive, Verified};
    let check = |verdicts: &[Verdict], expected| {
        assert_eq!(result(verdicts.iter().copied()), expected, "{verdicts:?}");
    };
    check(&[Verified, Verified], Verified);
    check(&[Verified, Inconclusive], Inconclusive);
    check(&[Inconclusive, Failed, Verified], Failed);
    check(&[], Inconclusive);
}

#[test]
fn a_drill_without_a_deviation_says_how_long_it_took() {
    let all = parts([
        ("graph", part((0, 0, 5), vec![attempt(None)])),
        ("cache", part((5, 5, 9), vec![attempt(None)])),
    ]);
    let report = reported(("graph cache", &[("cache", "graph")]), &all, 9);
    let outcome = &report.outcome;
    assert_eq!(outcome.result, Verdict::Verified);
    assert_eq!(outcome.recovery_milliseconds, Some(4000));
    assert_eq!(report.critical_path, [name("graph"), name("cache")]);
    assert_eq!(
        (outcome.wall_milliseconds, outcome.within),
        (9000, Some(true))
    );
    assert_eq!(report.deviations, Vec::<String>::new());
    assert_eq!(report.sources[1].after, [name("graph")]);
    let read: DrillReport = serde_json::from_str(&report.json()).expect("a report");
    assert_eq!(read, report);
}

#[test]
fn every_deviation_is_told_as_a_sentence() {
    let interrupted = Some(Reason::Interrupted);
    let all = parts([
        (
            "a",
            part(
                (0, 3, 5),
                vec![
                    attempt(Some(Reason::Killed)),
                    attempt(Some(Reason::Damaged)),
                ],
            ),
        ),
        ("b", with_newer(part((5, 5, 9), vec![attempt(None)]))),
        ("c", part((5, 9, 12), vec![attempt(interrupted)])),
        (
            "d",
            DrillPart::new(Err("there is no complete snapshot".into())),
        ),
        (
            "e",
            part(
                (0, 3, 4),
                vec![Attempted {
                    report: None,
                    problem: Some("a lease\nhint: Wait.".into()),
                }],
            ),
        ),
    ]);
    let report = reported(("a b c d e f", &[("b", "a")]), &all, 14);
    assert_eq!(report.outcome.result, Verdict::Failed);
    assert_eq!(
        report.outcome.wall_milliseconds, 11_000,
        "three seconds of waiting"
    );
    assert!(report.outcome.interrupted);
    assert_eq!(
        report.deviations,
        [
            "The drill was interrupted before its end.",
            "The drill took 11 s, 1 s longer than its objective of 10 s.",
            "The recovery time of the whole is not known, because that of a, c, d, e, f is not.",
            "For 3 s nothing of the drill ran, because other verifications had all the places. The \
             time told leaves this out.",
            "a: the first attempt was inconclusive (killed); it was repeated once.",
            "a: its snapshot was not verified: failed (damaged).",
            "b: the snapshot of 2026-11-22 01:00 UTC was taken, although one of 2026-11-22 01:30 UTC \
             lies there, which is partial.",
            "b: it was restored although a before it was not verified.",
            "c: its snapshot was not verified: inconclusive (interrupted).",
            "d: there is no complete snapshot.",
            "e: its snapshot was not verified: inconclusive.",
            "e: a lease; hint: Wait.",
            "f: it did not begin: the drill was interrupted.",
        ]
    );
}

#[test]
fn an_attempt_is_repeated_only_if_a_second_one_may_tell_more() {
    let check = |reason: Option<Reason>, expected| {
        assert_eq!(attempt(reason).is_worth_another(), expected, "{reason:?}");
    };
    check(None, false);
    check(Some(Reason::Damaged), false);
    check(Some(Reason::Killed), true);
    check(Some(Reason::NoChecksum), false);
    check(Some(Reason::Interrupted), false);
    let unbegun = Attempted {
        report: None,
        problem: None,
    };
    assert!(unbegun.is_worth_another());
}
