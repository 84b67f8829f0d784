//! The evidence record as it is written (design §6): plain serde data, no floats.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Egress, Finding, Network, Reason, Stage, Verdict, VolumeLimit};
use crate::model::{SnapshotId, SourceName, TakenAtFrom};

/// A record without its place in the chain: what a verification produces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// One verification.
    Verification(Box<Verification>),
    /// Written by `accept`: these contents are right and are the new baseline.
    Acceptance(Box<Acceptance>),
    /// Written when older records are pruned.
    Checkpoint(Checkpoint),
    /// Written by `evidence repair`: a person saw a break and says why it is one.
    Repair(Box<Repair>),
    /// Written by a newer version: a link of the chain whose contents are not understood here.
    Unknown {
        /// As written.
        kind: String,
        /// Why it was not understood.
        why: String,
    },
}

/// A record in its chain, as parsed. Its digest is right: a record whose digest is wrong is an
/// error.
///
/// Serialized, it is the object of design §6; how it is written and read is in `codec.rs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Position, from 1, without holes.
    pub sequence: u64,
    /// `sha256:…` of the record before; `None` for the first.
    pub previous: Option<String>,
    /// `sha256:…` of the canonical JSON of this record without this member.
    pub digest: String,
    /// What it says.
    pub draft: Draft,
}

impl Record {
    /// When it was written; `None` for a record of a newer version.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match &self.draft {
            Draft::Verification(verification) => Some(verification.ended_at),
            Draft::Acceptance(acceptance) => Some(acceptance.ended_at),
            Draft::Checkpoint(checkpoint) => Some(checkpoint.ended_at),
            Draft::Repair(repair) => Some(repair.ended_at),
            Draft::Unknown { .. } => None,
        }
    }
}

/// Says that older records were pruned, so that the chain may begin after them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Whose chain.
    pub source: SourceName,
    /// When.
    pub ended_at: Timestamp,
    /// Sequence number of the last pruned record.
    pub through: u64,
    /// Its digest.
    pub pruned: String,
    /// The earliest recovery point of all that were ever pruned or still lie there.
    pub begun_at: Option<Timestamp>,
    /// Repairs among the pruned records, oldest first: they are told for ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repaired>,
}

/// A person's word on one break of the chain, so that it is no concern any more: of this break
/// alone, and only while the same lies there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Of this act.
    pub id: String,
    /// Whose chain.
    pub source: SourceName,
    /// Host, pod or person.
    pub by: String,
    /// When.
    pub ended_at: Timestamp,
    /// Sequence number of the first break at that time.
    pub first_break: u64,
    /// What was wrong with that record, in words.
    pub broken_by: String,
    /// Digest found where another was expected, as of [`Break::found`](super::Break::found).
    pub found: Option<String>,
    /// Why it is broken, in the person's words.
    pub message: String,
}

/// A repair with the number of the record that it was written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repaired {
    /// Position of that record.
    pub sequence: u64,
    /// What it says.
    #[serde(flatten)]
    pub repair: Repair,
}

/// What must not get lost without a word, e.g. `indexes`: of each one a number of hexadecimal
/// digits that follows from its definition, because names may tell something of the data. Who can
/// guess a name can try the guess. Shared, because from one verification to the next most stay.
pub type Fingerprints = BTreeMap<String, Arc<[String]>>;

