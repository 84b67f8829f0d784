//! Slots, holes and sizes.

use jiff::SignedDuration;
use settings::{Duration, Schedule};

use super::world::{World, cron, keep, snapshot, time};
use crate::{
    assess::{Cadence, Tier},
    model::{SnapshotState, TakenAtFrom},
};

/// Compares the missed runs up to `now`, and the next slot expected.
fn check(cadence: &Cadence, taken_at: &[&str], now: &str, expected: (usize, &str)) {
    World::plain(cadence.clone(), taken_at, now).assessed(|it| {
        let holdings = it.holdings.as_ref().expect("surveyed");
        let found = (
            holdings.missed_runs.expect("scheduled"),
            holdings.next_expected,
        );
        assert_eq!(
            found,
            (expected.0, Some(time(expected.1))),
            "{taken_at:?} at {now}"
        );
    });
}

#[test]
fn lateness_follows_the_slots_and_not_an_interval() {
    let workdays = cron("0 2 * * 1-5", "UTC");
    // 2026-11-20 is a Friday.
    let friday = &["2026-11-20T02:00:05Z"];
    check(
        &workdays,
        friday,
        "2026-11-22T23:00:00Z",
        (0, "2026-11-23T02:00:00Z"),
    );
    check(
        &workdays,
        friday,
        "2026-11-23T02:30:00Z",
        (0, "2026-11-23T02:00:00Z"),
    );
    check(
        &workdays,
        friday,
        "2026-11-23T02:30:01Z",
        (1, "2026-11-23T02:00:00Z"),
    );
    check(
        &workdays,
        friday,
        "2026-11-25T12:00:00Z",
        (3, "2026-11-23T02:00:00Z"),
    );
    let monday = &["2026-11-20T02:00:05Z", "2026-11-23T05:00:00Z"];
    check(
        &workdays,
        monday,
        "2026-11-23T12:00:00Z",
        (0, "2026-11-24T02:00:00Z"),
    );
}

#[test]
fn lateness_is_right_when_clocks_change() {
    let berlin = cron("30 2 * * *", "Europe/Berlin");
    // Spring 2026: there is no 02:30 on March 29th, so nothing is due until the 30th.
    let saturday = &["2026-03-28T01:30:05Z"];
    check(
        &berlin,
        saturday,
        "2026-03-29T23:00:00Z",
        (0, "2026-03-30T00:30:00Z"),
    );
    check(
        &berlin,
        saturday,
        "2026-03-30T01:00:01Z",
        (1, "2026-03-30T00:30:00Z"),
    );
    let hourly = cron("0 * * * *", "Europe/Berlin");
    check(
        &hourly,
        &["2026-10-25T00:00:05Z"],
        "2026-10-25T01:30:01Z",
        (1, "2026-10-25T01:00:00Z"),
    );
}

#[test]
fn a_snapshot_serves_the_slot_it_was_made_for() {
    let check_one = |schedule: &str, taken: &str, arrived: &str, next: &str| {
        let mut world = World::plain(cron(schedule, "UTC"), &[taken], arrived);
        world.newest().completed_at = time(arrived);
        world.assessed(|it| {
            let found = it.holdings.as_ref().expect("surveyed").next_expected;
            assert_eq!(found, Some(time(next)), "{schedule} {taken} {arrived}");
        });
    };
    // The producer's clock is two seconds behind.
    check_one(
        "0 2 * * *",
        "2026-11-22T01:59:58Z",
        "2026-11-22T02:01:00Z",
        "2026-11-23T02:00:00Z",
    );
    // A name with a date and no hour.
    check_one(
        "0 2 * * *",
        "2026-11-22T00:00:00Z",
        "2026-11-22T02:10:00Z",
        "2026-11-23T02:00:00Z",
    );
    // A file saved before the job copied it.
    check_one(
        "0 * * * *",
        "2026-11-22T01:37:00Z",
        "2026-11-22T02:00:09Z",
        "2026-11-22T03:00:00Z",
    );
    // A run by hand in between serves the slot before.
    check_one(
        "0 2 * * *",
        "2026-11-22T12:00:00Z",
        "2026-11-22T12:01:00Z",
        "2026-11-23T02:00:00Z",
    );
    // A bucket copied months later: the time of the copy says nothing.
    check_one(
        "0 2 * * *",
        "2026-08-01T02:00:05Z",
        "2026-11-22T02:10:00Z",
        "2026-08-02T02:00:00Z",
    );
    // Every few minutes, slots are kept apart.
    check_one(
        "*/5 * * * *",
        "2026-11-22T02:00:02Z",
        "2026-11-22T02:00:04Z",
        "2026-11-22T02:05:00Z",
    );
}

#[test]
fn an_interval_counts_from_the_arrival() {
    let every = Schedule::parse("@every 1h30m", &jiff::tz::TimeZone::UTC).unwrap();
    let every = Cadence::new(every);
    let taken = &["2026-11-22T01:00:00Z"];
    check(
        &every,
        taken,
        "2026-11-22T03:00:00Z",
        (0, "2026-11-22T02:35:00Z"),
    );
    check(
        &every,
        taken,
        "2026-11-22T03:05:01Z",
        (1, "2026-11-22T02:35:00Z"),
    );
    check(
        &every,
        taken,
        "2026-11-22T06:10:00Z",
        (3, "2026-11-22T02:35:00Z"),
    );
    let times = [
        "2026-11-22T01:00:00Z",
        "2026-11-22T02:31:00Z",
        "2026-11-22T05:31:00Z",
    ];
    let gaps = World::plain(every, &times, "2026-11-22T06:00:00Z")
        .assessed(|it| it.holdings.as_ref().unwrap().gaps);
    assert_eq!(gaps, Some(1));
}

