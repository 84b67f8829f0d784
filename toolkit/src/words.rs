//! Numbers as people read them: the one spelling of sizes, lengths of time, ages and times.

use std::{fmt::Display, time::Duration};

use jiff::Timestamp;

/// A number grouped by thousands: `300,017`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with its noun, `one` for 1 and `many` for all others: `1 source`, `0 sources`.
pub fn counted<N: Copy + From<u8> + PartialEq + Display>(
    number: N,
    one: &str,
    many: &str,
) -> String {
    let what = if number == N::from(1) { one } else { many };
    format!("{number} {what}")
}

/// A size with a binary unit, cut to three digits (four from 1000): `1.25 GiB`, `48.0 MiB`,
/// `512 B`.
pub fn size(bytes: u64) -> String {
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

/// A length of time by its two largest units: `83 ms`, `1.2 s`, `12 min 34 s`, `3 d 4 h`.
pub fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |(whole, unit): (u64, &str), (part, smaller): (u64, &str)| match part {
        0 => format!("{whole} {unit}"),
        _ => format!("{whole} {unit} {part} {smaller}"),
    };
    match (seconds, duration.subsec_millis()) {
        (0, 1..) => format!("{} ms", duration.subsec_millis()),
        (0..60, 100..) => format!("{seconds}.{} s", duration.subsec_millis() / 100),
        (0..60, _) => format!("{seconds} s"),
        (60..3_600, _) => two((seconds / 60, "min"), (seconds % 60, "s")),
        (3_600..86_400, _) => two((seconds / 3_600, "h"), (seconds / 60 % 60, "min")),
        _ => two((seconds / 86_400, "d"), (seconds / 3_600 % 24, "h")),
    }
}

/// The distance of `then` from `now`, cut to whole seconds: `58 min ago`, or `in 5 min` of a time
/// to come.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    let length = length(Duration::from_secs(seconds.unsigned_abs()));
    if seconds < 0 {
        format!("in {length}")
    } else {
        format!("{length} ago")
    }
}

/// A time in UTC, cut to the minute: `2026-11-22 02:00 UTC`.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_counted_in_the_singular() {
        let check = |number: u64, expected| {
            assert_eq!(counted(number, "repository", "repositories"), expected);
        };
        check(0, "0 repositories");
        check(1, "1 repository");
        check(2, "2 repositories");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        let check = |number, expected| assert_eq!(count(number), expected);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(1_234_567, "1,234,567");
    }

    #[test]
    fn sizes_have_three_digits() {
        let check = |bytes, expected| assert_eq!(size(bytes), expected);
        check(0, "0 B");
        check(1023, "1023 B");
        check(1024, "1.00 KiB");
        check(1536, "1.50 KiB");
        check(1_048_575, "1023 KiB");
        check(50_331_648, "48.0 MiB");
        check(1_342_177_280, "1.25 GiB");
        check(u64::MAX, "15.9 EiB");
    }

    #[test]
    fn lengths_have_at_most_two_units() {
        let check = |milliseconds, expected| {
            assert_eq!(length(Duration::from_millis(milliseconds)), expected);
        };
        check(0, "0 s");
        check(83, "83 ms");
        check(999, "999 ms");
        check(1_000, "1 s");
        check(1_099, "1 s");
        check(1_240, "1.2 s");
        check(59_999, "59.9 s");
        check(60_000, "1 min");
        check(754_900, "12 min 34 s");
        check(3_599_999, "59 min 59 s");
        check(3_600_000, "1 h");
        check(7_500_000, "2 h 5 min");
        check(86_399_000, "23 h 59 min");
        check(86_400_000, "1 d");
        check(90_061_000, "1 d 1 h");
        check(8_640_000_000, "100 d");
    }

    #[test]
    fn ages_say_what_is_still_to_come() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let check = |then, now, expected| assert_eq!(ago(at(then), at(now)), expected);
        check(100, 103, "3 s ago");
        check(0, 3_480, "58 min ago");
        check(0, 90_000, "1 d 1 h ago");
        check(300, 0, "in 5 min");
        let (then, now) = (Timestamp::constant(0, 900_000_000), at(3));
        assert_eq!(ago(then, now), "3 s ago");
    }
}
