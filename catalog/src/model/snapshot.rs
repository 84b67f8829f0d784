//! Objects as a repository lists them, and the snapshots they form.

use std::{collections::BTreeMap, fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SourceName;
use crate::manifest::Manifest;

/// The key of one object, relative to its repository's prefix or directory; `/` separates segments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(Arc<str>);

impl Key {
    /// Any text is a key: object stores allow every character.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// The key as listed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Version id of an object that was written while its bucket kept no versions. Another write may
/// put other bytes under this very id, although the bucket keeps versions before and after it.
pub const UNVERSIONED: &str = "null";

/// Returns a version id that only ever names one content; `None` for an empty one and for
/// [`UNVERSIONED`].
pub fn lasting_version(version: Option<&str>) -> Option<&str> {
    version.filter(|version| !version.is_empty() && *version != UNVERSIONED)
}

/// Description of one object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Key, relative to the repository.
    pub key: Key,
    /// Size in bytes, as stored, before any decompression.
    pub size_bytes: u64,
    /// Modification time: `LastModified` of an object store, mtime of a file.
    pub modified_at: Timestamp,
    /// Entity tag, opaque: two equal tags of one key mean the same bytes. A directory makes one of
    /// inode, size, mtime and ctime.
    pub etag: Option<String>,
    /// Version id, in a versioned bucket.
    pub version_id: Option<String>,
    /// Storage class as the store names it; a directory has none.
    pub storage_class: Option<String>,
}

/// Key and version, which identify an entry of a listing.
pub type ObjectIdentity = (Key, Option<String>);

impl ObjectMeta {
    /// Key and version of the object.
    pub fn identity(&self) -> ObjectIdentity {
        (self.key.clone(), self.version_id.clone())
    }

    /// The handle that makes every later read see these very bytes or fail.
    pub fn pin(&self) -> Pin {
        Pin {
            key: self.key.clone(),
            version_id: self.version_id.clone(),
            etag: self.etag.clone(),
            size_bytes: self.size_bytes,
            modified_at: self.modified_at,
        }
    }
}

/// One exact content of one key: the version where there is one, else the entity tag, else the time
/// of its last change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pin {
    /// Key, relative to the repository.
    pub key: Key,
    /// Version id, preferred over `etag`.
    pub version_id: Option<String>,
    /// Entity tag, sent as `If-Match` with a read.
    pub etag: Option<String>,
    /// Size in bytes; every whole read must yield exactly so many.
    pub size_bytes: u64,
    /// Modification time as listed. Without version and tag, the time of every answer is compared
    /// with it.
    pub modified_at: Timestamp,
}

impl Pin {
    /// True if this is the pin of exactly this entry of a listing.
    pub fn is_of(&self, listed: &ObjectMeta) -> bool {
        self.key == listed.key
            && self.version_id == listed.version_id
            && self.etag == listed.etag
            && self.size_bytes == listed.size_bytes
            && self.modified_at == listed.modified_at
    }

    /// True if a later look at the same key still shows the pinned content: the one rule for two
    /// looks at one object.
    ///
    /// | sizes | versions, both known | tags, both known | times, in whole seconds | answer |
    /// |---|---|---|---|---|
    /// | differ | | | | no |
    /// | equal | differ | | | no |
    /// | equal | | differ | | no |
    /// | equal | equal, or not both known | equal | | yes |
    /// | equal | equal, or not both known | not both known | differ | no |
    /// | equal | equal, or not both known | not both known | equal | yes |
    ///
    /// Whole seconds are the precision that every answer of every store has. Equal tags at another
    /// time are the same bytes, written once more.
    pub fn is_still(&self, now: &ObjectMeta) -> bool {
        let equal = |one: &Option<String>, other: &Option<String>| {
            one.as_ref()
                .zip(other.as_ref())
                .map(|(one, other)| one == other)
        };
        let same_time = || self.modified_at.as_second() == now.modified_at.as_second();
        self.size_bytes == now.size_bytes
            && equal(&self.version_id, &now.version_id).unwrap_or(true)
            && equal(&self.etag, &now.etag).unwrap_or_else(same_time)
    }
}

/// One object of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Name of the artifact: the text that `*` of the layout matched; empty if the layout has none.
    pub name: String,
    /// The object, as listed.
    pub meta: ObjectMeta,
}

/// Names one snapshot within its source: what the time directives of the path matched, or the
/// object's version, or `current`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotId(pub String);

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::words! {
    /// State of a snapshot. States are no errors: a snapshot still being written is nothing bad.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum SnapshotState {
        /// Everything that belongs to the snapshot is there.
        Complete = "complete",
        /// Artifacts are missing and nothing arrives any more; or a backup that must be restored
        /// before this one is missing.
        Partial = "partial",
        /// The snapshot is still being written.
        InProgress = "in_progress",
        /// The producer says that the snapshot failed.
        Failed = "failed",
        /// The snapshot cannot be one of this engine: empty, wrong magic, size unlike its manifest.
        Invalid = "invalid",
    }
}

