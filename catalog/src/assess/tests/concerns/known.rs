//! What the verifier's records say beside what lies there, and what they do not say any more.

use jiff::SignedDuration;
use settings::{Duration, Schedule};

use super::Case;
use crate::{
    assess::tests::world::{World, keep, time},
    ledger::{Draft, Reason, fixtures},
};

/// Recovery point of the snapshot of the day before; the newest one is of the 22nd.
const BEFORE: &str = "2026-11-21T02:00:10Z";
const NEWEST: &str = "2026-11-22T02:00:10Z";

pub(super) const KNOWN: &[Case] = &[
    (
        "one could not tell",
        |w| runs(w, &[(BEFORE, None), (NEWEST, Some(Reason::Deadline))]),
        &[],
    ),
    (
        "three in a row could not tell",
        |w| {
            let of = |day: i64| time(NEWEST) - SignedDuration::from_hours(24 * day);
            let reasons = [
                (3, None),
                (2, Some(Reason::Deadline)),
                (1, Some(Reason::Killed)),
            ];
            let mut drafts: Vec<_> = reasons.map(|(day, why)| run(of(day), why)).into();
            drafts.push(run(of(0), Some(Reason::Disk)));
            w.drafts = Some(drafts);
        },
        &["verification_inconclusive"],
    ),
    (
        "one could not tell, and half of the objective has passed",
        |w| {
            runs(w, &[(BEFORE, None), (NEWEST, Some(Reason::Deadline))]);
            w.objectives.verification = Some(Duration::from_hours(64));
        },
        &["verification_inconclusive"],
    ),
    (
        "only configuration can mend it",
        |w| runs(w, &[(BEFORE, None), (NEWEST, Some(Reason::NoImage))]),
        &["verification_inconclusive"],
    ),
    (
        "interrupted",
        |w| {
            runs(w, &[(BEFORE, None), (NEWEST, Some(Reason::Interrupted))]);
            w.objectives.verification = Some(Duration::from_hours(36));
        },
        &[],
    ),
    (
        "bad, and the next day's run could not tell",
        |w| {
            let mut verified = run(time("2026-11-20T02:00:10Z"), None);
            let bad = run(time(BEFORE), Some(Reason::Damaged));
            let unknown = run(time(NEWEST), Some(Reason::Deadline));
            later(&mut verified, 0);
            w.drafts = Some(vec![verified, bad, unknown]);
        },
        &["verification_failed"],
    ),
    (
        "bad, and the next day's was verified",
        |w| runs(w, &[(BEFORE, Some(Reason::Damaged)), (NEWEST, None)]),
        &[],
    ),
    (
        "bad and gone, and the next day's was verified and is gone, too",
        |w| {
            runs(w, &[(BEFORE, Some(Reason::Damaged)), (NEWEST, None)]);
            w.snapshots().truncate(1);
            w.newest().taken_at = time("2026-11-22T02:00:20Z");
            w.objects().etag = Some("other".into());
        },
        &[],
    ),
    (
        "what was verified after the bad one is gone, and the bad one lies there",
        |w| {
            runs(w, &[(BEFORE, Some(Reason::Damaged)), (NEWEST, None)]);
            w.objects().etag = Some("other".into());
        },
        &["verification_failed"],
    ),
    (
        "a look back at an older one that is bad",
        |w| {
            let mut looked_back = run(time(BEFORE), Some(Reason::Damaged));
            later(&mut looked_back, 30);
            w.drafts.as_mut().unwrap().push(looked_back);
        },
        &[],
    ),
    (
        "unexpected, then accepted, then another verified",
        |w| {
            runs(w, &[(BEFORE, Some(Reason::Expectation)), (NEWEST, None)]);
            let accepted = fixtures::acceptance(time(BEFORE), 7);
            w.drafts.as_mut().unwrap().insert(1, accepted);
        },
        &[],
    ),
    (
        "gone, seen once",
        |w| {
            gone(w);
            w.unproven_since = None;
        },
        LATE,
    ),
    ("gone before its time", gone, VANISHED),
    (
        "gone when its retention was over",
        |w| {
            gone(w);
            w.objectives.retention = vec![crate::assess::Tier {
                keep: Duration::from_hours(6),
                ..keep(1)
            }];
        },
        &["late", "recovery_point_exceeded", "retention_exceeded"],
    ),
    (
        "gone while older ones lie there, without a retention",
        |w| {
            gone(w);
            w.objectives.retention = Vec::new();
        },
        VANISHED,
    ),
    (
        "gone with all older ones, without a retention",
        |w| {
            w.objectives.retention = Vec::new();
            w.objects().key = crate::model::Key::new("redis/later.rdb");
            w.newest().taken_at = time("2026-11-22T02:00:20Z");
            w.snapshots().truncate(1);
            w.unproven_since = Some(w.now);
        },
        &[],
    ),
    (
        "overwritten under a name that has a time",
        |w| {
            w.objects().etag = Some("other".into());
            w.unproven_since = Some(w.now);
        },
        &["proof_vanished"],
    ),
    (
        "overwritten under a name without a time",
        |w| {
            w.objects().etag = Some("other".into());
            w.unproven_since = Some(w.now);
            w.verifying.names_have_time = false;
        },
        &[],
    ),
    ("the slot of the morning left no record", slots, OVERDUE),
    (
        "the slot of the morning may still leave one",
        |w| {
            slots(w);
            w.now = time("2026-11-22T07:30:00Z");
        },
        &[],
    ),
    (
        "the slot of the morning left one that could not tell",
        |w| {
            slots(w);
            let mut tried = run(time(NEWEST), Some(Reason::Deadline));
            later(&mut tried, 4);
            w.drafts.as_mut().unwrap().push(tried);
        },
        &[],
    ),
    (
        "at the slot the newest was verified already",
        |w| {
            slots(w);
            w.drafts = World::healthy().drafts;
        },
        &[],
    ),
    (
        "a new snapshot left no record",
        |w| {
            w.drafts = Some(vec![run(time(BEFORE), None)]);
            w.verifying.each_snapshot = true;
        },
        OVERDUE,
    ),
    (
        "what was verified was touched just now",
        |w| {
            w.drafts = Some(vec![run(time(BEFORE), None)]);
            w.verifying.each_snapshot = true;
            w.untried_seen = Some(time("2026-11-22T10:30:00Z"));
        },
        &[],
    ),
    (
        "what was verified was touched and left no record since",
        |w| {
            w.drafts = Some(vec![run(time(BEFORE), None)]);
            w.verifying.each_snapshot = true;
            w.untried_seen = Some(time("2026-11-22T10:29:59Z"));
        },
        OVERDUE,
    ),
    (
        "a new snapshot may still leave one",
        |w| {
            w.drafts = Some(vec![run(time(BEFORE), None)]);
            w.verifying.each_snapshot = true;
            w.verifying.deadline = Some(std::time::Duration::from_hours(9));
        },
        &[],
    ),
    (
        "a record of 2036 proves nothing",
        |w| w.verification().ended_at = time("2036-11-22T03:00:10Z"),
        &["never_verified", "proof_from_the_future"],
    ),
    (
        "a record of 2036 takes nothing away",
        |w| {
            let mut ahead = run(time(BEFORE), Some(Reason::Damaged));
            later(&mut ahead, 24 * 3650);
            w.drafts.as_mut().unwrap().push(ahead);
        },
        &["proof_from_the_future"],
    ),
    (
        "a record of in five minutes",
        |w| w.verification().ended_at = w.now + SignedDuration::from_mins(5),
        &[],
    ),
];

