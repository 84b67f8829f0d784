//! The record as it is written (design §6): plain serde data, no floats.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use super::{Egress, Fed, Finding, Network, Reason, Stage, Verdict, VolumeLimit};
use crate::model::{SnapshotId, SourceName, TakenAtFrom};

/// A record without its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// One verification.
    Verification(Box<Verification>),
    /// Written by `accept`: these contents are right and are the new baseline.
    Acceptance(Box<Acceptance>),
    /// Says that older records were pruned; see [`Checkpoint`].
    Checkpoint(Box<Checkpoint>),
    /// Written by `evidence repair`: a person saw a break of the chain and says why it is broken.
    Repair(Box<Repair>),
    /// Written by a newer version: a record whose place in the chain is understood here and whose
    /// contents are not.
    Unknown {
        /// The record's `kind`, as written.
        kind: String,
        /// Why the contents were not understood.
        why: String,
    },
}

/// A record at its place in the chain. Its digest is right: parsing a record whose digest is wrong
/// is an error.
///
/// Serialized, it is the JSON object of design §6; `codec.rs` writes and reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Position in the chain, from 1, without holes.
    pub sequence: u64,
    /// `sha256:…` of the record before this one; `None` for the first.
    pub previous: Option<Arc<str>>,
    /// `sha256:…` of the canonical JSON of this record without this member.
    pub digest: Arc<str>,
    /// What the record says.
    pub draft: Draft,
}

impl Record {
    /// When the record was written; `None` for a record of a newer version.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match &self.draft {
            Draft::Verification(verification) => Some(verification.ended_at),
            Draft::Acceptance(acceptance) => Some(acceptance.ended_at),
            Draft::Checkpoint(checkpoint) => Some(checkpoint.ended_at),
            Draft::Repair(repair) => Some(repair.ended_at),
            Draft::Unknown { .. } => None,
        }
    }

    /// The verification that the record is; `None` for a record of another kind.
    pub const fn verification(&self) -> Option<&Verification> {
        match &self.draft {
            Draft::Verification(verification) => Some(verification),
            _ => None,
        }
    }

    /// The acceptance that the record is; `None` for a record of another kind.
    pub const fn acceptance(&self) -> Option<&Acceptance> {
        match &self.draft {
            Draft::Acceptance(acceptance) => Some(acceptance),
            _ => None,
        }
    }
}

/// Says that older records were pruned, so that the chain may begin after them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Source whose chain it is.
    pub source: SourceName,
    /// When the record was written.
    pub ended_at: Timestamp,
    /// Sequence number of the last pruned record.
    pub through: u64,
    /// `sha256:…` of that record.
    pub pruned: String,
    /// The earliest recovery point of all records that were ever pruned or still lie there.
    pub begun_at: Option<Timestamp>,
    /// Repairs among the pruned records, oldest first: they are reported for ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repaired>,
}

/// A person's explanation of one break of the chain, after which it is no concern any more. It
/// covers this break alone, and only while the same bytes lie there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Identifier of the repair.
    pub id: String,
    /// Source whose chain it is.
    pub source: SourceName,
    /// Host, pod or person.
    pub by: String,
    /// When the record was written.
    pub ended_at: Timestamp,
    /// Sequence number of the record at which the chain was first broken at that time.
    pub first_break: u64,
    /// What was wrong with that record, in words.
    pub broken_by: String,
    /// Digest found where another was expected, as of [`Break::found`](super::Break::found).
    pub found: Option<String>,
    /// Why the chain is broken, in the person's words.
    pub message: String,
}

/// A repair with the number of the record that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repaired {
    /// Position of that record in the chain.
    pub sequence: u64,
    /// What that record says.
    #[serde(flatten)]
    pub repair: Repair,
}

/// Fingerprints of named things that must not get lost without a word, by kind, e.g. `indexes`.
/// Each fingerprint is a number of hexadecimal digits that follows from the thing's definition,
/// because names may tell something of the data. Who can guess a name can try the guess. Shared,
/// because from one verification to the next most stay the same.
pub type Fingerprints = BTreeMap<String, Arc<[String]>>;

/// What was counted, by item, e.g. `keys`. A sorted list, because a tree would take ten times the
/// memory for the few items of a record, of which thousands are kept.
pub type Items = LiteMap<Arc<str>, u64>;

/// The run of one verification and its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Identifier of the run.
    pub id: String,
    /// Source of the snapshot.
    pub source: SourceName,
    /// Name of the engine.
    pub engine: Arc<str>,
    /// What made the verifier run.
    pub trigger: Trigger,
    /// Host or pod.
    pub by: Arc<str>,
    /// When the run began.
    pub began_at: Timestamp,
    /// When the verdict was final.
    pub ended_at: Timestamp,
    /// The snapshot that was restored.
    pub snapshot: SnapshotRecord,
    /// How it ended.
    pub verdict: Verdict,
    /// Why the verdict is not `verified`; `None` if it is.
    pub reason: Option<Reason>,
    /// One finding for every check, in the order of the engine's table.
    pub findings: Vec<Finding>,
    /// Stages in the order in which they began; they overlap.
    pub stages: Vec<StageRecord>,
    /// Recovery time: from the first byte requested to the first successful answer, less
    /// provisioning, pulls and our checks. With several artifacts it is the sum, for they are
    /// restored one after the other.
    pub recovery_milliseconds: Option<u64>,
    /// What was counted, by item, summed over all artifacts.
    pub items: Items,
    /// What was there by name, as fingerprints.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprints: Fingerprints,
    /// Time of the newest change inside the snapshot, where known.
    pub data_at: Option<Timestamp>,
    /// Sandbox of the restore; `None` if none was reached. Each of several artifacts has a sandbox
    /// of its own: recorded is the one whose way out was closed least.
    pub sandbox: Option<Arc<SandboxRecord>>,
    /// Restores of the same snapshot in other images.
    #[serde(default)]
    pub rehearsals: Vec<RehearsalRecord>,
    /// Verifier that wrote the record.
    pub tool: Arc<ToolRecord>,
    /// Allowed lines of the server's log; anything else is replaced by its length.
    #[serde(default)]
    pub log_tail: Vec<String>,
}

