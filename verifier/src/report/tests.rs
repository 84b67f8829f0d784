use std::sync::Arc;

use catalog::ledger::{
    ArtifactRecord, Basis, Egress, Finding, Fingerprints, Integrity, Network, Outcome, Reason,
    RehearsalRecord, SandboxRecord, SnapshotRecord, ToolRecord, Trigger, Verdict, Verification,
    VolumeLimit,
};
use catalog::model::{SnapshotId, SourceName, TakenAtFrom};
use jiff::Timestamp;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn finding(check: &str, outcome: Outcome, message: &str) -> Finding {
    Finding {
        check: check.into(),
        outcome,
        observed: None,
        expected: None,
        basis: Some(Basis::Snapshot),
        message: message.into(),
    }
}

fn reported(verdict: Verdict, reason: Option<Reason>, findings: Vec<Finding>) -> Report {
    let verification = Verification {
        id: "r1".into(),
        source: SourceName::new("cache").expect("a name"),
        engine: "redis".into(),
        trigger: Trigger::Manual,
        by: "host".into(),
        began_at: at("2026-11-22T02:00:00Z"),
        ended_at: at("2026-11-22T02:00:02Z"),
        snapshot: SnapshotRecord {
            repository: "local".into(),
            id: SnapshotId("20261122-0100".into()),
            taken_at: at("2026-11-22T01:00:03Z"),
            taken_at_from: TakenAtFrom::Content,
            artifacts: vec![ArtifactRecord {
                key: "redis/20261122-0100.rdb".into(),
                version_id: None,
                etag: None,
                size_bytes: 1536,
                sha256: None,
                modified_at: at("2026-11-22T01:00:04Z"),
                integrity: Integrity::File,
            }],
            continues: Vec::new(),
        },
        verdict,
        reason,
        findings,
        stages: Vec::new(),
        recovery_milliseconds: (verdict == Verdict::Verified).then_some(1240),
        items: Items::from_iter([("keys".into(), 300_017), ("live_keys".into(), 300_007)]),
        fingerprints: Fingerprints::new(),
        data_at: None,
        sandbox: Some(Arc::new(SandboxRecord {
            runtime: "docker".into(),
            fed: catalog::ledger::Fed::File,
            image: "redis:8.0".into(),
            image_id: None,
            network: Network::None,
            egress: Egress::Denied,
            volume_limit: VolumeLimit::None,
            user: "999:999".into(),
            memory_bytes: None,
        })),
        rehearsals: Vec::new(),
        tool: Arc::new(ToolRecord {
            version: "0".into(),
            config_digest: "sha256:0".into(),
        }),
        log_tail: Vec::new(),
    };
    let digest = format!("sha256:{}", "ab".repeat(32));
    let written = WrittenRecord {
        sequence: 12,
        digest,
        text: String::new(),
    };
    Report {
        verification,
        written: Some(written),
    }
}

