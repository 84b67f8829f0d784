//! Slots and concerns of drills; every time is worked out by hand.

use jiff::{SignedDuration, tz::TimeZone};

use super::*;
use crate::drill::report_path;

fn time(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn berlin(text: &str) -> Schedule {
    Schedule::parse(text, &TimeZone::get("Europe/Berlin").expect("a zone")).expect(text)
}

#[test]
fn a_slot_is_due_once_and_a_missed_one_is_made_up_until_the_next() {
    let check = |schedule: &str, last: Option<&str>, now: &str, due: Option<&str>| {
        let since = time("2026-06-02T00:00:00Z");
        let slot = due_drill(&berlin(schedule), last.map(time), since, time(now));
        assert_eq!(slot, due.map(time), "{schedule} {last:?} {now}");
    };
    let monthly = "0 3 1 * *";
    let (july, august) = ("2026-07-01T01:00:00Z", "2026-08-01T01:00:00Z");
    check(monthly, None, "2026-06-30T00:00:00Z", None);
    check(monthly, None, july, Some(july));
    check(monthly, None, "2026-07-20T00:00:00Z", Some(july));
    // Two were missed: only the newer one is made up.
    check(
        monthly,
        Some("2026-06-03T00:00:00Z"),
        "2026-08-02T00:00:00Z",
        Some(august),
    );
    check(monthly, Some(july), "2026-07-31T23:59:59Z", None);
    check(
        monthly,
        Some("2026-07-01T01:00:01Z"),
        "2026-07-20T00:00:00Z",
        None,
    );
    check(monthly, Some("2026-07-20T00:00:00Z"), august, Some(august));
    // A time that is repeated in autumn counts once, and one that is skipped in spring never.
    let nightly = "30 2 * * *";
    let first = "2026-10-25T00:30:00Z";
    check(nightly, Some("2026-10-24T12:00:00Z"), first, Some(first));
    check(nightly, Some(first), "2026-10-25T01:30:00Z", None);
    check(
        nightly,
        Some("2026-10-24T12:00:00Z"),
        "2026-10-25T05:00:00Z",
        Some(first),
    );
    check(
        nightly,
        Some(first),
        "2026-10-26T01:30:00Z",
        Some("2026-10-26T01:30:00Z"),
    );
    check(
        nightly,
        Some("2027-03-27T01:30:00Z"),
        "2027-03-28T12:00:00Z",
        None,
    );
    // An interval is counted from the last drill.
    check("@every 24h", None, "2026-06-02T23:59:59Z", None);
    check(
        "@every 24h",
        None,
        "2026-06-03T00:00:00Z",
        Some("2026-06-03T00:00:00Z"),
    );
    check(
        "@every 24h",
        Some("2026-06-05T12:00:00Z"),
        "2026-06-06T11:00:00Z",
        None,
    );
}

fn outcome(began_at: &str, result: Verdict, wall_milliseconds: u64) -> DrillOutcome {
    let began_at = time(began_at);
    DrillOutcome {
        began_at,
        ended_at: began_at + SignedDuration::from_millis(wall_milliseconds.cast_signed()),
        result,
        interrupted: false,
        recovery_milliseconds: None,
        wall_milliseconds,
        objective_milliseconds: None,
        within: None,
    }
}

fn outcomes(all: impl IntoIterator<Item = DrillOutcome>) -> DrillOutcomes {
    let name = crate::model::DrillName::new("full").expect("a name");
    let path = |it: &DrillOutcome| report_path(&name, it.began_at, 1, "json");
    DrillOutcomes::of(all.into_iter().map(|it| (path(&it), it)))
}

/// The words of the concerns that stand, and of those without a witness in brackets.
fn concerns(
    (schedule, recovery_time): (Option<&str>, Option<&str>),
    known: Option<&DrillOutcomes>,
    now: &str,
) -> String {
    let schedule = schedule.map(berlin);
    let subject = DrillSubject {
        schedule: schedule.as_ref(),
        recovery_time: recovery_time.map(|it| it.parse().expect("a duration")),
        outcomes: known,
        watched_since: time("2026-06-02T00:00:00Z"),
    };
    let words = drill_concerns(&subject, time(now)).into_iter();
    let words = words.filter_map(|(concern, stands)| match stands {
        Some(true) => Some(concern.as_label().to_owned()),
        Some(false) => None,
        None => Some(format!("({})", concern.as_label())),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_drill_that_should_have_been_is_overdue_until_one_begins() {
    let monthly = (Some("0 3 1 * *"), Some("4h"));
    let none = DrillOutcomes::default();
    let check = |known: &DrillOutcomes, now: &str, expected: &str| {
        assert_eq!(concerns(monthly, Some(known), now), expected, "{now}");
    };
    check(&none, "2026-07-01T06:00:00Z", "(over_time) (failed)");
    check(
        &none,
        "2026-07-01T06:00:01Z",
        "overdue (over_time) (failed)",
    );
    let late = outcomes([outcome("2026-07-02T00:00:00Z", Verdict::Verified, 1)]);
    check(&late, "2026-07-03T00:00:00Z", "");
    check(&late, "2026-08-01T06:00:01Z", "overdue");
    let mut cut = outcome("2026-08-01T01:00:00Z", Verdict::Inconclusive, 1);
    cut.interrupted = true;
    let cut = outcomes([cut, outcome("2026-07-02T00:00:00Z", Verdict::Verified, 1)]);
    check(&cut, "2026-08-01T06:00:01Z", "overdue");
    // Without an objective a drill is given two hours.
    let now = "2026-07-01T04:00:01Z";
    let without = (Some("0 3 1 * *"), None);
    assert_eq!(
        concerns(without, Some(&none), now),
        "overdue (over_time) (failed)"
    );
    assert_eq!(
        concerns((None, None), Some(&none), now),
        "(overdue) (over_time) (failed)"
    );
    assert_eq!(
        concerns(monthly, None, now),
        "(overdue) (over_time) (failed)"
    );
}

#[test]
fn the_last_whole_drill_says_whether_it_failed_or_took_too_long() {
    let by_hand = (None, Some("1s"));
    let check = |all: Vec<DrillOutcome>, expected: &str| {
        let known = outcomes(all);
        let found = concerns(by_hand, Some(&known), "2026-07-03T00:00:00Z");
        assert_eq!(found, format!("(overdue) {expected}").trim_end());
    };
    let (first, second) = ("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z");
    check(
        vec![outcome(first, Verdict::Failed, 1001)],
        "over_time failed",
    );
    check(vec![outcome(first, Verdict::Failed, 1000)], "failed");
    check(vec![outcome(first, Verdict::Inconclusive, 1)], "");
    let answered = [
        outcome(first, Verdict::Failed, 9),
        outcome(second, Verdict::Verified, 1),
    ];
    check(answered.into(), "");
    // What is from the future has no part in an answer.
    let future = [
        outcome(first, Verdict::Failed, 1),
        outcome("2027-01-01T00:00:00Z", Verdict::Verified, 1),
    ];
    check(future.into(), "failed");
}
