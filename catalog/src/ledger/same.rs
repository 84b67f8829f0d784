//! The one rule, for both programs, that says whether a record is of a listed object. Pure.
//!
//! Nothing else compares a record with what a repository lists (`tests/tidy`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{ArtifactRecord, SnapshotRecord};
use crate::model::{ObjectMeta, Snapshot, lasting_version};

/// The answer to "is this the same object?", the least alike first.
///
/// | key, size | versions, both known | times | tags, both known | answer |
/// |---|---|---|---|---|
/// | differ | | | | [`Other`] |
/// | equal | equal | | | [`Same`] |
/// | equal | differ | | | `Other` |
/// | equal | not both known | differ | | `Other` |
/// | equal | not both known | equal | equal, or not both known | `Same` |
/// | equal | not both known | equal | of one file, another status time | [`Touched`] |
/// | equal | not both known | equal | differ otherwise | `Other` |
///
/// [`Other`]: Self::Other
/// [`Same`]: Self::Same
/// [`Touched`]: Self::Touched
///
/// A version that another write may take over ([`lasting_version`]) counts as not known.
///
/// A `Touched` file still lies there, so no proof of it has vanished. But it is no longer known to
/// be unchanged, so its proof shows nothing to be recoverable, and the file is verified again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sameness {
    /// Another object, or other bytes under the same key.
    Other,
    /// A file of which only the status time is another one: after `chmod`, or a hard link.
    Touched,
    /// The very bytes that were read.
    Same,
}

/// One object as a listing or a record shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting<'a> {
    key: &'a str,
    size_bytes: u64,
    version_id: Option<&'a str>,
    etag: Option<&'a str>,
    modified_at: Timestamp,
}

impl<'a> From<&'a ObjectMeta> for Sighting<'a> {
    fn from(listed: &'a ObjectMeta) -> Self {
        Self {
            key: listed.key.as_str(),
            size_bytes: listed.size_bytes,
            version_id: lasting_version(listed.version_id.as_deref()),
            etag: listed.etag.as_deref(),
            modified_at: listed.modified_at,
        }
    }
}

impl<'a> From<&'a ArtifactRecord> for Sighting<'a> {
    fn from(written: &'a ArtifactRecord) -> Self {
        Self {
            key: &written.key,
            size_bytes: written.size_bytes,
            version_id: lasting_version(written.version_id.as_deref()),
            etag: written.etag.as_deref(),
            modified_at: written.modified_at,
        }
    }
}

impl Sighting<'_> {
    fn marks(self) -> Vec<Mark> {
        let version = self.version_id.map(|version| Mark::Version(version.into()));
        let marks = version.into_iter();
        marks.chain([Mark::Modified(self.modified_at)]).collect()
    }

    fn sameness(self, other: Sighting<'_>) -> Sameness {
        if (self.key, self.size_bytes) != (other.key, other.size_bytes) {
            return Sameness::Other;
        }
        if let Some((one, other)) = self.version_id.zip(other.version_id) {
            return if one == other {
                Sameness::Same
            } else {
                Sameness::Other
            };
        }
        if self.modified_at != other.modified_at {
            return Sameness::Other;
        }
        match self.etag.zip(other.etag) {
            Some((one, other)) if one == other => Sameness::Same,
            Some((one, other)) if of_one_file(one, other) => Sameness::Touched,
            Some(_) => Sameness::Other,
            None => Sameness::Same,
        }
    }
}

/// True if two tags that a directory gave (`storage::directory`: inode, size, time of change and of
/// status, in hexadecimal) differ in the status time alone.
fn of_one_file(one: &str, other: &str) -> bool {
    but_status_time(one).is_some_and(|file| Some(file) == but_status_time(other))
}

fn but_status_time(tag: &str) -> Option<&str> {
    let (file, status) = tag.rsplit_once('-')?;
    let parts: Vec<&str> = file.split('-').collect();
    let [inode, size, modified] = parts[..] else {
        return None;
    };
    let is_time = |text: &str| text.split_once('.').is_some_and(|(s, n)| hex(s) && hex(n));
    (hex(inode) && hex(size) && is_time(modified) && is_time(status)).then_some(file)
}

fn hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl ArtifactRecord {
    /// Compares this record with a listed object.
    pub fn sameness(&self, listed: &ObjectMeta) -> Sameness {
        Sighting::from(self).sameness(listed.into())
    }
}

impl SnapshotRecord {
    /// Compares this record with a listed snapshot and all that it continues now: the answer is
    /// that of the least alike of its objects. Where the lineage of a snapshot is not known none
    /// was read, so its record names none.
    pub fn sameness(&self, listed: &Snapshot) -> Sameness {
        let before = listed.before().unwrap_or_default();
        let own = listed.artifacts.iter().map(|it| (&it.meta).into());
        let own: Vec<Sighting<'_>> = own.collect();
        let continued = before.iter().flat_map(|it| &it.artifacts);
        let continued = continued.map(|it| (&it.meta).into());
        self.compared(&own, &continued.collect::<Vec<_>>())
    }

