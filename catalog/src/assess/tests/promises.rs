//! What is promised where nothing is configured.

use settings::Duration;

use super::world::{World, cron, time};
use crate::assess::Promises;

fn promises(change: impl FnOnce(&mut World)) -> Promises {
    let mut world = World::healthy();
    change(&mut world);
    world.assessed(|it| it.promises.clone())
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

#[test]
fn grace_is_the_longest_of_the_last_ten_runs_and_ten_minutes() {
    let check = |change: fn(&mut World), expected: Duration| {
        assert_eq!(promises(change).grace, expected);
    };
    let five_and_ten = Duration::from_secs(15 * 60 + 10);
    check(|_| {}, five_and_ten);
    check(|w| w.grace = Some(Duration::from_mins(3)), minutes(3));
    check(|w| w.snapshots().clear(), minutes(60));
    check(|w| w.inventory = None, minutes(60));
    check(
        |w| w.snapshots()[9].completed_at = time("2026-11-13T04:00:00Z"),
        minutes(130),
    );
    check(
        |w| w.snapshots()[10].completed_at = time("2026-11-12T04:00:00Z"),
        five_and_ten,
    );
    // Copied days later: no run took that long.
    check(
        |w| w.snapshots()[3].completed_at = time("2026-11-22T11:00:00Z"),
        five_and_ten,
    );
}

#[test]
fn ages_follow_from_the_longest_gap() {
    let check = |change: fn(&mut World), point: Duration, alert: Duration| {
        let found = promises(change);
        assert_eq!(
            (found.recovery_point, found.alert_after),
            (Some(point), Some(alert))
        );
    };
    let day = minutes(24 * 60);
    check(
        |w| w.grace = Some(Duration::from_hours(1)),
        minutes(25 * 60),
        minutes(48 * 60),
    );
    check(
        |w| {
            w.grace = Some(Duration::from_hours(1));
            w.cadence = Some(cron("0 2 * * 1-5", "UTC"));
        },
        minutes(73 * 60),
        minutes(144 * 60),
    );
    check(
        |w| w.objectives.recovery_point = Some(Duration::from_days(3)),
        day.saturating_mul(3),
        day.saturating_mul(3),
    );
    check(
        |w| {
            w.objectives.recovery_point = Some(Duration::from_hours(26));
            w.objectives.alert_after = Some(Duration::from_hours(30));
        },
        minutes(26 * 60),
        minutes(30 * 60),
    );
    // Names without an hour put the recovery point two hours before its arrival.
    check(
        |w| {
            w.grace = Some(Duration::from_mins(30));
            for snapshot in w.snapshots() {
                snapshot.taken_at -= jiff::SignedDuration::from_mins(120);
            }
        },
        Duration::from_secs(24 * 3600 + 135 * 60),
        day.saturating_mul(2),
    );
}

#[test]
fn the_rest_has_fixed_defaults() {
    let found = promises(|world| world.objectives = crate::assess::Objectives::default());
    assert_eq!(found.verification, Duration::from_days(7));
    assert_eq!(found.max_shrink, settings::Percent::new(50));
    assert_eq!(
        (found.minimum_size, found.recovery_time, found.keep()),
        (None, None, None)
    );
}
