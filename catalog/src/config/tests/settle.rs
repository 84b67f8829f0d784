//! How long a file may still be growing, as written and by default.

use jiff::SignedDuration;
use settings::Duration;

use super::{HEAD, loaded, problems, source};

#[track_caller]
fn check(lines: &str, expected: Duration) {
    let config = loaded(&source(lines)).config;
    let cache = &config.sources[0];
    assert_eq!(cache.settle, expected, "{lines}");
    let settle = cache.completeness.settle;
    assert_eq!(settle, SignedDuration::from(expected), "{lines}");
    assert_eq!(config.lateness_of(cache), expected, "{lines}");
}

#[test]
fn settle_is_ten_minutes_and_at_most_a_tenth_of_the_gap() {
    check("", Duration::from_mins(10));
    check("    schedule: \"@daily\"\n", Duration::from_mins(10));
    check("    schedule: \"0 * * * *\"\n", Duration::from_mins(6));
    check("    schedule: \"@every 5m\"\n", Duration::from_secs(30));
    check("    settle: 0s\n", Duration::ZERO);
    check("    settle: 1h\n", Duration::from_hours(1));
    let hourly = "    schedule: \"0 * * * *\"\n";
    check(&format!("{hourly}    settle: 6m\n"), Duration::from_mins(6));
    check(&format!("{hourly}    settle: 7m\n"), Duration::from_mins(6));
    let warned = problems(&source(&format!("{hourly}    settle: 7m\n")));
    let expected = "10:13 sources[0].settle: settle 7m is more than a tenth of the 1h between two \
                    runs: 6m counts | Write settle: 6m, or less.";
    assert_eq!(warned, [expected]);
    assert!(
        problems(&source(hourly)).is_empty(),
        "a default is no mistake"
    );
}

#[test]
fn the_defaults_of_an_engine_may_say_it() {
    let text = source("") + "defaults: { redis: { settle: 0s } }\n";
    assert_eq!(loaded(&text).config.sources[0].settle, Duration::ZERO);
}

#[test]
fn in_a_bucket_and_with_a_manifest_nothing_is_waited_for() {
    let bucket = |text: &str| text.replace("directory: /backups", "s3: { bucket: b }");
    let text = bucket(&source("    settle: 5m\n"));
    let config = loaded(&text).config;
    assert_eq!(config.lateness_of(&config.sources[0]), Duration::ZERO);
    let warned = problems(&text);
    let [warned] = warned.as_slice() else {
        panic!("{warned:?}")
    };
    assert!(warned.contains("settle has no effect"), "{warned}");
    // A default of an engine holds wherever its snapshots lie, and is no mistake.
    let text = bucket(&source("")) + "defaults: { redis: { settle: 0s } }\n";
    assert_eq!(problems(&text), Vec::<String>::new());
    let witnessed = loaded(&source("    manifest: required\n")).config;
    assert_eq!(witnessed.lateness_of(&witnessed.sources[0]), Duration::ZERO);
    assert!(HEAD.contains("directory: /backups"));
}