crate::words! {
    /// What made a verification run.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Trigger {
        /// The time of `verify.schedule` had come.
        Schedule = "schedule",
        /// A new snapshot, with `verify.when: new_snapshot`.
        NewSnapshot = "new_snapshot",
        /// The verification before was inconclusive.
        Retry = "retry",
        /// A person asked for it.
        Manual = "manual",
        /// The verification is part of a drill.
        Drill = "drill",
    }
}

/// Identity of a snapshot, down to its objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRecord {
    /// Name of the repository.
    pub repository: Arc<str>,
    /// Name of the snapshot within its source.
    pub id: SnapshotId,
    /// Recovery point: the moment the snapshot is from.
    pub taken_at: Timestamp,
    /// Witness that gave the recovery point.
    pub taken_at_from: TakenAtFrom,
    /// Every object of the snapshot.
    pub artifacts: Vec<ArtifactRecord>,
    /// Objects of the backups that a differential snapshot continues, those of the full one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continues: Vec<ArtifactRecord>,
}

/// Identity of one object, as it was listed and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRecord {
    /// Key, relative to the repository.
    pub key: String,
    /// Version of the object; `None` where the store keeps none.
    pub version_id: Option<String>,
    /// Entity tag, as listed.
    pub etag: Option<String>,
    /// Size in bytes, as stored.
    pub size_bytes: u64,
    /// SHA-256 of all bytes as stored, lower-case hexadecimal; `None` if they were not all read.
    pub sha256: Option<String>,
    /// Time of the last modification, as listed.
    pub modified_at: Timestamp,
    /// Witness that vouches for the object's bytes.
    pub integrity: Integrity,
}

/// The witness that an object's bytes are those once written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// A checksum inside the file.
    File,
    /// The digest in the manifest.
    Manifest,
    /// A full-object upload checksum of the store, recomputed.
    Object,
    /// No witness.
    None,
}

/// How long one stage took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRecord {
    /// The stage.
    pub stage: Stage,
    /// Wall time of the stage, in milliseconds.
    pub milliseconds: u64,
}

/// The sandbox in which a snapshot was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxRecord {
    /// Name of the runtime.
    pub runtime: String,
    /// How the bytes of the snapshot reached the server. Records of an earlier version do not say:
    /// all were fed by a file.
    #[serde(default)]
    pub fed: Fed,
    /// Image as configured; for the process runtime, a program with its version.
    pub image: String,
    /// Digest of the image; `None` for a runtime without images.
    pub image_id: Option<String>,
    /// How the sandbox's network is set up.
    pub network: Network,
    /// Whether the sandbox has a way out, looked at from inside.
    pub egress: Egress,
    /// What bounds the bytes that the sandbox may write.
    pub volume_limit: VolumeLimit,
    /// `uid:gid` inside the sandbox.
    pub user: String,
    /// Memory limit in bytes; `None` if there is none.
    pub memory_bytes: Option<u64>,
}

/// A restore of the same snapshot in another image, reported apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehearsalRecord {
    /// Image of the rehearsal.
    pub image: String,
    /// How the restore ended in this image.
    pub verdict: Verdict,
    /// Why the verdict is not `verified`; `None` if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// One finding for every check in this image.
    pub findings: Vec<Finding>,
    /// Recovery time, measured as in the main run; a migration is part of it.
    pub recovery_milliseconds: Option<u64>,
}

/// The verifier that wrote a record, and its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRecord {
    /// Version of the verifier.
    pub version: String,
    /// `sha256:…` of the configuration file's bytes.
    pub config_digest: String,
}

/// A person's statement that the contents of one snapshot are right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Identifier of the acceptance.
    pub id: String,
    /// Source of the snapshot.
    pub source: SourceName,
    /// Host, pod or person.
    pub by: String,
    /// When the record was written.
    pub ended_at: Timestamp,
    /// The snapshot that was accepted.
    pub snapshot: SnapshotRecord,
    /// What was counted in the snapshot when it was verified or inspected, by item.
    pub items: Items,
    /// What was there by name, as fingerprints.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprints: Fingerprints,
    /// Why the contents are right, in the person's words.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_without_a_reason_is_written_as_the_contract_has_it() {
        let text = concat!(
            r#"{"image":"redis:9","verdict":"verified","findings":[],"#,
            r#""recovery_milliseconds":5}"#
        );
        let read: RehearsalRecord = serde_json::from_str(text).expect("a rehearsal");
        assert_eq!(read.reason, None);
        assert_eq!(serde_json::to_string(&read).expect("JSON"), text);
    }
}