/// One verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Of the run.
    pub id: String,
    /// Whose snapshot.
    pub source: SourceName,
    /// Name of the engine.
    pub engine: String,
    /// What made it run.
    pub trigger: Trigger,
    /// Host or pod.
    pub by: String,
    /// When the run began.
    pub began_at: Timestamp,
    /// When the verdict stood.
    pub ended_at: Timestamp,
    /// What was restored.
    pub snapshot: SnapshotRecord,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, unless verified.
    pub reason: Option<Reason>,
    /// Every check, in the order of the engine's table.
    pub findings: Vec<Finding>,
    /// In the order they began; they overlap.
    pub stages: Vec<StageRecord>,
    /// First byte requested to first successful answer, less provisioning, pulls and our checks; of
    /// several artifacts the sum, for they are restored one after the other.
    pub recovery_milliseconds: Option<u64>,
    /// What was counted, over all artifacts.
    pub items: BTreeMap<String, u64>,
    /// What was there by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprints: Fingerprints,
    /// Newest change inside, where known.
    pub data_at: Option<Timestamp>,
    /// Where it was restored; `None` if no sandbox was reached. Of several artifacts, each of which
    /// has one of its own, the one whose way out was closed least.
    pub sandbox: Option<SandboxRecord>,
    /// The same snapshot in other images.
    #[serde(default)]
    pub rehearsals: Vec<RehearsalRecord>,
    /// Who says so.
    pub tool: ToolRecord,
    /// Allowed lines of the server's log; anything else is replaced by its length.
    #[serde(default)]
    pub log_tail: Vec<String>,
}

/// What made a verification run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// `verify.schedule`.
    Schedule,
    /// `verify.when: new_snapshot`.
    NewSnapshot,
    /// After an inconclusive one.
    Retry,
    /// A person.
    Manual,
    /// A drill.
    Drill,
}

/// Which snapshot, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRecord {
    /// Name of the repository.
    pub repository: String,
    /// Within its source.
    pub id: SnapshotId,
    /// Recovery point.
    pub taken_at: Timestamp,
    /// Which witness gave it.
    pub taken_at_from: TakenAtFrom,
    /// Every object.
    pub artifacts: Vec<ArtifactRecord>,
    /// The objects it continues, the full one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continues: Vec<ArtifactRecord>,
}

/// One object, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRecord {
    /// Relative to the repository.
    pub key: String,
    /// Of a versioned bucket.
    pub version_id: Option<String>,
    /// As listed.
    pub etag: Option<String>,
    /// As stored.
    pub size_bytes: u64,
    /// Of all bytes as stored, lower-case hexadecimal; `None` if they were not all read.
    pub sha256: Option<String>,
    /// As listed.
    pub modified_at: Timestamp,
    /// Which witness vouches for its bytes.
    pub integrity: Integrity,
}

/// The witness that the bytes are those once written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// A checksum inside the file.
    File,
    /// The digest in the manifest.
    Manifest,
    /// A full-object upload checksum of the store, recomputed.
    Object,
    /// None.
    None,
}

/// How long one stage took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Which one.
    pub stage: Stage,
    /// Wall time.
    pub milliseconds: u64,
}

/// Where it was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxRecord {
    /// The name of the runtime.
    pub runtime: String,
    /// As configured; a program with its version for the process runtime.
    pub image: String,
    /// Digest of the image, where there is one.
    pub image_id: Option<String>,
    /// How its network is set up.
    pub network: Network,
    /// Whether there is a way out, looked at from inside.
    pub egress: Egress,
    /// What bounds the bytes it may write.
    pub volume_limit: VolumeLimit,
    /// uid:gid inside.
    pub user: String,
    /// Its memory limit.
    pub memory_bytes: Option<u64>,
}

/// The same snapshot in another image, reported apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehearsalRecord {
    /// Which image.
    pub image: String,
    /// How it ended there.
    pub verdict: Verdict,
    /// Why, unless verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Every check there.
    pub findings: Vec<Finding>,
    /// As of the main run; a migration is part of it.
    pub recovery_milliseconds: Option<u64>,
}

/// Who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRecord {
    /// Of the verifier.
    pub version: String,
    /// `sha256:…` of the configuration file's bytes.
    pub config_digest: String,
}

/// A person says that the contents of one snapshot are right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Of this act.
    pub id: String,
    /// Whose snapshot.
    pub source: SourceName,
    /// Host, pod or person.
    pub by: String,
    /// When.
    pub ended_at: Timestamp,
    /// Which snapshot.
    pub snapshot: SnapshotRecord,
    /// What was counted in it when it was verified or inspected.
    pub items: BTreeMap<String, u64>,
    /// What was there by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprints: Fingerprints,
    /// Why, in the person's words.
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
