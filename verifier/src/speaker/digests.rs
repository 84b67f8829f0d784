//! When the digest is due. Pure.

use jiff::{Timestamp, tz::TimeZone};
use settings::Schedule;

use crate::notify::MADE_UP_FOR;

/// Returns the slot whose digest is due, by the clock on the wall: an hour that the clock repeats
/// has one slot. `last` is the last slot whose digest was sent; without one, slots before `began`
/// are nobody's.
pub(super) fn slot_due(
    schedule: &Schedule,
    zone: &TimeZone,
    last: Option<&str>,
    began: Timestamp,
    now: Timestamp,
) -> Option<String> {
    let slot = schedule.previous(now)?;
    if now.duration_since(slot) > MADE_UP_FOR {
        return None;
    }
    let name = slot
        .to_zoned(zone.clone())
        .strftime("%Y%m%dT%H%M%S")
        .to_string();
    let is_new = last.map_or(slot >= began, |last| name.as_str() > last);
    is_new.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: &str, last: Option<&str>, now: &str, expected: Option<&str>) {
        let zone = TimeZone::get(zone).expect("a zone");
        let schedule = Schedule::parse("30 2 * * *", &zone).expect("a schedule");
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let due = slot_due(&schedule, &zone, last, at("2026-10-20T00:00:00Z"), at(now));
        assert_eq!(due.as_deref(), expected, "{last:?} {now}");
    }

    #[test]
    fn a_digest_is_made_up_for_half_a_day_and_sent_once() {
        let sent = Some("20261022T023000");
        check("UTC", sent, "2026-10-23T02:29:59Z", None);
        check("UTC", sent, "2026-10-23T02:30:00Z", Some("20261023T023000"));
        check("UTC", sent, "2026-10-23T14:30:00Z", Some("20261023T023000"));
        check("UTC", sent, "2026-10-23T14:30:01Z", None);
        check("UTC", Some("20261023T023000"), "2026-10-23T02:31:00Z", None);
        // Before the first digest only slots since the beginning count.
        check("UTC", None, "2026-10-20T01:00:00Z", None);
        check("UTC", None, "2026-10-20T02:30:00Z", Some("20261020T023000"));
    }

    #[test]
    fn the_hour_that_the_clock_repeats_has_one_digest() {
        // On 25 October 2026 the clock of Berlin shows 2:30 twice, at 0:30 and 1:30 UTC.
        let zone = "Europe/Berlin";
        let (before, night) = (Some("20261024T023000"), "20261025T023000");
        check(zone, before, "2026-10-25T00:30:00Z", Some(night));
        check(zone, Some(night), "2026-10-25T01:30:00Z", None);
        check(zone, before, "2026-10-25T01:30:00Z", Some(night));
    }
}
