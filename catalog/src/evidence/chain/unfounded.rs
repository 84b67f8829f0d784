//! What is not there: whether a checkpoint vouches for it.
//!
//! Pruning writes a checkpoint and then removes from the oldest record on. It may have been
//! interrupted, or be under way while the records are read: those the checkpoint names may be there
//! or not, wholly or from any one on. Nothing else excuses a missing record.

use crate::evidence::{Draft, Record};

/// Records that are missing, up to a first one that is there, and what could vouch for them.
#[derive(Debug, Clone)]
pub(super) struct Unfounded {
    missing: u64,
    first: u64,
    /// Digests of the record before `first` and of those from there on, with their numbers.
    digests: Vec<(u64, String)>,
}

impl Unfounded {
    /// Those before `first`, of which `missing` is named; what was missing `earlier` still is, and
    /// only who vouches for the later gap vouches for both.
    pub(super) fn new(earlier: Option<Self>, missing: u64, first: u64) -> Self {
        Self {
            missing: earlier.map_or(missing, |it| it.missing),
            first,
            digests: Vec::new(),
        }
    }

    /// The one to name: in the middle of a chain the first, before its beginning the last.
    pub(super) const fn missing(&self) -> u64 {
        self.missing
    }

    /// What is still unfounded after this record was seen.
    pub(super) fn after(mut self, record: &Record) -> Option<Self> {
        if record.sequence == self.first {
            let previous = record.previous.clone();
            self.digests.extend(previous.map(|it| (self.first - 1, it)));
        }
        let own = (record.sequence, record.digest.clone());
        let vouched = match &record.draft {
            Draft::Checkpoint(checkpoint) => self.digests.iter().any(|(sequence, digest)| {
                (*sequence, digest) == (checkpoint.through, &checkpoint.pruned)
            }),
            _ => false,
        };
        self.digests.push(own);
        (!vouched).then_some(self)
    }
}