#[test]
fn a_verified_block_says_what_could_be_got_back() {
    let report = reported(
        Verdict::Verified,
        None,
        vec![
            finding("redis.identity", Outcome::Passed, "all keys are there"),
            finding(
                "redis.trailing_bytes",
                Outcome::Warning,
                "40 bytes behind the end",
            ),
        ],
    );
    insta::assert_snapshot!(text(&report, at("2026-11-22T01:58:03Z")), @r"
    ✔ cache  VERIFIED
        snapshot        redis/20261122-0100.rdb (1.50 KiB)
        recovery point  2026-11-22 01:00:03Z, 58 min ago (says the file itself)
        restored        in 1.2 s in docker redis:8.0 (no way out)
        counted         300,017 keys · 300,007 live keys
        checks          1 warning · 1 passed
        evidence        cache/00000012.json sha256:abababababab…
        ! redis.trailing_bytes: 40 bytes behind the end
    ");
}

#[test]
fn a_failed_block_ends_with_what_is_wrong() {
    let report = reported(
        Verdict::Failed,
        Some(Reason::Damaged),
        vec![finding(
            "redis.intact",
            Outcome::Failed,
            "wrong checksum\nhint: Restore an older one.",
        )],
    );
    let block = text(&report, at("2026-11-22T01:58:03Z"));
    assert!(block.starts_with("✘ cache  FAILED (DAMAGED)\n"), "{block}");
    let end = "    ✘ redis.intact: wrong checksum\n      hint: Restore an older one.\n";
    assert!(block.ends_with(end), "{block}");
}

#[test]
fn what_could_not_be_told_is_explained_once() {
    let report = reported(
        Verdict::Inconclusive,
        Some(Reason::OutOfMemory),
        vec![
            finding("snapshot.intact", Outcome::Passed, "every byte was read"),
            finding(
                "snapshot.restored",
                Outcome::NotRun,
                "out of memory\nhint: Raise verifier.limits.memory.",
            ),
            finding(
                "redis.keys",
                Outcome::NotRun,
                "the snapshot was not restored",
            ),
        ],
    );
    let block = text(&report, at("2026-11-22T02:00:03Z"));
    let end = "    ? snapshot.restored: out of memory\n      hint: Raise verifier.limits.memory.\n";
    assert!(block.ends_with(end), "{block}");
    let page = markdown(&[report], at("2026-11-22T02:00:03Z"));
    assert!(
        page.contains("`snapshot.restored` not_run: out of memory"),
        "{page}"
    );
    assert!(!page.contains("redis.keys"), "{page}");
}

#[test]
fn a_rehearsal_is_told_apart() {
    let roles = || finding("neo4j.roles", Outcome::Warning, "no users");
    let mut report = reported(Verdict::Verified, None, vec![roles()]);
    report.verification.rehearsals = vec![RehearsalRecord {
        image: "redis:9".into(),
        verdict: Verdict::Failed,
        reason: Some(Reason::Expectation),
        findings: vec![
            finding("redis.identity", Outcome::Passed, "all keys are there"),
            roles(),
            finding("redis.keys", Outcome::Failed, "too few"),
        ],
        recovery_milliseconds: Some(2500),
    }];
    let now = at("2026-11-22T01:58:03Z");
    let block = text(&report, now);
    let end = "\
    ! neo4j.roles: no users
    rehearsal       ✘ failed (expectation) in redis:9, in 2.5 s · 1 failed · 1 warning · 1 passed
    ✘ redis.keys: too few
";
    assert!(block.starts_with("✔ cache  VERIFIED\n"), "{block}");
    assert!(block.ends_with(end), "{block}");
    let page = markdown(std::slice::from_ref(&report), now);
    let end = "\
- cache, `neo4j.roles` warning: no users

- cache, rehearsed in redis:9: **failed (expectation)**, in 2.5 s (1 failed · 1 warning · 1 passed)

- cache in redis:9, `redis.keys` failed: too few
";
    assert!(page.contains("| **verified** |"), "{page}");
    assert!(page.ends_with(end), "{page}");
    let record = report.record();
    assert_eq!(record["rehearsals"][0]["reason"], "expectation");
}

#[test]
fn evidence_that_was_not_written_is_said_loudly() {
    let mut report = reported(Verdict::Verified, None, Vec::new());
    report.written = None;
    assert!(text(&report, at("2026-11-22T02:00:03Z")).contains("NOT WRITTEN"));
}

#[test]
fn a_hostile_key_stays_on_its_line_and_in_its_cell() {
    let mut report = reported(Verdict::Verified, None, Vec::new());
    report.verification.snapshot.artifacts[0].key = format!("a\n|b`\u{1b}[31m{}", "x".repeat(500));
    let block = text(&report, at("2026-11-22T02:00:03Z"));
    assert!(block.contains(r"a\n|b`\u{1b}[31mxxx"), "{block}");
    assert!(block.lines().all(|line| line.chars().count() < 200));
    let page = markdown(&[report], at("2026-11-22T02:00:03Z"));
    assert!(page.contains(r"a\\n\|b\`\\u{1b}\[31mxxx"), "{page}");
}
