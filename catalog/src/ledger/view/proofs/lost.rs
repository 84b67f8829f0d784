//! The loss of the last proof: no snapshot that was verified is listed any more. Pure.

use std::sync::Arc;

use super::{Judged, Place};
use crate::{
    ledger::{ArtifactRecord, Record, SnapshotRecord, Verdict, Verification},
    model::{Snapshot, SourceInventory},
};

/// The newest verified snapshot of a source, if none of its verified snapshots is listed any more.
///
/// | its record names a version of every object | the store, asked for them | it is |
/// |---|---|---|
/// | no | – | lost |
/// | yes | has not all of them | lost |
/// | yes | has all of them | not lost: its place is [`Place::OldVersion`] |
/// | yes | was not asked, or did not tell | nobody knows |
#[derive(Debug, Clone)]
pub struct Lost {
    record: Arc<Record>,
    how: Loss,
    is_shown: bool,
}

/// How the last proof of a source was lost: what lies under the key of its object, and beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Another object lies under the key.
    Overwritten,
    /// Nothing lies under the key, and an older complete snapshot still lies there.
    BeforeOlder,
    /// Nothing lies under the key, and nothing complete that is older lies there either.
    WithOlder,
}

/// The answer of a store that was asked for the very versions that a record names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldVersions {
    /// Digest of the record.
    pub record: Arc<str>,
    /// True if all of these versions can still be read; `None` where the store did not tell.
    pub are_there: Option<bool>,
}

impl Lost {
    /// Returns the verification that is the proof.
    ///
    /// # Panics
    /// Never: only a verification is a proof.
    pub fn run(&self) -> &Verification {
        self.record
            .verification()
            .expect("invariant: made of a verified record")
    }

    /// Says how the proof was lost, if [`is_shown`](Self::is_shown).
    pub fn how(&self) -> Loss {
        self.how
    }

    /// True if the proof is lost for sure; else nobody knows.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Returns what a store is to be asked for: each object of the record with its version. `None`
    /// where an object has none.
    pub(in crate::ledger) fn versions(&self) -> Option<Vec<(&ArtifactRecord, &str)>> {
        versions(&self.run().snapshot)
    }

    /// Makes the answer of a store that was asked for these versions.
    pub(in crate::ledger) fn answer(&self, are_there: Option<bool>) -> OldVersions {
        OldVersions {
            record: Arc::clone(&self.record.digest),
            are_there,
        }
    }
}

/// Returns each object of a record with its version; `None` where an object has none.
fn versions(snapshot: &SnapshotRecord) -> Option<Vec<(&ArtifactRecord, &str)>> {
    let objects = snapshot.artifacts.iter().chain(&snapshot.continues);
    objects
        .map(|object| Some((object, object.version_id.as_deref()?)))
        .collect()
}

/// Notes that the versions of the proven object that is listed no more can still be read, if the
/// store says so.
pub(super) fn place_old_versions(objects: &mut [Judged], answer: &OldVersions) {
    let is_it = |it: &&mut Judged| {
        matches!(it.place, Place::Gone | Place::Overwritten) && it.decided().digest == answer.record
    };
    let object = objects.iter_mut().find(is_it);
    if let Some(object) = object.filter(|_| answer.are_there == Some(true)) {
        object.place = Place::OldVersion;
    }
}

/// Returns the last proof, if it is lost or nobody knows.
pub(super) fn lost(
    objects: &[Judged],
    inventory: &SourceInventory,
    answer: Option<&OldVersions>,
) -> Option<Lost> {
    let verified = objects
        .iter()
        .filter(|it| it.verdict() == Some(Verdict::Verified));
    let newest = verified.clone().max_by_key(|it| it.point())?;
    let is_there = |it: &Judged| !matches!(it.place, Place::Gone | Place::Overwritten);
    if verified.clone().any(is_there) {
        return None;
    }
    let older = |it: &Snapshot| it.taken_at < newest.point().0;
    let how = match newest.place {
        Place::Overwritten => Loss::Overwritten,
        _ if inventory.complete().any(older) => Loss::BeforeOlder,
        _ => Loss::WithOlder,
    };
    let record = Arc::clone(&newest.decided().record);
    let answer = answer.filter(|it| it.record == record.digest);
    let is_shown = match record.verification().and_then(|it| versions(&it.snapshot)) {
        None => true,
        Some(_) => answer.is_some_and(|it| it.are_there == Some(false)),
    };
    Some(Lost {
        record,
        how,
        is_shown,
    })
}
