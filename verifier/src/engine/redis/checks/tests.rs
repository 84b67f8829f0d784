//! Every check, with every outcome it can have.

mod others;
mod vouched;

use std::collections::{BTreeMap, BTreeSet};

use catalog::{
    format::{
        Checksum, ChecksumRule, Detail, Inspection, InspectionFinding,
        redis::{Bounds, Change, Database, Family, RedisCanary},
    },
    ledger::{ArtifactRecord, Baseline, Outcome, fixtures},
    manifest::Manifest,
};
use jiff::Timestamp;
use settings::Percent;

use super::*;
use crate::engine::{
    Observation, Observed, Whole,
    common_checks::{CanarySeen, time_of},
    redis::observations,
};

mod world;
use world::{TAKEN_AT, World, at, manifest};

/// One answer: its outcome, and the reason it gives unless it is harmless.
fn check(name: &str, outcome: Outcome, spoils: Option<Reason>, change: impl FnOnce(&mut World)) {
    let judged = World::with(change).answer(name);
    assert_eq!(
        (judged.finding.outcome, judged.spoils),
        (outcome, spoils),
        "{judged:?}"
    );
}

use Outcome::{Failed, NotApplicable, NotRun, Passed, Warning};

#[test]
fn the_answers_are_those_of_the_formats_table_and_a_good_snapshot_spoils_nothing() {
    let judged = World::new().judge();
    let names: BTreeSet<_> = judged
        .iter()
        .map(|judged| judged.finding.check.as_str())
        .collect();
    assert_eq!(names.len(), judged.len(), "each is asked once");
    let format = catalog::format::Format::checks(&catalog::format::redis::Redis);
    let table: BTreeSet<_> = format.iter().map(|check| check.name).collect();
    assert_eq!(names, table);
    assert!(
        judged.iter().all(|judged| judged.spoils.is_none()),
        "{judged:?}"
    );
}

/// The answers about two artifacts together, of which `expect` is expected.
fn together(one: &World, other: &World, check: &str) -> CheckResult {
    let judged = every(one, other).into_iter();
    let mut found = judged.filter(|it| it.finding.check == check);
    found.next().expect("it is asked")
}

fn every(one: &World, other: &World) -> Vec<CheckResult> {
    let evidence = [one.evidence(), other.evidence()];
    let cases = [one.case(&evidence[0]), other.case(&evidence[1])];
    of_snapshot(&one.whole(&evidence), &cases, &one.expect)
}

#[test]
fn what_is_expected_of_the_source_is_judged_on_the_sums_over_its_artifacts() {
    const BAD: Option<Reason> = Some(Reason::Expectation);
    let shard = World::new(); // 100 keys in database 0 and 1 in database 3
    let check = |name, spoils: Option<Reason>, change: &dyn Fn(&mut World)| {
        let judged = together(&World::with(change), &shard, name);
        assert_eq!(judged.spoils, spoils, "{judged:?}");
    };
    let keys = |min| move |world: &mut World| world.expect.keys.min = Some(min);
    check("redis.keys", None, &keys(202));
    check("redis.keys", BAD, &keys(203));
    let three = |min| {
        move |world: &mut World| {
            let bounds = Bounds {
                min: Some(min),
                max: None,
            };
            world.expect.databases.insert(3, bounds);
        }
    };
    check("redis.databases", None, &three(2));
    check("redis.databases", BAD, &three(3));
    let before = |keys| {
        move |world: &mut World| {
            world.expect.change.max_drop = Some(Percent::new(50));
            world.previous = Some(fixtures::baseline("keys", keys));
        }
    };
    check("redis.change", None, &before(404));
    check("redis.change", BAD, &before(406));
}

#[test]
fn a_server_that_counts_beyond_all_numbers_accuses_nobody() {
    check("redis.identity", NotRun, Some(Reason::Internal), |world| {
        world.seen.loaded = Some(u64::MAX);
    });
}

#[test]
fn an_empty_artifact_among_others_is_told() {
    let shard = World::new();
    let warnings = |min| {
        let empty = World::with(|world| {
            world.census.databases.clear();
            world.artifact.key = "shard-7.rdb".into();
            world.artifact.sha256 = Some("cd".repeat(32));
            world.expect.keys.min = min;
        });
        let judged = every(&empty, &shard);
        assert!(judged.iter().all(|it| it.spoils.is_none()), "{judged:?}");
        let told = judged.into_iter().filter(|it| {
            let named = it.finding.message.contains("shard-7.rdb");
            named && it.finding.outcome == Warning
        });
        told.count()
    };
    assert_eq!(warnings(None), 1);
    assert_eq!(warnings(Some(1)), 1);
    assert_eq!(warnings(Some(0)), 0);
}

