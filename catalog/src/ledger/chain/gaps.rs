//! Records that are not there: whether a checkpoint vouches for them, or a person does.
//!
//! Pruning writes a checkpoint and then removes from the oldest record on. It may have been
//! interrupted, or be under way while the records are read: those the checkpoint names may be there
//! or not, wholly or from any one on. Nothing else excuses a missing record, but a repair.

use super::broken::{Break, BrokenBy};
use crate::ledger::{Draft, Record};

/// Gaps that nobody vouched for yet, in ascending order.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps {
    gaps: Vec<Gap>,
    /// Digests of the record before each gap's end and of those behind, with their numbers: what a
    /// checkpoint must know.
    digests: Vec<(u64, String)>,
}

/// Missing records up to a first one that is there.
#[derive(Debug, Clone)]
struct Gap {
    /// The record to name: in the middle of a chain the first missing, before its beginning the
    /// last.
    missing: u64,
    /// The record behind the gap.
    first: u64,
    /// Digest of what lies there.
    found: String,
}

impl Gaps {
    /// Opens a gap that ends before record `first`; reports name the record `missing`.
    pub(super) fn open(&mut self, missing: u64, first: u64, found: String) {
        self.gaps.push(Gap {
            missing,
            first,
            found,
        });
    }

    /// The first gap, as a break.
    pub(super) fn first(&self) -> Option<Break> {
        self.gaps.first().map(Gap::as_break)
    }

    /// Takes what a record at its place says of those that are not there: a checkpoint vouches for
    /// every gap before the last record that it says is pruned.
    pub(super) fn take(&mut self, record: &Record) {
        if self.gaps.is_empty() {
            return;
        }
        if self.gaps.iter().any(|gap| gap.first == record.sequence) {
            let previous = record.previous.clone();
            let before = previous.map(|previous| (record.sequence - 1, previous));
            self.digests.extend(before);
        }
        if let Draft::Checkpoint(checkpoint) = &record.draft {
            let mut known = self.digests.iter();
            let is_known = known.any(|(sequence, digest)| {
                (*sequence, digest) == (checkpoint.through, &checkpoint.pruned)
            });
            if is_known {
                self.gaps.retain(|gap| gap.first > checkpoint.through + 1);
            }
        }
        self.digests.push((record.sequence, record.digest.clone()));
        self.forget();
    }

    /// Lets go of the gap that a person named.
    pub(super) fn repair(&mut self, is_meant: impl Fn(&Break) -> bool) {
        self.gaps.retain(|gap| !is_meant(&gap.as_break()));
        self.forget();
    }

    fn forget(&mut self) {
        if self.gaps.is_empty() {
            self.digests.clear();
        }
    }
}

impl Gap {
    fn as_break(&self) -> Break {
        Break {
            sequence: self.missing,
            what: BrokenBy::Missing,
            found: Some(self.found.clone()),
        }
    }
}
