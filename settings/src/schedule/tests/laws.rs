//! Laws that hold for every expression, and a second opinion.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Duration, Schedule, at_nanosecond_before, zone};

/// Expressions of every shape that can be written, most of them sensible.
fn expressions() -> impl Strategy<Value = String> {
    let field = |min: u32, max: u32| {
        prop_oneof![
            3 => Just("*".to_owned()),
            3 => (min..=max).prop_map(|value| value.to_string()),
            2 => (2..=max).prop_map(|step| format!("*/{step}")),
            1 => (min..=max, min..=max).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
            1 => (min..=max, min..=max).prop_map(|(a, b)| format!("{a},{b}")),
        ]
    };
    (
        field(0, 59),
        field(0, 23),
        field(1, 31),
        field(1, 12),
        field(0, 6),
    )
        .prop_map(|(a, b, c, d, e)| format!("{a} {b} {c} {d} {e}"))
}

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn next_and_previous_are_inverse(
        text in expressions(),
        seconds in 1_700_000_000i64..2_000_000_000,
        zone_name in prop::sample::select(&ZONES[..]),
    ) {
        let Ok(schedule) = Schedule::parse(&text, &zone(zone_name)) else { return Ok(()) };
        let at = Timestamp::from_second(seconds).unwrap();
        let next = schedule.next(at).unwrap();
        let previous = schedule.previous(at).unwrap();
        prop_assert!(previous <= at && at < next);
        prop_assert_eq!(schedule.next(previous), Some(next));
        prop_assert_eq!(schedule.previous(next), Some(next));
        prop_assert_eq!(schedule.previous(at_nanosecond_before(next)), Some(previous));
        prop_assert!(Duration::between(previous, next) <= schedule.longest_gap());
    }

    /// croner is a second opinion where its rules are those of Kubernetes: without clock changes,
    /// and without a step as the day restriction.
    #[test]
    fn in_utc_the_slots_are_those_of_croner(
        text in expressions(),
        seconds in 1_700_000_000i64..2_000_000_000,
    ) {
        let days: Vec<&str> = text.split(' ').collect();
        let ours = Schedule::parse(&text, &TimeZone::UTC);
        if days[2].contains('/') || days[4].contains('/') { return Ok(()) }
        let (Ok(ours), Ok(theirs)) = (ours, text.parse::<croner::Cron>()) else { return Ok(()) };
        let at = Timestamp::from_second(seconds).unwrap();
        let slot = theirs.find_next_occurrence(&at.to_zoned(TimeZone::UTC), false).unwrap();
        prop_assert_eq!(ours.next(at), Some(slot.timestamp()), "{}", text);
    }

    #[test]
    fn no_text_panics(text in "[-0-9*/,?@a-zA-Z =LW#]{0,24}") {
        let _ = Schedule::parse(&text, &TimeZone::UTC);
    }
}
