//! What one survey of a repository found.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{RepositoryName, Snapshot, SnapshotId, SourceName};

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
    /// Entries of the listing that were passed over.
    pub dropped: BTreeMap<Dropped, u64>,
}

crate::words! {
    /// Why an entry of a listing was passed over; a label of `backup_repository_dropped_entries`.
    pub enum Dropped {
        /// Its key does not begin with the prefix that was asked for.
        OutsidePrefix = "outside_prefix",
        /// The same key was listed again, described otherwise; the later answer was taken.
        Repeated = "repeated",
        /// The mark of a "folder", without size or time.
        FolderMarker = "folder_marker",
        /// It has no size or no time, and fits no source.
        Undescribed = "undescribed",
        /// It has no size or no time, and the store does not know it when it is asked.
        Vanished = "vanished",
        /// No object that could be named: not UTF-8, a socket, a dangling link.
        Unnameable = "unnameable",
    }
}

impl Dropped {
    /// What it says of the store, for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OutsidePrefix => "it lists keys outside the prefix it was asked for",
            Self::Repeated => "it lists a key twice, and each time describes it otherwise",
            Self::FolderMarker => "it lists folders without size or time",
            Self::Undescribed => "it lists objects without size or time that fit no source",
            Self::Vanished => "it lists an object without size or time, and has none when asked",
            Self::Unnameable => "it holds what is no object that could be named",
        }
    }
}

crate::words! {
    /// Why the head of an object could not be read; a label of `backup_source_unread_heads`.
    pub enum Unread {
        /// Permission refused.
        AccessDenied = "access_denied",
        /// The key that encrypts the object may not be used.
        KeyDenied = "key_denied",
        /// In an archive class.
        Archived = "archived",
        /// It changed since it was listed.
        Replaced = "replaced",
        /// The store failed, or its answer made no sense.
        Unanswered = "unanswered",
    }
}

impl Unread {
    /// What to do.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::AccessDenied => "Allow s3:GetObject, or reading the files.",
            Self::KeyDenied => "Allow the use of the key that encrypts the objects.",
            Self::Archived => "Write the time into the path or a manifest.",
            Self::Replaced => "Wait for the writer: the next survey reads it again.",
            Self::Unanswered => "Look at the store and the way to it.",
        }
    }
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
    /// Ids of those that are older versions of an object, and not the one that is current now.
    pub older_versions: BTreeSet<SnapshotId>,
    /// Times for which two snapshots lie there (another layout, another extension).
    pub duplicates: u64,
    /// Heads that could not be read, by why: what they say of the age is not known.
    pub unread: BTreeMap<Unread, u64>,
}

impl SourceInventory {
    /// The newest snapshot that is complete.
    pub fn newest_complete(&self) -> Option<&Snapshot> {
        self.complete().next()
    }

    /// Whether this snapshot is an older version of an object.
    pub fn is_older_version(&self, snapshot: &Snapshot) -> bool {
        self.older_versions.contains(&snapshot.id)
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

crate::words! {
    /// Which bytes are meant.
    pub enum UsageState {
        /// The newest version of an object.
        Current = "current",
        /// An older version.
        Noncurrent = "noncurrent",
        /// Parts of an upload that never ended.
        IncompleteUpload = "incomplete_upload",
        /// Fits no source.
        Unrecognised = "unrecognised",
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
