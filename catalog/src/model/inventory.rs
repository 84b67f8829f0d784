//! What one survey of a repository found.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{RepositoryName, Snapshot, SourceName};

/// One whole survey of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Which repository.
    pub repository: RepositoryName,
    /// When the survey ended.
    pub surveyed_at: Timestamp,
    /// One entry per configured source of this repository, present even when nothing was found.
    pub sources: BTreeMap<SourceName, SourceInventory>,
    /// Bytes and objects, whole or not at all.
    pub usage: Vec<Usage>,
    /// Keys that fit no source, at most [`UNRECOGNISED_SHOWN_MAX`] of them, for people.
    pub unrecognised: Vec<String>,
}

/// How many unrecognised keys an inventory names; all of them are counted in the usage.
pub const UNRECOGNISED_SHOWN_MAX: usize = 10;

/// The snapshots of one source, as one survey saw them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceInventory {
    /// Newest recovery point first; every state.
    pub snapshots: Vec<Snapshot>,
    /// Why this source was not wholly seen, although the repository answered.
    pub error: Option<String>,
    /// Times for which two snapshots lie there (another layout, another extension).
    pub duplicates: u64,
}

impl SourceInventory {
    /// The newest snapshot that is complete.
    pub fn newest_complete(&self) -> Option<&Snapshot> {
        self.complete().next()
    }

    /// Complete snapshots whose size is that of the data, newest first: no differential ones.
    pub fn whole(&self) -> impl Iterator<Item = &Snapshot> {
        self.complete().filter(|it| !it.is_differential())
    }

    /// Complete snapshots, newest first.
    pub fn complete(&self) -> impl DoubleEndedIterator<Item = &Snapshot> {
        let complete = super::SnapshotState::Complete;
        self.snapshots
            .iter()
            .filter(move |snapshot| snapshot.state == complete)
    }
}

/// Which bytes are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UsageState {
    /// The newest version of an object.
    Current,
    /// An older version.
    Noncurrent,
    /// Parts of an upload that never ended.
    IncompleteUpload,
    /// Fits no source.
    Unrecognised,
}

impl UsageState {
    /// The value of the `state` label.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Noncurrent => "noncurrent",
            Self::IncompleteUpload => "incomplete_upload",
            Self::Unrecognised => "unrecognised",
        }
    }
}

/// Bytes and objects of one source in one storage class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// `None` for what fits no source.
    pub source: Option<SourceName>,
    /// Empty where the store has no classes.
    pub storage_class: String,
    /// Which bytes.
    pub state: UsageState,
    /// As stored.
    pub bytes: u64,
    /// How many.
    pub objects: u64,
}