#[test]
fn one_file_uploaded_twice_does_not_stand_for_two() {
    let named = |name: &str, sha256: &str| {
        World::with(|world| {
            world.artifact.key = name.into();
            world.artifact.sha256 = Some(sha256.into());
        })
    };
    let judged = |one: &World, other: &World| together(one, other, "redis.distinct");
    let (one, twin, other) = (named("a", "1"), named("b", "1"), named("c", "2"));
    let found = judged(&one, &twin);
    assert_eq!(found.spoils, Some(Reason::Replaced));
    assert!(found.finding.message.starts_with("a and b "), "{found:?}");
    assert_eq!(judged(&one, &other).finding.outcome, Passed);
    let mut nothing = [named("a", "1"), named("b", "1")];
    for world in &mut nothing {
        world.census.databases.clear();
    }
    let judged = together(&nothing[0], &nothing[1], "redis.distinct");
    assert_eq!(judged.finding.outcome, Passed, "no key is lost");
}

#[test]
fn a_canary_lives_in_one_shard_only() {
    let asked = |seen| {
        World::with(|world| {
            world.expect.canary = Some(RedisCanary {
                key: "beat".into(),
                database: 0,
                max_age: Some("2h".parse().expect("a duration")),
            });
            world.seen.canary = seen;
            world.seen.live_keys = Some(world.census.keys());
        })
    };
    let (young, old) = (CanarySeen::At(at(-60)), CanarySeen::At(at(-9000)));
    let check = |one, other, outcome| {
        for (one, other) in [(one, other), (other, one)] {
            let judged = together(&asked(one), &asked(other), "redis.canary");
            assert_eq!(judged.finding.outcome, outcome, "{one:?} {other:?}");
        }
    };
    let nothing = Some(CanarySeen::NoTime);
    check(Some(young), nothing, Passed);
    check(Some(young), Some(old), Passed);
    check(Some(old), nothing, Failed);
    check(nothing, nothing, Failed);
    check(None, None, NotRun);
}

#[test]
fn a_checksum_or_a_digest_must_vouch_for_the_bytes() {
    const CHECK: &str = "redis.checksum";
    for integrity in [Integrity::File, Integrity::Manifest, Integrity::Object] {
        check(CHECK, Passed, None, |world| {
            world.artifact.integrity = integrity;
        });
    }
    check(CHECK, Failed, Some(Reason::NoChecksum), |world| {
        world.artifact.integrity = Integrity::None;
    });
    check(CHECK, Warning, None, |world| {
        world.artifact.integrity = Integrity::None;
        world.expect.checksum = ChecksumRule::Optional;
    });
}

#[test]
fn what_is_odd_but_was_written_so_is_said_and_spoils_nothing() {
    const CHECK: &str = "redis.contents";
    let odd = |empty, repeating| {
        move |world: &mut World| {
            world.census.empty_keys = empty;
            world.census.repeating_keys = repeating;
            world.inspection.warnings.push(InspectionFinding {
                offset: 90,
                message: "a collection has a field or member twice".into(),
            });
        }
    };
    check(CHECK, Passed, None, |_| ());
    check(CHECK, Warning, None, odd(1, 0));
    check(CHECK, Warning, None, odd(0, 1));
    let finding = World::with(odd(2, 1)).answer(CHECK).finding;
    assert_eq!(
        finding.observed.as_deref(),
        Some("2 empty, 1 with repetitions")
    );
    assert!(finding.message.contains("at byte 90: "), "{finding:?}");
    let begins = |empty, repeating, expected: &str| {
        let message = World::with(odd(empty, repeating))
            .answer(CHECK)
            .finding
            .message;
        assert!(message.starts_with(expected), "{message}");
    };
    begins(1, 0, "1 key holds a collection of nothing; ");
    begins(0, 2, "2 keys hold a field or member twice; ");
    let both = "2 keys hold a collection of nothing, and 1 key holds a field or member twice; ";
    begins(2, 1, both);
    // Empty keys that the load skipped are accounted for.
    check("redis.identity", Passed, None, |world| {
        odd(1, 0)(world);
        world.seen.loaded = Some(100);
        world.seen.expired = Some(0);
        world.seen.skipped = Some(1);
    });
    check("redis.identity", Passed, None, |world| {
        odd(1, 0)(world);
        world.seen.loaded = None;
        world.seen.live_keys = Some(world.census.keys() - world.census.expiring_keys() - 1);
    });
}

