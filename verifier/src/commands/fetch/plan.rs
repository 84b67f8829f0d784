//! Which bytes of an object are here, and which ranges are still to be read. Pure.

use std::ops::Range;

use catalog::model::{Pin, RepositoryName, lasting_version};
use serde::{Deserialize, Serialize};

/// Largest note that is read back, in bytes; a few ranges take a few hundred.
pub(super) const NOTE_BYTES_MAX: u64 = 64 * 1024;

/// Ranges of bytes that lie on the disk: ascending, apart from each other, none empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Written(Vec<(u64, u64)>);

impl Written {
    /// Takes in one more range; what touches becomes one.
    pub(super) fn add(&mut self, range: &Range<u64>) {
        let (mut from, mut to) = (range.start, range.end);
        let (touching, mut apart): (Vec<(u64, u64)>, Vec<_>) = self
            .0
            .iter()
            .copied()
            .partition(|it| it.0 <= to && from <= it.1);
        for it in touching {
            (from, to) = (from.min(it.0), to.max(it.1));
        }
        if from < to {
            apart.push((from, to));
        }
        apart.sort_unstable();
        self.0 = apart;
    }

    /// How many bytes these are.
    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }

    /// What is missing of `size` bytes, in pieces of at most `piece` bytes, in order.
    pub(super) fn missing(
        &self,
        size: u64,
        piece: u64,
    ) -> impl Iterator<Item = Range<u64>> + use<> {
        let ends = self.0.iter().map(|it| it.1);
        let starts = self.0.iter().map(|it| it.0);
        let froms = [0].into_iter().chain(ends);
        let gaps: Vec<_> = froms.zip(starts.chain([size])).collect();
        gaps.into_iter()
            .flat_map(move |(from, to)| pieces(from, to, piece))
    }

    /// Whether this can be said of an object of `size` bytes: a note is a file like any other.
    fn is_sound(&self, size: u64) -> bool {
        let ascends = self.0.windows(2).all(|it| it[0].1 < it[1].0);
        ascends && self.0.iter().all(|(from, to)| from < to && *to <= size)
    }
}

fn pieces(from: u64, to: u64, piece: u64) -> impl Iterator<Item = Range<u64>> {
    let next = move |at: &u64| at.checked_add(piece).filter(|at| *at < to);
    let starts = std::iter::successors((from < to).then_some(from), next);
    starts.map(move |at| at..at.saturating_add(piece).min(to))
}

/// What lies beside a part: of which object it is, exactly, and what of it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Always 1.
    schema: u32,
    repository: RepositoryName,
    key: String,
    version_id: Option<String>,
    etag: Option<String>,
    size_bytes: u64,
    /// `[from, to)`, only what has reached the disk.
    pub(super) written: Written,
}

impl Note {
    /// Nothing is there yet.
    pub(super) fn new(repository: &RepositoryName, pin: &Pin) -> Self {
        Self {
            schema: 1,
            repository: repository.clone(),
            key: pin.key.as_str().into(),
            version_id: pin.version_id.clone(),
            etag: pin.etag.clone(),
            size_bytes: pin.size_bytes,
            written: Written::default(),
        }
    }

