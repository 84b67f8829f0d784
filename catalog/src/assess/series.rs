//! Series of a source: what a survey decides of its snapshots, whatever the time is.

use jiff::Timestamp;

use super::{Cadence, Promises, Subject, gaps::Holes};
use crate::model::{Snapshot, SnapshotState, SourceInventory};

/// Number of complete snapshots, the newest ones, that say what size is typical.
const SERIES_MAX: usize = 30;

/// The snapshots of one source in figures that no clock changes. A snapshot is named by its place
/// in the inventory.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) newest: Option<usize>,
    pub(super) newest_whole: Option<usize>,
    pub(super) oldest: Option<usize>,
    pub(super) oldest_whole: Option<usize>,
    /// Number of snapshots in each state, in the order of [`SnapshotState::ALL`].
    counts: [usize; SnapshotState::ALL.len()],
    /// Number of complete snapshots that are not differential.
    pub(super) whole_count: usize,
    /// When the first of the snapshots in progress began.
    pub(super) unfinished_since: Option<Timestamp>,
    /// Median size in bytes of the newest thirty complete snapshots that are not differential.
    pub(super) typical_size: Option<u64>,
    /// When the source began, as in [`Holdings`](super::Holdings).
    pub(super) begun_at: Timestamp,
    /// The slot that the newest complete snapshot served, or `begun_at`; `None` without a schedule.
    pub(super) served: Option<Timestamp>,
    /// The slot after it.
    pub(super) next_expected: Option<Timestamp>,
    pub(super) gaps: Holes,
}

impl Series {
    pub(super) fn new(inventory: &SourceInventory, subject: &Subject, promises: &Promises) -> Self {
        let snapshots = &inventory.snapshots;
        let is_complete = |it: &Snapshot| it.state == SnapshotState::Complete;
        let is_whole = |it: &Snapshot| is_complete(it) && !it.is_differential();
        let begun_at = begun_at(inventory, subject);
        let cadence = subject.measure.cadence.as_ref();
        let newest = inventory.newest_complete();
        let served = |cadence: &Cadence| newest.map_or(begun_at, |it| cadence.served(it));
        let served = cadence.map(served);
        let unfinished = snapshots
            .iter()
            .filter(|it| it.state == SnapshotState::InProgress);
        Self {
            newest: snapshots.iter().position(is_complete),
            newest_whole: snapshots.iter().position(is_whole),
            oldest: snapshots.iter().rposition(is_complete),
            oldest_whole: snapshots.iter().rposition(is_whole),
            counts: SnapshotState::ALL
                .map(|state| snapshots.iter().filter(|it| it.state == state).count()),
            whole_count: inventory.whole().count(),
            unfinished_since: unfinished.map(began).min(),
            typical_size: median(inventory.whole().take(SERIES_MAX).map(Snapshot::size_bytes)),
            begun_at,
            served,
            next_expected: cadence.zip(served).and_then(|(it, served)| it.next(served)),
            gaps: Holes::new(inventory, cadence, promises),
        }
    }

    /// Number of snapshots in this state.
    pub(super) const fn count(&self, state: SnapshotState) -> usize {
        self.counts[state as usize]
    }
}

fn began(snapshot: &Snapshot) -> Timestamp {
    let artifacts = snapshot.artifacts.iter();
    let first = artifacts.map(|artifact| artifact.meta.modified_at).min();
    first.unwrap_or(snapshot.taken_at).max(snapshot.taken_at)
}

fn begun_at(inventory: &SourceInventory, subject: &Subject) -> Timestamp {
    let oldest = inventory
        .snapshots
        .iter()
        .map(|snapshot| snapshot.taken_at)
        .min();
    let proven = subject.ledger.as_ref().and_then(|it| it.begun_at());
    let earliest = [oldest, proven].into_iter().flatten().min();
    earliest.unwrap_or(subject.watched_since)
}

/// Median; of an even number of values the upper one of the two in the middle.
pub(super) fn median(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
