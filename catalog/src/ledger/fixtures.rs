//! Records for tests. They must not be used for anything else: a verification that nobody made is a
//! lie.

#![expect(
    clippy::missing_panics_doc,
    reason = "a fixture that panics fails its test"
)]

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Acceptance, ArtifactRecord, Baseline, Break, Checkpoint, Draft, Fingerprints, Integrity, Items,
    Reason, Record, Repair, SnapshotRecord, ToolRecord, Trigger, Verdict, Verification,
};
use crate::model::{SnapshotId, SourceName, TakenAtFrom};

/// The source of all records here.
pub fn cache() -> SourceName {
    SourceName::new("cache").expect("a name")
}

/// `2026-11-22` at this time.
pub fn at(time: &str) -> Timestamp {
    format!("2026-11-22T{time}Z").parse().expect(time)
}

/// A snapshot of 1000 bytes, uploaded the moment it was taken.
pub fn snapshot(taken_at: Timestamp) -> SnapshotRecord {
    let id = taken_at.strftime("%Y%m%d-%H%M").to_string();
    SnapshotRecord {
        repository: "local".into(),
        taken_at,
        taken_at_from: TakenAtFrom::Content,
        artifacts: vec![ArtifactRecord {
            key: format!("redis/{id}.rdb"),
            version_id: None,
            etag: Some(format!("tag-{id}")),
            size_bytes: 1000,
            sha256: None,
            modified_at: taken_at,
            integrity: Integrity::File,
        }],
        continues: Vec::new(),
        id: SnapshotId(id),
    }
}

/// A baseline in which only this item was counted.
pub fn baseline(item: &str, count: u64) -> Baseline {
    Baseline {
        items: Items::from_iter([(item.into(), count)]),
        ..Baseline::default()
    }
}

/// A verification of the snapshot of this time. It ended an hour later, counted 100 keys and took
/// two seconds; without a reason it is `verified`.
pub fn verification(taken_at: Timestamp, reason: Option<Reason>) -> Verification {
    let ended_at = taken_at + jiff::SignedDuration::from_hours(1);
    Verification {
        id: "run".into(),
        source: cache(),
        engine: "redis".into(),
        trigger: Trigger::Schedule,
        by: "test".into(),
        began_at: ended_at,
        ended_at,
        snapshot: snapshot(taken_at),
        verdict: reason.map_or(Verdict::Verified, Reason::verdict),
        reason,
        findings: Vec::new(),
        stages: Vec::new(),
        recovery_milliseconds: Some(2000),
        items: Items::from_iter([("keys".into(), 100)]),
        fingerprints: Fingerprints::new(),
        data_at: None,
        sandbox: None,
        rehearsals: Vec::new(),
        tool: Arc::new(ToolRecord {
            version: "0".into(),
            config_digest: "sha256:0".into(),
        }),
        log_tail: vec!["a line".into()],
    }
}

/// The draft of a verification that ended `verified`.
pub fn verified(taken_at: Timestamp) -> Draft {
    Draft::Verification(Box::new(verification(taken_at, None)))
}

/// An acceptance of the snapshot with this many keys, right after its verification.
pub fn acceptance(taken_at: Timestamp, keys: u64) -> Draft {
    Draft::Acceptance(Box::new(Acceptance {
        id: "act".into(),
        source: cache(),
        by: "a person".into(),
        ended_at: taken_at + jiff::SignedDuration::from_hours(2),
        snapshot: snapshot(taken_at),
        items: Items::from_iter([("keys".into(), keys)]),
        fingerprints: Fingerprints::new(),
        message: "the shop was closed".into(),
    }))
}

/// A checkpoint: records up to `through`, whose digest is `pruned`, were pruned.
pub fn checkpoint(through: u64, pruned: &str) -> Draft {
    Draft::Checkpoint(Box::new(Checkpoint {
        source: cache(),
        ended_at: at("12:00:00"),
        through,
        pruned: pruned.into(),
        begun_at: None,
        repairs: Vec::new(),
    }))
}

/// A repair of this break.
pub fn repair(of: &Break) -> Draft {
    Draft::Repair(Box::new(Repair {
        id: "act".into(),
        source: cache(),
        by: "a person".into(),
        ended_at: at("03:00:00"),
        first_break: of.sequence,
        broken_by: of.what.to_string(),
        found: of.found.clone(),
        message: "a disk was replaced".into(),
    }))
}

/// The texts of an intact chain of these drafts, from record 1.
pub fn sealed(drafts: impl IntoIterator<Item = Draft>) -> Vec<String> {
    let mut previous: Option<Arc<str>> = None;
    let mut texts = Vec::new();
    for (sequence, draft) in (1..).zip(drafts) {
        let text = Record::seal(draft, sequence, previous.as_deref()).expect("sealed");
        previous = Some(Record::parse(&text).expect("parsed").digest);
        texts.push(text);
    }
    texts
}