#[test]
fn loaded_expired_and_dropped_keys_are_those_of_the_file() {
    const CHECK: &str = "redis.identity";
    const BAD: Option<Reason> = Some(Reason::Identity);
    const UNKNOWN: Option<Reason> = Some(Reason::Internal);
    let counts = |loaded, expired, skipped| {
        move |world: &mut World| {
            world.seen.loaded = loaded;
            world.seen.expired = expired;
            world.seen.skipped = skipped;
        }
    };
    check(CHECK, Passed, None, counts(Some(101), Some(0), Some(0)));
    check(CHECK, Passed, None, counts(Some(101), None, None));
    check(CHECK, Passed, None, counts(Some(0), Some(101), Some(0)));
    check(CHECK, Failed, BAD, counts(Some(100), Some(0), Some(0)));
    check(CHECK, Failed, BAD, counts(Some(0), Some(0), Some(0)));
    check(CHECK, Failed, BAD, counts(Some(102), Some(0), None));
    check(CHECK, NotRun, UNKNOWN, counts(Some(100), Some(0), None));
}

#[test]
fn a_server_that_counts_nothing_is_judged_by_what_lives_in_it() {
    const CHECK: &str = "redis.identity";
    let live = |live_keys| {
        move |world: &mut World| {
            world.seen.loaded = None;
            world.seen.live_keys = live_keys;
        }
    };
    check(CHECK, Passed, None, live(Some(101)));
    check(CHECK, Passed, None, live(Some(91)));
    check(CHECK, Failed, Some(Reason::Identity), live(Some(90)));
    check(CHECK, Failed, Some(Reason::Identity), live(Some(102)));
    check(CHECK, NotRun, Some(Reason::Internal), live(None));
}

#[test]
fn what_the_writer_announced_is_a_warning_where_something_else_vouches_for_the_bytes() {
    const CHECK: &str = "redis.announced";
    let announce = |announced, version| {
        move |world: &mut World| {
            world.census.version = Some(version);
            let database = world.census.databases.get_mut(&3).expect("it is there");
            database.announced = announced;
        }
    };
    check(CHECK, Passed, None, announce(Some((1, 0)), 9));
    check(CHECK, Warning, None, announce(Some((2, 0)), 9));
    check(
        CHECK,
        NotRun,
        Some(Reason::NoChecksum),
        |world: &mut World| {
            announce(Some((2, 0)), 9)(world);
            world.artifact.integrity = Integrity::None;
        },
    );
    check(CHECK, NotApplicable, None, announce(Some((2, 0)), 8));
    check(CHECK, NotApplicable, None, announce(None, 10));
}

#[test]
fn keys_in_the_file_are_bounded_and_none_at_all_is_wrong_unless_it_is_written() {
    const CHECK: &str = "redis.keys";
    const BAD: Option<Reason> = Some(Reason::Expectation);
    let bounds = |min, max| move |world: &mut World| world.expect.keys = Bounds { min, max };
    let empty = |min| {
        move |world: &mut World| {
            world.census.databases.clear();
            world.expect.keys.min = min;
        }
    };
    check(CHECK, NotApplicable, None, bounds(None, None));
    check(CHECK, Passed, None, bounds(Some(101), Some(101)));
    check(CHECK, Failed, BAD, bounds(Some(102), None));
    check(CHECK, Failed, BAD, bounds(None, Some(100)));
    check(CHECK, Failed, BAD, empty(None));
    check(CHECK, Failed, BAD, empty(Some(1)));
    check(CHECK, Passed, None, empty(Some(0)));
    check(CHECK, Passed, None, |world| {
        world.expect.keys.min = Some(101);
        world.seen.live_keys = Some(0);
    });
}

#[test]
fn single_databases_are_bounded_also_the_missing_ones() {
    const CHECK: &str = "redis.databases";
    let bounds = |number, min| {
        move |world: &mut World| {
            world.expect.databases.insert(
                0,
                Bounds {
                    min: Some(1),
                    max: None,
                },
            );
            world.expect.databases.insert(
                number,
                Bounds {
                    min: Some(min),
                    max: None,
                },
            );
        }
    };
    check(CHECK, NotApplicable, None, |_| ());
    check(CHECK, Passed, None, bounds(3, 1));
    check(CHECK, Failed, Some(Reason::Expectation), bounds(3, 2));
    check(CHECK, Failed, Some(Reason::Expectation), bounds(7, 1));
}

#[test]
fn a_drop_is_measured_against_the_verified_snapshot_before() {
    const CHECK: &str = "redis.change";
    let change = |max_drop: Option<u8>, before: Option<u64>| {
        move |world: &mut World| {
            world.expect.change = Change {
                max_drop: max_drop.map(Percent::new),
            };
            world.previous = before.map(|keys| fixtures::baseline("keys", keys));
        }
    };
    check(CHECK, NotApplicable, None, change(None, Some(1_000_000)));
    check(CHECK, NotApplicable, None, change(Some(50), None));
    check(CHECK, Passed, None, change(Some(50), Some(202)));
    check(CHECK, Passed, None, change(Some(0), Some(5)));
    check(
        CHECK,
        Failed,
        Some(Reason::Expectation),
        change(Some(50), Some(204)),
    );
    check(
        CHECK,
        Failed,
        Some(Reason::Expectation),
        change(Some(0), Some(102)),
    );
}
