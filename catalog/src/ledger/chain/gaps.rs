//! Gaps: missing records, until a checkpoint or a person explains them.
//!
//! Pruning writes a checkpoint and then removes records from the oldest on. A reader may meet it
//! interrupted or under way: of the records that the checkpoint names, all may be there, none, or
//! those from any one on. Nothing but such a checkpoint or a repair excuses a missing record.

use std::sync::Arc;

use super::broken::{Break, BrokenBy};
use crate::ledger::{Draft, Record};

/// Gaps that no checkpoint or repair explains yet, in ascending order.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps {
    gaps: Vec<Gap>,
    /// Digests with their sequence numbers: of the last missing record of each gap, as the record
    /// behind the gap names it, and of every record behind. A checkpoint must name one of them.
    digests: Vec<(u64, Arc<str>)>,
}

/// A run of missing records that ends before record `first`.
#[derive(Debug, Clone)]
struct Gap {
    /// Record that reports name: the first missing one; at the beginning of a chain the last
    /// missing one.
    missing: u64,
    /// First record behind the gap.
    first: u64,
    /// Digest of what lies at `first`.
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

    /// Takes what a record at its own place says of missing records. A checkpoint explains every
    /// gap before the first record that it does not say is pruned, if it knows the digest of the
    /// last pruned record.
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
                (*sequence, &**digest) == (checkpoint.through, &*checkpoint.pruned)
            });
            if is_known {
                self.gaps.retain(|gap| gap.first > checkpoint.through + 1);
            }
        }
        self.digests.push((record.sequence, record.digest.clone()));
        self.forget();
    }

    /// Closes the gap that a person named.
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