#[test]
fn a_source_without_anything_is_missing_unless_something_is_on_its_way() {
    let mut world = World::plain(cron("0 2 * * *", "UTC"), &[], "2026-11-22T12:00:00Z");
    world.was_held = true;
    assert_eq!(world.standing(), ["missing"]);
    let mut coming = snapshot(time("2026-11-22T11:59:00Z"));
    coming.state = SnapshotState::InProgress;
    world.snapshots().push(coming);
    assert!(!world.standing().contains(&"missing"));
}

#[test]
fn holes_are_counted_between_snapshots_within_retention() {
    let check = |remove: &[usize], retention: &[Tier], expected: (usize, u64)| {
        let mut world = World::healthy();
        for &index in remove {
            world.snapshots().remove(index);
        }
        world.objectives.retention = retention.to_vec();
        world.assessed(|it| {
            let holdings = it.holdings.as_ref().unwrap();
            let longest = holdings
                .longest_gap
                .map(|gap| gap.as_std().as_secs() / 3600);
            assert_eq!(
                (holdings.gaps, longest),
                (Some(expected.0), Some(expected.1)),
                "{remove:?}"
            );
        });
    };
    check(&[], &[keep(30)], (0, 24));
    check(&[7, 7], &[keep(30)], (2, 72));
    check(&[3, 20], &[keep(30)], (2, 48));
    check(&[3, 20], &[keep(10)], (1, 48));
    check(&[3, 20], &[], (2, 48));
    // Lateness is no hole, nor is what was deleted at the old end.
    check(&[0], &[keep(30)], (0, 24));
    check(&[29, 28], &[keep(30)], (0, 24));

    let day = Duration::from_days(1);
    let tier = |days: u64, every: Duration| Tier {
        every: Some(every),
        ..keep(days)
    };
    let tiers = [tier(10, day), tier(30, Duration::from_days(7))];
    check(&[], &tiers, (0, 24));
    check(&[3, 3], &tiers, (2, 72));
    check(&[15, 15, 15, 15], &tiers, (0, 120));
    check(&[12; 13], &tiers, (1, 14 * 24));
}

#[test]
fn a_weekday_that_was_skipped_is_a_hole_and_a_weekend_is_none() {
    let workdays = cron("0 2 * * 1-5", "UTC");
    let gaps = |taken: &[&str]| {
        let world = World::plain(workdays.clone(), taken, "2026-11-24T12:00:00Z");
        world.assessed(|it| it.holdings.as_ref().unwrap().gaps)
    };
    let friday_monday = ["2026-11-20T02:00:05Z", "2026-11-23T02:00:05Z"];
    assert_eq!(gaps(&friday_monday), Some(0));
    let wednesday_friday = ["2026-11-18T02:00:05Z", "2026-11-20T02:00:05Z"];
    assert_eq!(gaps(&wednesday_friday), Some(1));
}

#[test]
fn figures_of_the_newest_are_those_of_the_newest_complete_one() {
    let mut world = World::healthy();
    world.snapshots()[0].state = SnapshotState::Invalid;
    world.snapshots()[1].artifacts[0].meta.size_bytes = 700;
    world.assessed(|it| {
        let holdings = it.holdings.as_ref().unwrap();
        assert_eq!(holdings.latest.unwrap().state, SnapshotState::Invalid);
        assert_eq!(holdings.newest.unwrap().size_bytes(), 700);
        assert_eq!(holdings.age.unwrap().as_std().as_secs(), 34 * 3600 - 10);
        assert_eq!(holdings.typical_size, Some(1000));
        assert_eq!(holdings.count(SnapshotState::Complete), 29);
        assert_eq!(holdings.count(SnapshotState::Invalid), 1);
        assert_eq!(
            holdings.oldest.unwrap().taken_at,
            time("2026-10-24T02:00:10Z")
        );
        assert_eq!(holdings.begun_at, time("2026-10-24T02:00:10Z"));
    });
}

#[test]
fn proof_is_that_of_the_newest_recovery_point() {
    World::healthy().assessed(|it| {
        let proof = it.proof.as_ref().unwrap();
        assert_eq!(proof.proofs.proven_at, Some(time("2026-11-22T03:00:10Z")));
        assert_eq!(proof.recovery_time.unwrap().as_secs(), 2);
        assert_eq!(proof.forecast.unwrap().as_secs(), 2);
        assert_eq!(
            proof.verified.unwrap().snapshot.taken_at_from,
            TakenAtFrom::Content
        );
        assert_eq!(proof.ledger.report().records, 1);
    });
    let mut ahead = World::healthy();
    ahead.now = ahead.newest().taken_at - SignedDuration::from_secs(1);
    ahead.assessed(|it| assert_eq!(it.holdings.as_ref().unwrap().age, Some(Duration::ZERO)));
}