/// Witness that gave a recovery point, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenAtFrom {
    /// The file itself, e.g. `ctime` of an RDB.
    Content,
    /// `<key>.manifest.json`.
    Manifest,
    /// An evidence record of the same object.
    Evidence,
    /// The time in the key.
    Name,
    /// The store's modification time.
    Modified,
}

/// Facts in the first bytes of a snapshot's artifacts, read by a survey without restoring anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotFacts {
    /// Recovery point written inside the file, if any.
    pub taken_at: Option<Timestamp>,
    /// Newest change inside, where the format tells.
    pub data_at: Option<Timestamp>,
    /// Letters of the magic, e.g. `REDIS` or `VALKEY`; decides with `version` which server can
    /// read.
    pub family: Option<String>,
    /// Version of the file format.
    pub version: Option<u32>,
    /// Product that wrote the file, e.g. `valkey`, where several products write and read the same
    /// files.
    pub writer: Option<String>,
    /// Version of the server that wrote the file, e.g. `7.2.4`.
    pub engine_version: Option<String>,
    /// Memory in bytes that the data took in the server that wrote the file.
    pub used_memory_bytes: Option<u64>,
    /// Bytes that the data will take on disk once restored.
    pub restored_bytes: Option<u64>,
    /// Place in a lineage, if the snapshot may continue another or be continued.
    pub lineage: Option<LineageLink>,
    /// True for a kind of backup that can belong to a lineage, but whose head does not give its
    /// position (first and last change).
    pub unplaced: bool,
    /// Reason why the artifacts can never be a snapshot of the engine, e.g. `it is empty`.
    pub invalid: Option<String>,
}

/// The part of a sequence of changes that a snapshot holds. Changes are numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageLink {
    /// Id of the sequence. A database that is created anew has another one.
    pub lineage: String,
    /// True if the snapshot holds everything up to its last change, and not only what changed since
    /// its first.
    pub full: bool,
    /// Number of the first change inside.
    pub first: i64,
    /// Number of the last change inside. A differential backup without any change has 0 as first
    /// and last.
    pub last: i64,
}

impl LineageLink {
    /// True if the backup is differential and has no change.
    pub const fn is_empty(&self) -> bool {
        !self.full && self.first == 0 && self.last == 0
    }
}

impl SnapshotFacts {
    /// Joins the facts of the artifacts of one snapshot, in the order of their names. The recovery
    /// point is that of the oldest artifact, and sizes are summed up. A reason in `invalid` names
    /// its artifact if there are several.
    pub fn of_artifacts(each: impl ExactSizeIterator<Item = Self>) -> Self {
        let count = each.len();
        let named = each.enumerate().map(|(index, mut facts)| {
            let why = facts.invalid.take();
            facts.invalid = why.map(|why| match count {
                1 => why,
                _ => format!("artifact {} of {count}: {why}", index + 1),
            });
            facts
        });
        named.reduce(Self::and).unwrap_or_default()
    }

    fn and(self, other: Self) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| one?.checked_add(other?);
        Self {
            taken_at: self.taken_at.into_iter().chain(other.taken_at).min(),
            data_at: self.data_at.max(other.data_at),
            family: self.family.or(other.family),
            version: self.version.max(other.version),
            writer: self.writer.or(other.writer),
            engine_version: self.engine_version.or(other.engine_version),
            used_memory_bytes: sum(self.used_memory_bytes, other.used_memory_bytes),
            restored_bytes: sum(self.restored_bytes, other.restored_bytes),
            // A snapshot of several artifacts continues no other.
            lineage: None,
            unplaced: false,
            invalid: self.invalid.or(other.invalid),
        }
    }
}

/// Backups that must be restored before a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Continues {
    /// Nothing: the snapshot is whole by itself.
    #[default]
    Nothing,
    /// This snapshot of the same source, after everything that it continues itself. Both together
    /// are at most [`LINEAGE_MAX`](crate::lineage::LINEAGE_MAX) snapshots.
    Snapshot(Arc<Snapshot>),
    /// A backup that is not there, so that the snapshot cannot be restored. The text describes the
    /// gap.
    Missing(String),
    /// More than [`LINEAGE_MAX`](crate::lineage::LINEAGE_MAX) snapshots.
    TooMany,
    /// Not known: this snapshot or its predecessor may be among those whose heads were not read or
    /// give no place, or the predecessor may be incomplete.
    Unknown,
}

