//! What the verifier's records say.

use settings::Duration;

use super::Case;
use crate::{
    assess::tests::world::{World, keep, time},
    ledger::{Finding, Outcome, Reason, RehearsalRecord, Verdict, fixtures},
};

pub(super) const PROOF: &[Case] = &[
    ("never", |w| w.drafts = Some(vec![]), &["never_verified"]),
    (
        "never, but new",
        |w| {
            w.drafts = Some(vec![]);
            w.snapshots().truncate(7);
        },
        &[],
    ),
    (
        "never, and kept for less than a proof may be old",
        |w| {
            w.drafts = Some(vec![]);
            w.objectives.retention = vec![keep(7)];
            w.snapshots().truncate(7);
        },
        &["never_verified"],
    ),
    (
        "only a look at an old one",
        |w| w.verification().snapshot.taken_at = time("2026-11-01T02:00:10Z"),
        &[],
    ),
    (
        "old proof",
        |w| w.objectives.verification = Some(Duration::from_hours(8)),
        &["verification_stale"],
    ),
    (
        "fresh enough",
        |w| w.objectives.verification = Some(Duration::from_hours(9)),
        &[],
    ),
    (
        "bad",
        |w| verdict(w, Reason::Damaged),
        &["never_verified", "verification_failed"],
    ),
    (
        "bad, then verified",
        |w| {
            let good = fixtures::verified(time("2026-11-22T02:00:10Z"));
            verdict(w, Reason::Damaged);
            w.drafts.as_mut().unwrap().push(good);
        },
        &[],
    ),
    (
        "unexpected, then accepted",
        |w| {
            verdict(w, Reason::Expectation);
            accept(w);
        },
        &["never_verified"],
    ),
    (
        "damaged, then accepted",
        |w| {
            verdict(w, Reason::Damaged);
            accept(w);
        },
        &["never_verified", "verification_failed"],
    ),
    (
        "slow",
        |w| w.verification().recovery_milliseconds = Some(900_001),
        &["recovery_time_exceeded", "recovery_time_forecast"],
    ),
    (
        "just in time",
        |w| w.verification().recovery_milliseconds = Some(900_000),
        &[],
    ),
    (
        "will be slow",
        |w| w.objects().size_bytes = 450_500,
        &["recovery_time_forecast"],
    ),
    (
        "will be just in time",
        |w| w.objects().size_bytes = 450_000,
        &[],
    ),
    (
        "counted otherwise",
        |w| found(w, "redis.announced", Outcome::Warning),
        &["counts_disagree"],
    ),
    (
        "counted otherwise than the manifest",
        |w| found(w, "redis.manifest", Outcome::Failed),
        &["counts_disagree"],
    ),
    (
        "counted alike",
        |w| found(w, "redis.identity", Outcome::Passed),
        &[],
    ),
    (
        "another warning",
        |w| found(w, "redis.trailing_bytes", Outcome::Warning),
        &[],
    ),
    (
        "old canary",
        |w| found(w, "redis.canary", Outcome::Warning),
        &["canary_stale"],
    ),
    (
        "fresh canary",
        |w| found(w, "redis.canary", Outcome::Passed),
        &[],
    ),
    (
        "next version cannot",
        |w| rehearsed(w, Verdict::Failed),
        &["rehearsal_failed"],
    ),
    ("next version can", |w| rehearsed(w, Verdict::Verified), &[]),
];

pub(super) fn verdict(world: &mut World, reason: Reason) {
    let it = world.verification();
    (it.verdict, it.reason) = (reason.verdict(), Some(reason));
}

fn accept(world: &mut World) {
    let taken_at = world.verification().snapshot.taken_at;
    world
        .drafts
        .as_mut()
        .unwrap()
        .push(fixtures::acceptance(taken_at, 7));
}

fn found(world: &mut World, check: &str, outcome: Outcome) {
    world.verification().findings.push(Finding {
        check: check.into(),
        outcome,
        observed: Some("1".into()),
        expected: Some("2".into()),
        basis: None,
        message: String::new(),
    });
}

fn rehearsed(world: &mut World, verdict: Verdict) {
    world.verification().rehearsals.push(RehearsalRecord {
        image: "redis:next".into(),
        verdict,
        reason: None,
        findings: Vec::new(),
        recovery_milliseconds: None,
    });
}