const LATE: &[&str] = &["late", "recovery_point_exceeded"];
const VANISHED: &[&str] = &["late", "recovery_point_exceeded", "proof_vanished"];
const OVERDUE: &[&str] = &["verification_overdue"];

fn run(taken_at: jiff::Timestamp, reason: Option<Reason>) -> Draft {
    Draft::Verification(Box::new(fixtures::verification(taken_at, reason)))
}

fn runs(world: &mut World, of: &[(&str, Option<Reason>)]) {
    let of = of
        .iter()
        .map(|(taken_at, reason)| run(time(taken_at), *reason));
    world.drafts = Some(of.collect());
}

/// Makes the run end so many hours later.
fn later(draft: &mut Draft, hours: i64) {
    if let Draft::Verification(run) = draft {
        run.ended_at += SignedDuration::from_hours(hours);
    }
}

/// Removes the only verified snapshot, as two surveys showed.
fn gone(world: &mut World) {
    world.snapshots().remove(0);
    world.unproven_since = Some(world.now);
    world.intent = None;
}

/// Has the source verified each day at six, the last time yesterday.
fn slots(world: &mut World) {
    world.drafts = Some(vec![run(time(BEFORE), None)]);
    let schedule = Schedule::parse("0 6 * * *", &jiff::tz::TimeZone::UTC);
    world.verifying.schedule = Some(schedule.expect("a schedule"));
    if let Some(Draft::Verification(run)) = world.drafts.as_mut().unwrap().first_mut() {
        run.ended_at = time("2026-11-21T06:10:00Z");
    }
}
