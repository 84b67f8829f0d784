//! Numbers as people read them.

use std::time::Duration;

use jiff::Timestamp;

/// The two largest units: `3 d 4 h`, `2 h 5 min`, `45 s`.
pub(super) fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (_, 0, _) => format!("{days} d"),
        _ => format!("{days} d {hours} h"),
    }
}

/// How long ago; what is not past yet is `now`.
pub(super) fn since(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}

/// `2 h 5 min ago`, `in 10 min`.
pub(super) fn relative(at: Timestamp, now: Timestamp) -> String {
    if at > now {
        format!("in {}", length(since(now, at)))
    } else {
        format!("{} ago", length(since(at, now)))
    }
}

/// `2026-11-22 02:00 UTC`.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Three digits and a binary unit: `1.25 GiB`, `48.0 MiB`, `512 B`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Whole steps of 1024, and the remainder in hundredths: no floats, so no 1024.00 KiB.
    let exponent = bytes.ilog2() / 10;
    let unit = 1_u128 << (10 * exponent);
    let hundredths = u128::from(bytes) * 100 / unit;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    let name = UNITS[exponent as usize - 1];
    match whole {
        0..10 => format!("{whole}.{part:02} {name}"),
        10..100 => format!("{whole}.{} {name}", part / 10),
        _ => format!("{whole} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_at_most_two_units() {
        let check = |seconds, expected| {
            assert_eq!(length(Duration::from_secs(seconds)), expected);
        };
        check(0, "0 s");
        check(59, "59 s");
        check(60, "1 min");
        check(3_599, "59 min");
        check(3_600, "1 h");
        check(7_500, "2 h 5 min");
        check(86_399, "23 h 59 min");
        check(86_400, "1 d");
        check(90_061, "1 d 1 h");
        check(100 * 86_400, "100 d");
    }

    #[test]
    fn sizes_have_three_digits() {
        let check = |bytes, expected| assert_eq!(size(bytes), expected);
        check(0, "0 B");
        check(1023, "1023 B");
        check(1024, "1.00 KiB");
        check(1_048_575, "1023 KiB");
        check(50_331_648, "48.0 MiB");
        check(1_342_177_280, "1.25 GiB");
        check(u64::MAX, "15.9 EiB");
    }

    #[test]
    fn the_future_is_said_as_such() {
        let now = Timestamp::constant(10_000, 0);
        assert_eq!(relative(Timestamp::constant(9_000, 0), now), "16 min ago");
        assert_eq!(relative(Timestamp::constant(10_600, 0), now), "in 10 min");
        assert_eq!(since(Timestamp::constant(10_600, 0), now), Duration::ZERO);
    }
}
