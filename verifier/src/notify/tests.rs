//! Example notices for the tests of every receiver.

use std::time::Duration;

use catalog::model::SourceName;
use jiff::Timestamp;

use super::{LastGood, Notice, NoticeKind, NoticedSnapshot};

/// A moment of the examples.
pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A name of a source.
pub(super) fn name(text: &str) -> SourceName {
    SourceName::new(text).expect("a name")
}

/// A damaged snapshot, with every field set.
pub(super) fn failed() -> Notice {
    let finding = "snapshot.checksum: the file's checksum is wrong at byte 1,234\n\
                   hint: copy the snapshot from <another> store & compare";
    Notice {
        kind: NoticeKind::Failed,
        ends: None,
        is_test: false,
        is_reminder: false,
        source: Some(name("cache")),
        engine: "redis".into(),
        owner: Some("team-cache".into()),
        mention: Some("<!subteam^S0123>".into()),
        headline: "failed (damaged)".into(),
        findings: vec![finding.into(), "redis.load: the server ended".into()],
        snapshot: Some(NoticedSnapshot {
            name: "redis/20261122-0100.rdb".into(),
            taken_at: at("2026-11-22T01:00:03Z"),
            size_bytes: 1_342_177_280,
        }),
        counted: Some("44,013 keys · 3 databases".into()),
        recovery_time: Some(Duration::from_mins(20)),
        recovery_time_max: Some(Duration::from_mins(15)),
        since: Some(at("2026-11-21T02:00:00Z")),
        last_good: Some(LastGood {
            taken_at: at("2026-11-20T01:00:00Z"),
            verified_at: at("2026-11-20T02:00:00Z"),
            fetch: "backup-verifier fetch cache --snapshot 20261120-0100 --to ./restored".into(),
        }),
        unrecorded: Some("the ledger's store answers 503".into()),
        runbook: Some("https://runbook.example/backups?a=1&b=2".into()),
        at: at("2026-11-22T02:00:00Z"),
    }
}

/// The end of [`failed`].
pub(super) fn recovered() -> Notice {
    Notice {
        kind: NoticeKind::Recovered,
        ends: Some(NoticeKind::Failed),
        headline: "recovered".into(),
        findings: Vec::new(),
        mention: None,
        recovery_time: Some(Duration::from_millis(1_240)),
        since: Some(at("2026-11-22T02:00:00Z")),
        last_good: None,
        unrecorded: None,
        ..failed()
    }
}

/// A verifier without its engine.
pub(super) fn trouble() -> Notice {
    Notice {
        kind: NoticeKind::Trouble,
        owner: None,
        headline: "the container engine does not answer".into(),
        findings: vec!["no answer in 30 min\nhint: is the engine running?".into()],
        snapshot: None,
        counted: None,
        recovery_time: None,
        recovery_time_max: None,
        last_good: None,
        unrecorded: None,
        runbook: None,
        ..failed()
    }
}
