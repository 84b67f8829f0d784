//! Numbers as people read them.

use jiff::Timestamp;

const KIB: u64 = 1024;

/// `300017` as `300,017`.
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

/// `1536` as `1.5 KiB`.
pub fn bytes(number: u64) -> String {
    if number < KIB {
        return format!("{number} B");
    }
    let mut unit = KIB;
    for name in ["KiB", "MiB", "GiB", "TiB"] {
        if number < unit * KIB || name == "TiB" {
            let tenths = number.saturating_mul(10) / unit;
            return format!("{}.{} {name}", count(tenths / 10), tenths % 10);
        }
        unit *= KIB;
    }
    format!("{number} B")
}

/// `83`, `1240`, `754000` as `83 ms`, `1.2 s`, `12 min 34 s`.
pub fn milliseconds(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} ms"),
        1_000..120_000 => format!("{}.{} s", number / 1_000, number % 1_000 / 100),
        120_000..7_200_000 => format!("{} min {} s", number / 60_000, number % 60_000 / 1_000),
        _ => format!(
            "{} h {} min",
            number / 3_600_000,
            number % 3_600_000 / 60_000
        ),
    }
}

/// How long `then` lies before `now`: `58 min ago`, or `in 5 min` of a clock ahead.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - then.as_second();
    let magnitude = seconds.unsigned_abs();
    let text = match magnitude {
        0..120 => format!("{magnitude} s"),
        120..7_200 => format!("{} min", magnitude / 60),
        7_200..172_800 => format!("{} h", magnitude / 3_600),
        _ => format!("{} d", magnitude / 86_400),
    };
    if seconds < 0 {
        format!("in {text}")
    } else {
        format!("{text} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn bytes_take_the_largest_unit_that_leaves_a_whole() {
        for (number, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (5 << 30, "5.0 GiB"),
            (3 << 50, "3,072.0 TiB"),
        ] {
            assert_eq!(bytes(number), expected);
        }
    }

    #[test]
    fn durations_are_as_coarse_as_they_are_long() {
        for (number, expected) in [
            (83, "83 ms"),
            (1_240, "1.2 s"),
            (119_999, "119.9 s"),
            (754_000, "12 min 34 s"),
            (9_000_000, "2 h 30 min"),
        ] {
            assert_eq!(milliseconds(number), expected);
        }
    }

    #[test]
    fn ages_say_when_a_clock_is_ahead() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        for (then, now, expected) in [
            (100, 103, "3 s ago"),
            (0, 3_480, "58 min ago"),
            (0, 90_000, "25 h ago"),
            (0, 400_000, "4 d ago"),
            (300, 0, "in 5 min"),
        ] {
            assert_eq!(ago(at(then), at(now)), expected);
        }
    }
}
