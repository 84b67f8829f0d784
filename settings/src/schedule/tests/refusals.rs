//! What is accepted as Kubernetes accepts it, and what every refusal says.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::Schedule;

#[test]
fn what_kubernetes_accepts_is_accepted() {
    for text in [
        "* * * * ?",
        "  0 2   * * *  ",
        "0 2 * JAN-mar Mon,WED",
        "5/15 * * * *",
        "1,,2 * * * *",
        "*-5 * * * *",
        "00 02 * * *",
        "0 0 31 1,2 *",
        "0 0 30 2 1",
        "@every 1h",
        "@midnight",
        "@annually",
        "@every 1s",
    ] {
        assert!(
            Schedule::parse(text, &TimeZone::UTC).is_ok(),
            "{text:?} is refused"
        );
    }
}

/// What is said of each of these lines.
fn refusals(lines: &str) -> String {
    lines.split('|').fold(String::new(), |mut said, text| {
        let error = Schedule::parse(text, &TimeZone::UTC).unwrap_err();
        writeln!(said, "{error}").unwrap();
        said
    })
}

#[test]
fn a_wrong_field_is_named_with_the_reason() {
    let said = refusals(
        "61 * * * *|* 24 * * *|* * 0 * *|* * 32 * *|* * * 13 *|* * * * 7|* * * * 8|* * * * FRY|\
         * * * JAN-XYZ *|x * * * *|5-1 * * * *|*/0 * * * *|1-2-3 * * * *|1/2/3 * * * *|\
         , * * * *|-5 * * * *|+5 * * * *|*/ * * * *|* * L * *|* * 15W * *|* * * * 5#2|\
         * * * * 5L|99999999999 * * * *",
    );
    insta::assert_snapshot!(said, @r#"
        "61 * * * *" is not a cron expression: minute 61 is over 59
        "* 24 * * *" is not a cron expression: hour 24 is over 23
        "* * 0 * *" is not a cron expression: day of month 0 is under 1
        "* * 32 * *" is not a cron expression: day of month 32 is over 31
        "* * * 13 *" is not a cron expression: month 13 is over 12
        "* * * * 7" is not a cron expression: day of week 7 is over 6
        hint: Kubernetes counts Sunday as 0; write 0 or SUN.
        "* * * * 8" is not a cron expression: day of week 8 is over 6
        "* * * * FRY" is not a cron expression: day of week "FRY" is not a number
        "* * * JAN-XYZ *" is not a cron expression: month "XYZ" is not a number
        "x * * * *" is not a cron expression: minute "x" is not a number
        "5-1 * * * *" is not a cron expression: minute range 5-1 runs backwards
        "*/0 * * * *" is not a cron expression: minute has a step of 0
        "1-2-3 * * * *" is not a cron expression: minute "1-2-3" is not a range
        hint: Write for example 5, 1-5, */15 or 9-17/2, separated by commas.
        "1/2/3 * * * *" is not a cron expression: minute "1/2/3" is not a range
        hint: Write for example 5, 1-5, */15 or 9-17/2, separated by commas.
        ", * * * *" is not a cron expression: minute is empty
        "-5 * * * *" is not a cron expression: minute "" is not a number
        "+5 * * * *" is not a cron expression: minute "+5" is not a number
        "*/ * * * *" is not a cron expression: minute "" is not a number
        "* * L * *" is not a cron expression: day of month "L" uses L, W or #
        hint: Kubernetes does not know them; write plain numbers, names, ranges and steps.
        "* * 15W * *" is not a cron expression: day of month "15W" uses L, W or #
        hint: Kubernetes does not know them; write plain numbers, names, ranges and steps.
        "* * * * 5#2" is not a cron expression: day of week "5#2" uses L, W or #
        hint: Kubernetes does not know them; write plain numbers, names, ranges and steps.
        "* * * * 5L" is not a cron expression: day of week "5L" uses L, W or #
        hint: Kubernetes does not know them; write plain numbers, names, ranges and steps.
        "99999999999 * * * *" is not a cron expression: minute "99999999999" is not a number
        "#);
}

#[test]
fn a_wrong_number_of_fields_says_what_is_expected() {
    let said = refusals("|   |TZ=UTC|* * * *|0 0 2 * * *|* * * * * * *|2am");
    insta::assert_snapshot!(said, @r#"
        a schedule is empty
        hint: Write five fields such as "0 2 * * *", or @daily.
        a schedule is empty
        hint: Write five fields such as "0 2 * * *", or @daily.
        a schedule is empty
        hint: Write five fields such as "0 2 * * *", or @daily.
        "* * * *" is not a cron expression: 5 fields expected, 4 found
        hint: Write minute, hour, day of month, month and day of week, for example "0 2 * * *".
        "0 0 2 * * *" is not a cron expression: 5 fields expected, 6 found
        hint: Kubernetes has no field for seconds; leave the first one out.
        "* * * * * * *" is not a cron expression: 5 fields expected, 7 found
        hint: Write minute, hour, day of month, month and day of week, for example "0 2 * * *".
        "2am" is not a cron expression: 5 fields expected, 1 found
        hint: Write minute, hour, day of month, month and day of week, for example "0 2 * * *".
        "#);
}

#[test]
fn a_wrong_descriptor_zone_or_date_says_what_would_do() {
    let said = refusals(
        "0 0 30 2 *|0 0 31 4,6 *|@reboot|@every|@every 1d|@every -1h|@every 500ms|\
         @every 9000h|@every 1h 30m|TZ=Mars/Olympus 0 2 * * *|CRON_TZ=Europe/Berlin",
    );
    insta::assert_snapshot!(said, @r#"
        "0 0 30 2 *" never comes: no month in it has such a day
        "0 0 31 4,6 *" never comes: no month in it has such a day
        "@reboot" is not a known descriptor
        hint: Write @hourly, @daily, @weekly, @monthly, @yearly or @every 1h30m.
        "@every" is not an interval
        hint: Write for example @every 1h30m; the units are h, m, s and ms, a day is 24h.
        "@every 1d" is not an interval
        hint: Write for example @every 1h30m; the units are h, m, s and ms, a day is 24h.
        "@every -1h" is not an interval
        hint: Write for example @every 1h30m; the units are h, m, s and ms, a day is 24h.
        "@every 500ms" is not between one second and one year
        "@every 9000h" is not between one second and one year
        "@every 1h 30m" is not an interval
        hint: Write for example @every 1h30m; the units are h, m, s and ms, a day is 24h.
        "Mars/Olympus" is not a time zone
        hint: Write a name of the IANA database such as UTC or Europe/Berlin.
        a schedule is empty
        hint: Write five fields such as "0 2 * * *", or @daily.
        "#);
}