/// One recovery point of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Id, unique within its source.
    pub id: SnapshotId,
    /// Source that the snapshot is of.
    pub source: SourceName,
    /// The recovery point; never later than `completed_at` plus the tolerance of clocks.
    pub taken_at: Timestamp,
    /// Witness that gave `taken_at`.
    pub taken_at_from: TakenAtFrom,
    /// True if the best witness was ahead of the store's clock by more than the tolerance, and so
    /// was not used.
    pub from_the_future: bool,
    /// Newest modification time of its artifacts.
    pub completed_at: Timestamp,
    /// State; only a complete snapshot can be restored.
    pub state: SnapshotState,
    /// Artifacts, at least one, ordered by name.
    pub artifacts: Vec<Artifact>,
    /// Facts from the heads of all artifacts; empty if these were not read.
    pub facts: SnapshotFacts,
    /// Backups that must be restored before this one.
    pub continues: Continues,
    /// Manifests read from `<key>.manifest.json`, by the key of their artifact.
    pub manifests: BTreeMap<Key, Manifest>,
}

impl Snapshot {
    /// Returns the snapshots that this one continues, the full backup first, without this one.
    /// `None` if they are not known, not there, or too many.
    pub fn before(&self) -> Option<Vec<&Self>> {
        let mut way = Vec::new();
        let mut continues = &self.continues;
        while let Continues::Snapshot(before) = continues {
            way.push(&**before);
            continues = &before.continues;
        }
        way.reverse();
        matches!(continues, Continues::Nothing).then_some(way)
    }

    /// True if the size says nothing of the size of the data: the snapshot holds only changes, or
    /// may do so because its head was not read.
    pub fn is_differential(&self) -> bool {
        match &self.facts.lineage {
            Some(link) => !link.full,
            None => self.continues == Continues::Unknown && !self.facts.unplaced,
        }
    }

    /// Size in bytes, as stored: the sum over its artifacts.
    pub fn size_bytes(&self) -> u64 {
        self.artifacts
            .iter()
            .map(|artifact| artifact.meta.size_bytes)
            .sum()
    }

    /// Bytes that a restore reads: the size of the snapshot and, as far as they are known, of those
    /// it continues.
    pub fn lineage_bytes(&self) -> u64 {
        let before = self.before().unwrap_or_default();
        before.iter().map(|it| it.size_bytes()).sum::<u64>() + self.size_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> ObjectMeta {
        ObjectMeta {
            key: Key::new("redis/20261101-0100.rdb"),
            size_bytes: 100,
            modified_at: "2026-11-01T01:00:00Z".parse().unwrap(),
            etag: Some("\"a\"".into()),
            version_id: None,
            storage_class: None,
        }
    }

    #[track_caller]
    fn check(change: impl Fn(&mut ObjectMeta, &mut ObjectMeta), expected: bool) {
        let (mut before, mut now) = (listed(), listed());
        change(&mut before, &mut now);
        assert_eq!(before.pin().is_still(&now), expected, "{before:?} {now:?}");
        assert_eq!(now.pin().is_still(&before), expected, "the other way round");
    }

    #[test]
    fn an_object_is_still_the_pinned_one_by_size_and_version_and_tag_or_else_by_time() {
        let later = "2026-11-01T02:00:00Z".parse().unwrap();
        let same_second = "2026-11-01T01:00:00.9Z".parse().unwrap();
        let some = |text: &str| Some(text.to_owned());
        check(|_, _| {}, true);
        check(|_, now| now.size_bytes += 1, false);
        check(|_, now| now.etag = some("\"b\""), false);
        check(|_, now| now.modified_at = later, true);
        // A tag that only one look has decides nothing.
        check(|_, now| now.etag = None, true);
        check(|_, now| (now.etag, now.modified_at) = (None, later), false);
        let without_tags = |at| {
            move |before: &mut ObjectMeta, now: &mut ObjectMeta| {
                (before.etag, now.etag, now.modified_at) = (None, None, at);
            }
        };
        check(without_tags(listed().modified_at), true);
        check(without_tags(same_second), true);
        check(without_tags(later), false);
        let versions = |one: &'static str, tag: &'static str| {
            move |before: &mut ObjectMeta, now: &mut ObjectMeta| {
                (before.version_id, now.version_id) = (Some("v1".into()), Some(one.into()));
                now.etag = Some(tag.into());
            }
        };
        check(versions("v1", "\"a\""), true);
        check(versions("v2", "\"a\""), false);
        check(versions("v1", "\"b\""), false);
        check(|_, now| now.version_id = some("v1"), true);
    }

    #[test]
    fn a_version_that_the_next_object_may_have_too_is_none() {
        assert_eq!(lasting_version(Some("v1")), Some("v1"));
        for said in [None, Some(""), Some("null")] {
            assert_eq!(lasting_version(said), None, "{said:?}");
        }
    }
}
