//! What Kubernetes does, written down.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::*;

mod laws;
mod refusals;
mod robfig;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn schedule(text: &str, zone_name: &str) -> Schedule {
    Schedule::parse(text, &zone(zone_name)).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Number of slots since `arrival` that are past by more than `grace` at `now`.
fn missed(schedule: &Schedule, arrival: Timestamp, now: &str, grace: Duration) -> usize {
    let mut tally = Tally::since(arrival);
    schedule.count_on(&mut tally, at(now), grace);
    tally.slots()
}

/// Checks the next slots after a wall-clock time, written with their offsets, and the way back.
fn check(text: &str, zone_name: &str, after: &str, expected: &[&str]) {
    let (schedule, zone) = (schedule(text, zone_name), zone(zone_name));
    let mut slot = after
        .parse::<DateTime>()
        .unwrap()
        .to_zoned(zone.clone())
        .unwrap()
        .timestamp();
    let mut said = Vec::new();
    for _ in expected {
        let next = schedule.next(slot).unwrap();
        assert_eq!(
            schedule.previous(next),
            Some(next),
            "{text}: a slot is its own previous"
        );
        let between = schedule.previous(at_nanosecond_before(next)).unwrap();
        assert!(
            between <= slot,
            "{text}: {between} lies between {slot} and {next}"
        );
        slot = next;
        said.push(
            slot.to_zoned(zone.clone())
                .strftime("%Y-%m-%dT%H:%M%:z")
                .to_string(),
        );
    }
    assert_eq!(said, expected, "for {text:?} in {zone_name}");
}

fn at_nanosecond_before(slot: Timestamp) -> Timestamp {
    slot.checked_sub(std::time::Duration::from_nanos(1))
        .unwrap()
}

#[test]
fn slots_of_ordinary_days() {
    check(
        "0 2 * * *",
        "UTC",
        "2026-11-22T02:00",
        &["2026-11-23T02:00+00:00"],
    );
    check(
        "0 2 * * *",
        "UTC",
        "2026-11-22T01:59:59",
        &["2026-11-22T02:00+00:00"],
    );
    check(
        "*/20 9-10 * * *",
        "UTC",
        "2026-11-22T09:30",
        &[
            "2026-11-22T09:40+00:00",
            "2026-11-22T10:00+00:00",
            "2026-11-22T10:20+00:00",
        ],
    );
    check(
        "0 2 * * 1-5",
        "UTC",
        "2026-11-20T02:00",
        &["2026-11-23T02:00+00:00"],
    );
    check(
        "0 0 * * SUN",
        "UTC",
        "2026-11-20T02:00",
        &["2026-11-22T00:00+00:00"],
    );
    check(
        "@weekly",
        "UTC",
        "2026-11-20T02:00",
        &["2026-11-22T00:00+00:00"],
    );
    check(
        "@yearly",
        "UTC",
        "2026-11-20T02:00",
        &["2027-01-01T00:00+00:00"],
    );
    check(
        "@monthly",
        "Europe/Berlin",
        "2026-11-20T02:00",
        &["2026-12-01T00:00+01:00"],
    );
    check(
        "@hourly",
        "Asia/Kolkata",
        "2026-11-20T02:10",
        &["2026-11-20T03:00+05:30"],
    );
    check(
        "0 0 31 * *",
        "UTC",
        "2026-01-31T00:00",
        &["2026-03-31T00:00+00:00", "2026-05-31T00:00+00:00"],
    );
}

#[test]
fn leap_days_come_every_four_years_and_once_after_eight() {
    check(
        "0 0 29 2 *",
        "UTC",
        "2024-02-29T00:00",
        &["2028-02-29T00:00+00:00", "2032-02-29T00:00+00:00"],
    );
    check(
        "0 0 29 2 *",
        "UTC",
        "2096-02-29T00:00",
        &["2104-02-29T00:00+00:00"],
    );
}

#[test]
fn day_of_month_and_day_of_week_are_alternatives_unless_one_is_a_star() {
    // 2026-11-13 is a Friday, 2026-11-01 a Sunday.
    check(
        "0 0 13 * 0",
        "UTC",
        "2026-11-10T00:00",
        &["2026-11-13T00:00+00:00", "2026-11-15T00:00+00:00"],
    );
    check(
        "0 0 ? * 0",
        "UTC",
        "2026-11-10T00:00",
        &["2026-11-15T00:00+00:00"],
    );
    check(
        "0 0 */1 * 0",
        "UTC",
        "2026-11-10T00:00",
        &["2026-11-15T00:00+00:00"],
    );
    // robfig drops the star bit of a step, so `*/2` is a restriction of its own.
    check(
        "0 0 */2 * 0",
        "UTC",
        "2026-11-13T00:00",
        &["2026-11-15T00:00+00:00", "2026-11-17T00:00+00:00"],
    );
    check(
        "0 0 */2 * 6",
        "UTC",
        "2026-11-13T00:00",
        &["2026-11-14T00:00+00:00"],
    );
}

#[test]
fn a_time_skipped_in_spring_has_no_slot_that_day() {
    check(
        "30 2 * * *",
        "Europe/Berlin",
        "2027-03-27T00:00",
        &["2027-03-27T02:30+01:00", "2027-03-29T02:30+02:00"],
    );
    check(
        "30 2 * * *",
        "America/New_York",
        "2027-03-13T12:00",
        &["2027-03-15T02:30-04:00"],
    );
    check(
        "*/30 * * * *",
        "Europe/Berlin",
        "2027-03-28T01:00",
        &["2027-03-28T01:30+01:00", "2027-03-28T03:00+02:00"],
    );
    check(
        "0 0 * * *",
        "America/Santiago",
        "2026-09-05T00:00",
        &["2026-09-07T00:00-03:00"],
    );
}

#[test]
fn a_time_repeated_in_autumn_has_two_slots() {
    check(
        "30 2 * * *",
        "Europe/Berlin",
        "2026-10-25T00:00",
        &[
            "2026-10-25T02:30+02:00",
            "2026-10-25T02:30+01:00",
            "2026-10-26T02:30+01:00",
        ],
    );
    check(
        "0,30 1 * * *",
        "America/New_York",
        "2026-11-01T00:00",
        &[
            "2026-11-01T01:00-04:00",
            "2026-11-01T01:30-04:00",
            "2026-11-01T01:00-05:00",
            "2026-11-01T01:30-05:00",
            "2026-11-02T01:00-05:00",
        ],
    );
}

#[test]
fn a_zone_in_the_text_wins() {
    let berlin = schedule("CRON_TZ=Europe/Berlin 0 2 * * *", "UTC");
    assert_eq!(
        berlin.next(at("2026-11-22T00:00Z")),
        Some(at("2026-11-22T01:00Z"))
    );
    let tokyo = schedule("TZ=Asia/Tokyo @daily", "UTC");
    assert_eq!(
        tokyo.next(at("2026-11-22T00:00Z")),
        Some(at("2026-11-22T15:00Z"))
    );
}

#[test]
fn an_interval_is_counted_from_the_last_arrival() {
    let every = schedule("@every 1h30m", "UTC");
    let arrival = at("2026-11-22T00:00:10.5Z");
    assert_eq!(every.interval(), Some(Duration::from_mins(90)));
    assert_eq!(every.longest_gap(), Duration::from_mins(90));
    assert_eq!(every.previous(arrival), None);
    assert_eq!(every.next(arrival), Some(at("2026-11-22T01:30:10Z")));
    assert_eq!(
        missed(
            &every,
            arrival,
            "2026-11-22T04:00Z",
            Duration::from_mins(10)
        ),
        2
    );
    assert_eq!(
        schedule("@every 1.5h", "UTC").interval(),
        Some(Duration::from_mins(90))
    );
    assert_eq!(
        schedule("@every 90500ms", "UTC").interval(),
        Some(Duration::from_secs(90))
    );
}

#[test]
fn a_slot_is_missed_once_its_grace_has_passed() {
    let schedule = schedule("0 * * * *", "UTC");
    let arrival = at("2026-11-22T02:00:03Z");
    let missed = |now: &str| missed(&schedule, arrival, now, Duration::from_mins(30));
    assert_eq!(missed("2026-11-22T02:10:00Z"), 0);
    assert_eq!(missed("2026-11-22T03:29:59Z"), 0);
    assert_eq!(missed("2026-11-22T03:30:00Z"), 0);
    assert_eq!(missed("2026-11-22T03:30:01Z"), 1);
    assert_eq!(missed("2026-11-22T06:00:00Z"), 3);
    assert_eq!(missed("2026-11-22T01:00:00Z"), 0);
    assert_eq!(missed("2126-11-22T01:00:00Z"), SLOTS_MAX);
}

#[test]
fn a_count_that_goes_on_is_the_one_made_anew() {
    let arrival = at("2026-11-22T02:00:03Z");
    let grace = Duration::from_mins(30);
    for text in ["0 * * * *", "*/7 3-5 * * *", "@every 90m", "0 0 29 2 *"] {
        let schedule = schedule(text, "Europe/Berlin");
        let mut tally = Tally::since(arrival);
        for now in [
            "2026-11-22T03:00:00Z",
            "2026-11-22T03:30:01Z",
            "2026-11-22T03:30:01Z",
            "2027-04-01T00:00:00Z",
            "2026-12-24T05:29:59Z",
            "2026-11-22T01:00:00Z",
            "2026-11-23T07:00:00Z",
        ] {
            schedule.count_on(&mut tally, at(now), grace);
            let anew = missed(&schedule, arrival, now, grace);
            assert_eq!(tally.slots(), anew, "{text} at {now}");
        }
    }
}

#[test]
fn slots_exclude_the_beginning_and_include_the_end() {
    let schedule = schedule("0 * * * *", "UTC");
    let slots: Vec<_> = schedule
        .slots(at("2026-11-22T02:00Z"), at("2026-11-22T04:00Z"))
        .collect();
    assert_eq!(slots, [at("2026-11-22T03:00Z"), at("2026-11-22T04:00Z")]);
}

#[test]
fn the_longest_gap_knows_weekends_months_and_clock_changes() {
    let check = |text: &str, zone: &str, hours: f64| {
        let gap = schedule(text, zone).longest_gap().as_secs_f64() / 3_600.0;
        assert!(
            (gap - hours).abs() < 1e-9,
            "{text} in {zone}: {gap} h, not {hours} h"
        );
    };
    check("* * * * *", "UTC", 1.0 / 60.0);
    check("0 2 * * *", "UTC", 24.0);
    check("0 2 * * 1-5", "UTC", 72.0);
    check("0 2 * * 1-5", "Europe/Berlin", 73.0);
    check("0 9-17 * * *", "UTC", 16.0);
    check("*/5 9-17 * * 1-5", "UTC", 63.0 + 5.0 / 60.0);
    check("0 0 1 * *", "UTC", 31.0 * 24.0);
    check("0 0 31 * *", "UTC", 61.0 * 24.0);
    check("0 0 29 2 *", "UTC", 1461.0 * 24.0);
    check("* * * 1-11 *", "UTC", 31.0 * 24.0 + 1.0 / 60.0);
    check("0 0 * 1 1", "UTC", 343.0 * 24.0);
    check("30 2 * * *", "Europe/Berlin", 47.0);
    check("0 4 * * *", "Europe/Berlin", 25.0);
    check("0 4 * * *", "Australia/Lord_Howe", 24.5);
}
