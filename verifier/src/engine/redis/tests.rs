//! Which image is picked, and what is known before a server runs.

use std::sync::Arc;

use catalog::{
    format::{Checksum, Detail, InspectionState, redis::Database},
    ledger::fixtures,
};

use super::*;

fn images(names: &[&str]) -> Vec<ImageFacts> {
    let image = |name: &&str| ImageFacts {
        image: (*name).into(),
        id: None,
        present: true,
        version_texts: Vec::new(),
    };
    names.iter().map(image).collect()
}

fn head(magic: &str, version: u32) -> SnapshotFacts {
    SnapshotFacts {
        family: Some(magic.into()),
        version: Some(version),
        ..SnapshotFacts::default()
    }
}

fn prepare(head: &SnapshotFacts, names: &[&str], size_bytes: u64) -> Result<SandboxSpec, Stopped> {
    let request = Request {
        purpose: crate::engine::Purpose::Proof,
        head,
        size_bytes,
        way: Fed::File,
        images: &images(names),
        memory_bytes_max: 4 << 30,
        disk_bytes_max: 50 << 30,
        deadline: Timestamp::UNIX_EPOCH,
    };
    let settings = Settings {
        expect: Arc::new(RedisExpect::default()),
        own: Arc::new(()),
        modules: Vec::new(),
    };
    Redis.prepare(&request, &settings)
}

#[test]
fn the_first_image_that_may_accuse_the_file_is_picked_else_the_first_that_reads_it() {
    let check = |magic, version, names: &[&str], expected| {
        let spec = prepare(&head(magic, version), names, 1000).expect("one of them reads it");
        assert_eq!(spec.image.image, expected);
    };
    let all = ["redis:7.0", "redis:8.0", "valkey/valkey:9.1"];
    check("REDIS", 10, &all, "redis:7.0");
    check("REDIS", 12, &all, "redis:8.0");
    check("VALKEY", 80, &all, "valkey/valkey:9.1");
    check("REDIS", 9, &["valkey/valkey:9.1", "redis:7.0"], "redis:7.0");
    check("REDIS", 9, &["valkey/valkey:9.1"], "valkey/valkey:9.1");
    let unknown = ["valkey/valkey:9.1", "redis:latest", "redis:7.4"];
    check("REDIS", 12, &unknown, "redis:7.4");
    check("REDIS", 12, &unknown[..2], "redis:latest");
    check("REDIS", 16, &["redis:8.10", "redis:9.0"], "redis:9.0");
}

#[test]
fn an_image_of_the_writers_product_and_as_new_is_preferred_and_never_required() {
    let check = |version, writer: Option<&str>, wrote: Option<&str>, names: &[&str], expected| {
        let head = SnapshotFacts {
            writer: writer.map(str::to_owned),
            engine_version: wrote.map(str::to_owned),
            ..head("REDIS", version)
        };
        let spec = prepare(&head, names, 1000).expect("one of them reads it");
        assert_eq!(spec.image.image, expected, "{writer:?} {wrote:?} {names:?}");
    };
    let (redis, valkey) = (Some("redis"), Some("valkey"));
    let both = ["redis:7.0", "redis:8.0", "valkey/valkey:9.1", "redis:7.2"];
    check(11, valkey, None, &both, "valkey/valkey:9.1");
    check(11, redis, None, &both, "redis:8.0");
    check(11, None, None, &both, "redis:8.0");
    let valkey_first = ["valkey/valkey:9.1", "redis:7.2"];
    check(11, redis, Some("7.2.4"), &valkey_first, "redis:7.2");
    check(11, None, None, &valkey_first, "redis:7.2");
    check(11, valkey, Some("8.1.1"), &["redis:8.0"], "redis:8.0");
    check(12, valkey, None, &both, "redis:8.0");
    let redises = ["redis:8.0", "redis:8.2", "redis:8.4"];
    check(12, redis, Some("8.2.3"), &redises, "redis:8.2");
    check(12, redis, Some("8.6.0"), &redises, "redis:8.0");
    check(99, redis, Some("8.4.0"), &redises, "redis:8.4");
    check(10, redis, Some("6.9.240"), &both, "redis:7.0");
    let valkeys = ["valkey/valkey:8.0", "valkey/valkey:9.1", "redis:7.2"];
    check(11, valkey, Some("8.1.1"), &valkeys, "valkey/valkey:9.1");
    check(
        11,
        valkey,
        Some("8.1.1"),
        &valkeys[..1],
        "valkey/valkey:8.0",
    );
}

#[test]
fn without_an_image_the_reason_names_one_that_would_do() {
    let check = |head: &SnapshotFacts, names: &[&str], reason, hint: &str| {
        let stopped = prepare(head, names, 1000).expect_err("none of them reads it");
        assert_eq!(stopped.reason, reason);
        assert!(stopped.message.contains(hint), "{}", stopped.message);
    };
    let of = |magic, version, hint: &str, names: &[&str]| {
        check(&head(magic, version), names, Reason::NoImage, hint);
    };
    of("REDIS", 12, "Put redis:8.4 or newer", &["redis:7.0"]);
    of("REDIS", 14, "Put redis:8.8 or newer", &["redis:8.6"]);
    of(
        "VALKEY",
        80,
        "Put valkey/valkey:9.1 or newer",
        &["redis:8.6"],
    );
    of("REDIS", 10, "Put redis:7.0 or newer", &[]);
    of(
        "REDIS",
        99,
        "Put an image of the redis that wrote it",
        &["redis:8.6"],
    );
    let newer = SnapshotFacts {
        writer: Some("redis".into()),
        engine_version: Some("8.8.0".into()),
        ..head("REDIS", 14)
    };
    check(
        &newer,
        &["redis:8.0"],
        Reason::NoImage,
        "Put redis:8.8 or newer",
    );
    check(
        &SnapshotFacts::default(),
        &["redis:8.6"],
        Reason::UnknownVersion,
        "does not say",
    );
}

