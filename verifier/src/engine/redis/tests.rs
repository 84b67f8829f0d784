//! Which image is picked, and what is known before a server runs.

use std::sync::Arc;

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
        before: 0,
        images: &images(names),
        memory_bytes_max: 4 << 30,
        disk_bytes_max: 50 << 30,
        deadline: Timestamp::UNIX_EPOCH,
    };
    let settings = Settings {
        expect: Arc::new(Expect::default()),
        own: Arc::new(()),
    };
    Redis.prepare(&request, &settings)
}

#[test]
fn the_first_image_able_to_read_the_file_is_picked() {
    let check = |magic, version, names: &[&str], expected| {
        let spec = prepare(&head(magic, version), names, 1000).expect("one of them reads it");
        assert_eq!(spec.image.image, expected);
    };
    let all = ["redis:7.0", "redis:8.0", "valkey/valkey:9.1"];
    check("REDIS", 10, &all, "redis:7.0");
    check("REDIS", 12, &all, "redis:8.0");
    check("VALKEY", 80, &all, "valkey/valkey:9.1");
    check(
        "REDIS",
        9,
        &["valkey/valkey:9.1", "redis:7.0"],
        "valkey/valkey:9.1",
    );
    check(
        "REDIS",
        12,
        &["valkey/valkey:9.1", "redis:latest", "redis:7.4"],
        "redis:7.4",
    );
}

#[test]
fn an_image_of_the_writers_product_is_preferred_and_never_required() {
    let check = |version, writer: Option<&str>, names: &[&str], expected| {
        let head = SnapshotFacts {
            writer: writer.map(str::to_owned),
            ..head("REDIS", version)
        };
        let spec = prepare(&head, names, 1000).expect("one of them reads it");
        assert_eq!(spec.image.image, expected, "{writer:?} {names:?}");
    };
    let both = ["redis:7.0", "redis:8.0", "valkey/valkey:9.1", "redis:7.2"];
    check(11, Some("valkey"), &both, "valkey/valkey:9.1");
    check(11, Some("redis"), &both, "redis:8.0");
    check(11, None, &both, "redis:8.0");
    let valkey_first = ["valkey/valkey:9.1", "redis:7.2"];
    check(11, Some("redis"), &valkey_first, "redis:7.2");
    check(11, None, &valkey_first, "valkey/valkey:9.1");
    check(11, Some("valkey"), &["redis:8.0"], "redis:8.0");
    check(12, Some("valkey"), &both, "redis:8.0");
    check(11, Some("keydb"), &both, "redis:8.0");
}

#[test]
fn without_an_image_the_reason_names_one_that_would_do() {
    let check = |head: &SnapshotFacts, names: &[&str], reason, hint: &str| {
        let stopped = prepare(head, names, 1000).expect_err("none of them reads it");
        assert_eq!(stopped.reason, reason);
        assert!(stopped.message.contains(hint), "{}", stopped.message);
    };
    check(
        &head("REDIS", 12),
        &["redis:7.0"],
        Reason::NoImage,
        "Add redis:8.0",
    );
    check(
        &head("VALKEY", 80),
        &["redis:8.6"],
        Reason::NoImage,
        "Add valkey/valkey:9.1",
    );
    check(&head("REDIS", 10), &[], Reason::NoImage, "Add redis:7.0");
    check(
        &head("REDIS", 99),
        &["redis:8.6"],
        Reason::UnknownVersion,
        "version 99",
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