    /// Compares this record with another record of a snapshot, in the same way.
    pub fn sameness_of_records(&self, other: &Self) -> Sameness {
        let own: Vec<_> = other.artifacts.iter().map(Sighting::from).collect();
        let continued: Vec<_> = other.continues.iter().map(Sighting::from).collect();
        self.compared(&own, &continued)
    }

    fn compared(&self, own: &[Sighting<'_>], continued: &[Sighting<'_>]) -> Sameness {
        all_alike(&self.artifacts, own).min(in_order(&self.continues, continued))
    }
}

/// Compares each of the written objects with the most alike of the seen ones, in any order.
fn all_alike(written: &[ArtifactRecord], seen: &[Sighting<'_>]) -> Sameness {
    if written.len() != seen.len() {
        return Sameness::Other;
    }
    let best = |one: &ArtifactRecord| {
        let one = Sighting::from(one);
        let each = seen.iter().map(|other| one.sameness(*other));
        each.max().unwrap_or(Sameness::Other)
    };
    written.iter().map(best).min().unwrap_or(Sameness::Same)
}

/// Compares each of the written objects with the seen one at its place: the full backup comes
/// first.
fn in_order(written: &[ArtifactRecord], seen: &[Sighting<'_>]) -> Sameness {
    if written.len() != seen.len() {
        return Sameness::Other;
    }
    let pairs = written.iter().zip(seen);
    let each = pairs.map(|(one, other)| Sighting::from(one).sameness(*other));
    each.min().unwrap_or(Sameness::Same)
}

/// Index of entries by what two sightings of one object have in common: its key, with its time or
/// version. Where a source's path holds no time, all its records are of one key, and a look-up must
/// not pass through them all.
#[derive(Debug, Clone)]
pub(super) struct ByObject<T> {
    entries: Vec<T>,
    keys: BTreeMap<String, BTreeMap<Mark, Vec<usize>>>,
}

/// What two sightings of one object share: if neither their times nor their versions are equal, the
/// answer is [`Sameness::Other`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Modified(Timestamp),
    Version(String),
}

impl<T> Default for ByObject<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            keys: BTreeMap::new(),
        }
    }
}

