//! Manifest, functions, canary, and what is only said.

use super::*;

#[test]
fn the_object_must_be_the_one_its_manifest_describes() {
    const CHECK: &str = "redis.manifest";
    const UNLIKE: Option<Reason> = Some(Reason::Inconsistent);
    check(CHECK, NotApplicable, None, |_| ());
    check(CHECK, Passed, None, |world| {
        world.manifest = Some(manifest(None));
    });
    check(CHECK, Passed, None, |world| {
        world.manifest = Some(manifest(Some(101)));
    });
    check(CHECK, Failed, UNLIKE, |world| {
        world.manifest = Some(Manifest {
            size_bytes: Some(999),
            ..manifest(None)
        });
    });
    check(CHECK, Failed, UNLIKE, |world| {
        world.manifest = Some(Manifest {
            sha256: Some("cd".repeat(32)),
            ..manifest(None)
        });
    });
    check(CHECK, Warning, None, |world| {
        world.manifest = Some(manifest(Some(1000)));
    });
    let dropped = |max_drop, said| {
        move |world: &mut World| {
            world.manifest = Some(manifest(Some(said)));
            world.expect.change.max_drop = Some(Percent::new(max_drop));
        }
    };
    check(CHECK, Warning, None, dropped(50, 202));
    check(CHECK, Failed, Some(Reason::Expectation), dropped(50, 204));
}

#[test]
fn every_function_library_is_loaded() {
    const CHECK: &str = "redis.functions";
    let functions = |counted, loaded| {
        move |world: &mut World| {
            world.census.functions = counted;
            world.seen.functions = loaded;
        }
    };
    check(CHECK, Passed, None, functions(2, Some(2)));
    check(CHECK, Passed, None, functions(0, Some(0)));
    check(CHECK, Failed, Some(Reason::Identity), functions(2, Some(1)));
    check(CHECK, NotRun, Some(Reason::Internal), functions(2, None));
    check(CHECK, NotApplicable, None, functions(0, None));
}

#[test]
fn keys_evicted_by_our_own_sandbox_are_never_the_snapshots_fault() {
    const CHECK: &str = "redis.evictions";
    check(CHECK, Passed, None, |_| ());
    check(CHECK, Failed, Some(Reason::Internal), |world| {
        world.seen.evicted = Some(1);
    });
    check(CHECK, NotRun, None, |world| world.seen.evicted = None);
}

#[test]
fn the_canary_is_as_old_as_the_snapshot_not_as_the_verification() {
    const CHECK: &str = "redis.canary";
    const BAD: Option<Reason> = Some(Reason::Expectation);
    let canary = |max_age: Option<&'static str>, seen| {
        move |world: &mut World| {
            let max_age = max_age.map(|text| text.parse().expect("a duration"));
            world.expect.canary = Some(RedisCanary {
                key: "beat".into(),
                database: 0,
                max_age,
            });
            world.seen.canary = seen;
        }
    };
    check(CHECK, NotApplicable, None, |_| ());
    check(
        CHECK,
        Passed,
        None,
        canary(Some("2h"), Some(CanarySeen::At(at(-7200)))),
    );
    check(
        CHECK,
        Passed,
        None,
        canary(Some("2h"), Some(CanarySeen::At(at(30)))),
    );
    check(
        CHECK,
        Passed,
        None,
        canary(None, Some(CanarySeen::At(at(-1_000_000)))),
    );
    check(
        CHECK,
        Failed,
        BAD,
        canary(Some("2h"), Some(CanarySeen::At(at(-7201)))),
    );
    // Some keys expired or were dropped at load: the canary may have been one of them.
    check(
        CHECK,
        NotRun,
        Some(Reason::Internal),
        canary(Some("2h"), Some(CanarySeen::NoTime)),
    );
    check(CHECK, Failed, BAD, |world: &mut World| {
        canary(Some("2h"), Some(CanarySeen::NoTime))(world);
        world.seen.live_keys = Some(world.census.keys());
    });
    check(
        CHECK,
        NotRun,
        Some(Reason::Internal),
        canary(Some("2h"), None),
    );
}

#[test]
fn time_memory_server_and_clock_are_said_and_spoil_nothing() {
    let recovery = |took, max| move |world: &mut World| world.recovery = (took, max);
    check(
        "redis.recovery_time",
        NotApplicable,
        None,
        recovery(Some(1), None),
    );
    check(
        "redis.recovery_time",
        Passed,
        None,
        recovery(Some(900), Some(900)),
    );
    check(
        "redis.recovery_time",
        Warning,
        None,
        recovery(Some(901), Some(900)),
    );
    check(
        "redis.recovery_time",
        NotRun,
        None,
        recovery(None, Some(900)),
    );
    check("redis.memory", Passed, None, |_| ());
    check("redis.memory", NotRun, None, |world| {
        world.seen.used_memory = None;
    });
    check("redis.server", Passed, None, |_| ());
    check("redis.server", NotRun, None, |world| {
        world.seen.server = None;
    });
    check("redis.server", Warning, None, |world| {
        world.seen.without = Some("it was restored without".into());
    });
    check("redis.clock", Passed, None, |_| ());
    check("redis.clock", Warning, None, |world| {
        world.seen.time = Some(at(-3600));
    });
    check("redis.clock", NotRun, None, |world| world.seen.time = None);
}

#[test]
fn a_canary_may_hold_seconds_milliseconds_or_rfc_3339() {
    let check = |text, expected: Option<i64>| {
        assert_eq!(time_of(text).map(Timestamp::as_second), expected, "{text}");
    };
    check("1700000000", Some(TAKEN_AT));
    check("1700000000123\n", Some(TAKEN_AT));
    check("2023-11-14T22:13:20Z", Some(TAKEN_AT));
    check("2023-11-14T23:13:20.5+01:00", Some(TAKEN_AT));
    for nothing in ["", "yesterday", "-5", "2023-11-14", "99999999999999999999"] {
        check(nothing, None);
    }
}

#[test]
fn what_is_observed_is_found_again_by_name() {
    let see = |name: &str, value| Observation {
        name: name.into(),
        value,
    };
    let observations = [
        see(observations::LOADED, Observed::Count(5)),
        see(observations::SKIPPED, Observed::Count(0)),
        see(observations::SERVER, Observed::Word("Redis 7.0.15".into())),
        see(observations::TIME, Observed::Time(at(1))),
        see(observations::CANARY, Observed::Missing),
        see("of another version", Observed::Count(1)),
    ];
    let expected = RedisObservations {
        loaded: Some(5),
        skipped: Some(0),
        server: Some("Redis 7.0.15".into()),
        time: Some(at(1)),
        canary: Some(CanarySeen::NoTime),
        ..RedisObservations::default()
    };
    assert_eq!(RedisObservations::of(&observations), expected);
}