    /// A note that was found, if it is of the very object that `self` is of. An object without
    /// lasting version and entity tag is never known again: its bytes may be others by now.
    pub(super) fn resumed(&self, found: &[u8]) -> Option<Self> {
        let found: Self = serde_json::from_slice(found).ok()?;
        let version = lasting_version(self.version_id.as_deref());
        let exact = version.is_some() || self.etag.is_some();
        let same = Self {
            written: self.written.clone(),
            ..found.clone()
        } == *self;
        (exact && same && found.written.is_sound(self.size_bytes)).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use catalog::model::Key;

    use super::*;

    fn written(ranges: &[(u64, u64)]) -> Written {
        let mut written = Written::default();
        for &(from, to) in ranges {
            written.add(&(from..to));
        }
        written
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let check = |ranges: &[(u64, u64)], expected: &[(u64, u64)], bytes| {
            let written = written(ranges);
            assert_eq!(written.0, expected, "{ranges:?}");
            assert_eq!(written.bytes(), bytes, "{ranges:?}");
        };
        check(&[], &[], 0);
        check(&[(3, 3)], &[], 0);
        check(&[(8, 12), (0, 4)], &[(0, 4), (8, 12)], 8);
        check(&[(8, 12), (0, 4), (4, 8)], &[(0, 12)], 12);
        check(&[(0, 8), (4, 6), (7, 9)], &[(0, 9)], 9);
    }

    #[test]
    fn what_is_missing_is_planned_in_pieces_and_nothing_twice() {
        let check = |ranges: &[(u64, u64)], size, expected: &[(u64, u64)]| {
            let missing = written(ranges).missing(size, 4);
            let planned: Vec<_> = missing.map(|it| (it.start, it.end)).collect();
            assert_eq!(planned, expected, "{ranges:?} of {size}");
        };
        check(&[], 0, &[]);
        check(&[], 3, &[(0, 3)]);
        check(&[], 8, &[(0, 4), (4, 8)]);
        check(&[], 9, &[(0, 4), (4, 8), (8, 9)]);
        let rest = [(4, 8), (10, 14), (14, 18), (18, 20)];
        check(&[(0, 4), (8, 10)], 20, &rest);
        check(&[(0, 20)], 20, &[]);
        let last = u64::MAX - 1;
        check(&[(0, last)], u64::MAX, &[(last, u64::MAX)]);
    }

    fn pin(etag: Option<&str>, size_bytes: u64) -> Pin {
        Pin {
            key: Key::new("redis/1.rdb"),
            version_id: None,
            etag: etag.map(ToOwned::to_owned),
            size_bytes,
            modified_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_a_note_of_this_very_object_is_believed() {
        let repository = RepositoryName::new("local").unwrap();
        let note = Note::new(&repository, &pin(Some("a"), 20));
        let mut noted = note.clone();
        noted.written = written(&[(0, 4), (8, 20)]);
        let text = serde_json::to_string(&noted).unwrap();
        assert_eq!(note.resumed(text.as_bytes()), Some(noted));
        let other = RepositoryName::new("other").unwrap();
        for stranger in [
            Note::new(&repository, &pin(Some("b"), 20)),
            Note::new(&repository, &pin(Some("a"), 21)),
            Note::new(&repository, &pin(None, 20)),
            Note::new(&other, &pin(Some("a"), 20)),
        ] {
            assert_eq!(stranger.resumed(text.as_bytes()), None, "{stranger:?}");
        }
        for (version, may_resume) in [(None, false), (Some("null"), false), (Some("v1"), true)] {
            let mut untagged = Note::new(&repository, &pin(None, 20));
            untagged.version_id = version.map(Into::into);
            let text = serde_json::to_vec(&untagged).unwrap();
            let is_resumed = untagged.resumed(&text).is_some();
            assert_eq!(
                is_resumed, may_resume,
                "{version:?}: may it be another by now?"
            );
        }
    }

    #[test]
    fn a_note_that_was_damaged_says_nothing() {
        let repository = RepositoryName::new("local").unwrap();
        let note = Note::new(&repository, &pin(Some("a"), 20));
        let text = serde_json::to_string(&note).unwrap();
        let with = |ranges: &str| text.replace("\"written\":[]", &format!("\"written\":{ranges}"));
        assert!(note.resumed(with("[[0,4]]").as_bytes()).is_some());
        for bad in [
            with("[[4,0]]"),
            with("[[0,21]]"),
            with("[[0,4],[3,8]]"),
            with("[[0,4],[4,8]]"),
            with("[[8,12],[0,4]]"),
            with("[[0]]"),
            text[..text.len() / 2].to_owned(),
            "\0".repeat(200),
            String::new(),
        ] {
            assert_eq!(note.resumed(bad.as_bytes()), None, "{bad}");
        }
    }
}
