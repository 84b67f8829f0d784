//! Inventory: what one survey of a repository found.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{RepositoryName, Snapshot, SnapshotId, SourceName};

/// Findings of one whole survey of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The repository that was surveyed.
    pub repository: RepositoryName,
    /// Time at which the survey ended.
    pub surveyed_at: Timestamp,
    /// One entry per configured source of this repository, present even when nothing was found.
    /// Shared, because from one survey to the next most stay the same.
    pub sources: BTreeMap<SourceName, Arc<SourceInventory>>,
    /// Bytes and objects by source, storage class and state. What could not be counted whole is
    /// left out.
    pub usage: Vec<Usage>,
    /// Keys that fit no source, at most [`UNRECOGNISED_SHOWN_MAX`] of them, for people.
    pub unrecognised: Vec<String>,
    /// Number of entries of the listing that were passed over, by reason.
    pub dropped: BTreeMap<Dropped, u64>,
}

crate::words! {
    /// Why an entry of a listing was passed over; a label of `backup_repository_dropped_entries`.
    pub enum Dropped {
        /// The key does not begin with the prefix that was asked for.
        OutsidePrefix = "outside_prefix",
        /// The key was listed again with another description; the later one was taken.
        Repeated = "repeated",
        /// The mark of a "folder", without size or time.
        FolderMarker = "folder_marker",
        /// An entry without size or time that fits no source.
        Undescribed = "undescribed",
        /// An entry without size or time that the store does not know when it is asked.
        Vanished = "vanished",
        /// An entry that cannot be named as an object: not UTF-8, a socket, a dangling link.
        Unnameable = "unnameable",
    }
}

impl Dropped {
    /// A sentence about the store, for people.
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
        /// The object is in an archive class.
        Archived = "archived",
        /// The object changed since it was listed.
        Replaced = "replaced",
        /// The store failed, or its answer made no sense.
        Unanswered = "unanswered",
    }
}

impl Unread {
    /// A sentence that says what to do, for people.
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

/// Largest number of unrecognised keys that an inventory names; all of them are counted in the
/// usage.
pub const UNRECOGNISED_SHOWN_MAX: usize = 10;

/// The snapshots of one source, as one survey saw them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceInventory {
    /// Snapshots in every state, newest recovery point first.
    pub snapshots: Vec<Snapshot>,
    /// Why the source was not wholly seen, although the repository answered. With an error there
    /// are no snapshots.
    pub error: Option<String>,
    /// Ids of the snapshots that are older versions of an object, and not the one that is current
    /// now.
    pub older_versions: BTreeSet<SnapshotId>,
    /// Number of snapshots passed over because another one of the same time was kept (another
    /// layout, another extension).
    pub duplicates: u64,
    /// Number of heads that could not be read, by reason. What they say of the age is not known.
    pub unread: BTreeMap<Unread, u64>,
}

impl SourceInventory {
    /// The newest snapshot that is complete.
    pub fn newest_complete(&self) -> Option<&Snapshot> {
        self.complete().next()
    }

    /// True if the snapshot is an older version of an object.
    pub fn is_older_version(&self, snapshot: &Snapshot) -> bool {
        self.older_versions.contains(&snapshot.id)
    }

    /// Complete snapshots that are not differential, newest first. Their size is that of the data.
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
    /// State of stored bytes: which of them a [`Usage`] counts.
    pub enum UsageState {
        /// The newest version of an object.
        Current = "current",
        /// An older version.
        Noncurrent = "noncurrent",
        /// Parts of an upload that never ended.
        IncompleteUpload = "incomplete_upload",
        /// Objects that fit no source.
        Unrecognised = "unrecognised",
    }
}

/// Bytes and objects of one source in one storage class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Source whose path the objects fit; `None` for objects that fit no source.
    pub source: Option<SourceName>,
    /// Storage class as the store names it; empty if the store has no classes.
    pub storage_class: String,
    /// State of these bytes.
    pub state: UsageState,
    /// Size in bytes, as stored.
    pub bytes: u64,
    /// Number of objects.
    pub objects: u64,
}