#[test]
fn what_does_not_fit_into_the_limits_is_too_large() {
    let check = |head: &SnapshotFacts, size_bytes, fits: bool| {
        let prepared = prepare(head, &["redis:8.0"], size_bytes);
        let reason = prepared.as_ref().err().map(|stopped| stopped.reason);
        assert_eq!(reason, (!fits).then_some(Reason::TooLarge), "{prepared:?}");
    };
    let heavy = |used| SnapshotFacts {
        used_memory_bytes: Some(used),
        ..head("REDIS", 10)
    };
    check(&heavy(1 << 30), 1 << 20, true);
    check(&heavy(4 << 30), 1 << 20, false);
    check(&head("REDIS", 10), 49 << 30, true);
    check(&head("REDIS", 10), 50 << 30, false);
}

#[test]
fn the_log_adds_only_what_the_server_did_not_count_itself() {
    let log = ["1:M 22 Nov 2026 04:56:18.1 * Done loading RDB, keys loaded: 7, keys expired: 2."];
    let log: Vec<String> = log.iter().map(ToString::to_string).collect();
    let counted = |name: &str, count| Observation {
        name: name.into(),
        value: Observed::Count(count),
    };
    let all = [
        counted("loaded", 7),
        counted("expired", 2),
        counted("skipped", 0),
    ];
    assert_eq!(counts_of(&log, &[]), all);
    let known = [counted("loaded", 7), counted("expired", 2)];
    assert_eq!(counts_of(&log, &known), [counted("skipped", 0)]);
    assert_eq!(counts_of(&[], &known), []);
}

#[test]
fn keys_and_functions_that_an_older_server_did_not_load_are_no_identity_missed() {
    let check = |reason, doubt: Option<&str>, expected| {
        let judged = heard(
            CheckResult::failed("redis.functions", reason, "lost"),
            doubt,
        );
        assert_eq!(judged.spoils, Some(expected), "{judged:?}");
        judged.finding
    };
    let doubt = Some("it is older\nhint: Put another first.");
    let finding = check(Reason::Identity, doubt, Reason::NoImage);
    assert_eq!(finding.outcome, Outcome::NotRun);
    assert_eq!(
        finding.message,
        "lost, but it is older\nhint: Put another first."
    );
    let finding = check(Reason::Identity, None, Reason::Identity);
    assert_eq!(finding.outcome, Outcome::Failed);
    let finding = check(Reason::Internal, doubt, Reason::Internal);
    assert_eq!(finding.message, "lost");
}

#[test]
fn a_key_that_was_not_loaded_is_judged_by_who_loaded_and_who_wrote() {
    let check = |wrote: &str, image: Option<&str>, itself: &str, expected| {
        let census = Census {
            family: Some(Family::Redis),
            version: Some(12),
            databases: BTreeMap::from([(
                0,
                Database {
                    keys: 2,
                    ..Database::default()
                },
            )]),
            writer: Some(wrote.into()),
            writer_family: Some(Family::Redis),
            ..Census::default()
        };
        let inspection = Inspection {
            detail: Some(Detail::new(census)),
            checksum: Checksum::Verified,
            ..Inspection::new("rdb", InspectionState::Intact)
        };
        let seen = |name: &str, value| Observation {
            name: name.into(),
            value,
        };
        let mut observations = vec![
            seen(observations::LOADED, Observed::Count(1)),
            seen(observations::SKIPPED, Observed::Count(0)),
            seen(observations::SERVER, Observed::Word(itself.into())),
        ];
        observations
            .extend(image.map(|image| seen(observations::IMAGE, Observed::Word(image.into()))));
        let evidence = Case {
            inspection: &inspection,
            observations: &observations,
            artifact: &fixtures::snapshot(Timestamp::UNIX_EPOCH).artifacts[0],
            manifest: None,
            asked_at: Timestamp::UNIX_EPOCH,
        };
        let settings = Settings {
            expect: Arc::new(RedisExpect::default()),
            own: Arc::new(()),
            modules: Vec::new(),
        };
        let answers = Redis.judge(&evidence, &settings);
        let identity = answers
            .iter()
            .find(|it| it.finding.check == "redis.identity");
        let identity = identity.expect("it is answered");
        assert_eq!(
            identity.spoils,
            Some(expected),
            "{wrote} {image:?}: {identity:?}"
        );
    };
    let eight = Some("Redis 8.0");
    check("8.0.1", eight, "Redis 8.0.2", Reason::Identity);
    check("8.2.3", eight, "Redis 8.0.2", Reason::NoImage);
    check("7.9.240", eight, "Redis 8.0.2", Reason::NoImage);
    check("8.0.1", None, "Redis 8.0.2", Reason::NoImage);
    check("8.0.1", Some("Valkey 9.1"), "Valkey 9.1.2", Reason::NoImage);
}