impl<T> ByObject<T> {
    /// Adds an entry of this object.
    pub(super) fn add<'a>(&mut self, object: impl Into<Sighting<'a>>, entry: T) {
        let object = object.into();
        let marks = self.keys.entry(object.key.to_owned()).or_default();
        for mark in object.marks() {
            marks.entry(mark).or_default().push(self.entries.len());
        }
        self.entries.push(entry);
    }

    /// Returns all entries that may be of this object, in the order in which they were added.
    pub(super) fn of<'a>(&self, object: impl Into<Sighting<'a>>) -> Vec<&T> {
        let object = object.into();
        let marks = self.keys.get(object.key);
        let lists = object.marks().into_iter();
        let lists = lists.filter_map(|mark| marks?.get(&mark));
        let entries: BTreeSet<usize> = lists.flatten().copied().collect();
        entries.into_iter().map(|at| &self.entries[at]).collect()
    }

    /// True if there is an entry of any object under this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::fixtures::{at, snapshot},
        model::Key,
    };

    fn written() -> ArtifactRecord {
        snapshot(at("01:00:00")).artifacts.remove(0)
    }

    fn listed() -> ObjectMeta {
        let written = written();
        ObjectMeta {
            key: Key::new(written.key),
            size_bytes: written.size_bytes,
            modified_at: written.modified_at,
            etag: written.etag,
            version_id: None,
            storage_class: None,
        }
    }

    #[track_caller]
    fn check(change: impl Fn(&mut ArtifactRecord, &mut ObjectMeta), expected: Sameness) {
        let (mut written, mut listed) = (written(), listed());
        change(&mut written, &mut listed);
        assert_eq!(written.sameness(&listed), expected);
        let mut index = ByObject::default();
        index.add(&written, ());
        let found = !index.of(&listed).is_empty();
        assert!(found || expected == Sameness::Other, "the index misses it");
    }

    #[test]
    fn a_look_up_passes_through_no_record_of_another_time_and_version() {
        let mut index = ByObject::default();
        for (number, time) in ["01:00:00", "02:00:00", "03:00:00"].into_iter().enumerate() {
            let mut written = written();
            (written.modified_at, written.version_id) = (at(time), Some(format!("v{number}")));
            index.add(&written, number);
        }
        let mut listed = listed();
        listed.modified_at = at("02:00:00");
        assert_eq!(index.of(&listed), [&1]);
        listed.version_id = Some("v0".into());
        assert_eq!(index.of(&listed), [&0, &1]);
        listed.modified_at = at("09:00:00");
        assert_eq!(index.of(&listed), [&0]);
        listed.version_id = None;
        assert_eq!(index.of(&listed), [&0; 0]);
        assert!(index.has(listed.key.as_str()) && !index.has("redis/other.rdb"));
    }

    #[test]
    fn an_object_is_the_same_by_its_version_or_else_by_tag_and_time() {
        use Sameness::{Other, Same};
        let other = || Some("other".to_owned());
        let later = at("09:00:00");
        check(|_, _| {}, Same);
        check(|_, it| it.key = Key::new("redis/other.rdb"), Other);
        check(|_, it| it.size_bytes += 1, Other);
        check(|_, it| it.etag = other(), Other);
        check(|_, it| it.modified_at = later, Other);
        check(|_, it| (it.etag, it.modified_at) = (other(), later), Other);
        check(|_, it| it.etag = None, Same);
        check(|it, _| it.etag = None, Same);
        check(|_, it| (it.etag, it.modified_at) = (None, later), Other);
        // A version that only one of them knows decides nothing.
        check(|_, it| it.version_id = Some("v1".into()), Same);
        check(
            |_, it| (it.version_id, it.etag) = (Some("v1".into()), other()),
            Other,
        );
        let versions = |one: &'static str| {
            move |written: &mut ArtifactRecord, listed: &mut ObjectMeta| {
                (written.version_id, listed.version_id) = (Some("v1".into()), Some(one.into()));
                (listed.etag, listed.modified_at) = (Some("other".into()), at("09:00:00"));
            }
        };
        check(versions("v1"), Same);
        check(versions("v2"), Other);
    }

    #[test]
    fn the_version_of_an_object_without_one_is_of_whatever_was_written_last() {
        let unversioned = |etag: &'static str, time: &'static str| {
            move |written: &mut ArtifactRecord, listed: &mut ObjectMeta| {
                written.etag = Some("one".into());
                (written.version_id, listed.version_id) =
                    (Some("null".into()), Some("null".into()));
                (listed.etag, listed.modified_at) = (Some(etag.into()), at(time));
            }
        };
        check(unversioned("one", "01:00:00"), Sameness::Same);
        check(unversioned("other", "01:00:00"), Sameness::Other);
        check(unversioned("one", "09:00:00"), Sameness::Other);
    }

    #[test]
    fn a_file_with_another_status_time_is_touched_and_any_other_tag_is_another_object() {
        let tagged = |tag: &'static str| {
            move |written: &mut ArtifactRecord, listed: &mut ObjectMeta| {
                written.etag = Some("1f-3e8-6a0.1b-6a0.1c".into());
                listed.etag = Some(tag.into());
            }
        };
        for (tag, expected) in [
            ("1f-3e8-6a0.1b-6a0.1c", Sameness::Same),
            ("1f-3e8-6a0.1b-6ff.0", Sameness::Touched),
            ("20-3e8-6a0.1b-6ff.0", Sameness::Other),
            ("1f-3e8-6a1.1b-6ff.0", Sameness::Other),
            ("1f-3e8-6a0.1b-status", Sameness::Other),
            ("1f-3e8-6a0.1b", Sameness::Other),
        ] {
            check(tagged(tag), expected);
        }
        // Tags of a store: the digest of a whole upload, and of parts.
        check(
            |one, other| {
                one.etag = Some("0cc175b9c0f1b6a831c399e269772661-1".into());
                other.etag = Some("0cc175b9c0f1b6a831c399e269772661-2".into());
            },
            Sameness::Other,
        );
    }

    #[test]
    fn a_snapshot_is_as_alike_as_the_least_alike_of_its_objects() {
        let of = |change: &dyn Fn(&mut SnapshotRecord)| {
            let mut one = snapshot(at("01:00:00"));
            let mut second = one.artifacts[0].clone();
            second.key = "redis/second.rdb".into();
            one.artifacts.push(second);
            let mut other = one.clone();
            other.artifacts.reverse();
            change(&mut other);
            one.sameness_of_records(&other)
        };
        assert_eq!(of(&|_| {}), Sameness::Same);
        assert_eq!(of(&|it| it.artifacts[1].size_bytes += 1), Sameness::Other);
        assert_eq!(of(&|it| drop(it.artifacts.pop())), Sameness::Other);
        let before = snapshot(at("00:30:00")).artifacts;
        assert_eq!(of(&|it| it.continues = before.clone()), Sameness::Other);
    }
}
