//! Holdings of a source: the evidence witness in figures.

use jiff::Timestamp;
use settings::Duration;

use super::{Facts, gaps};
use crate::model::{Snapshot, SnapshotState, SourceInventory};

/// Number of complete snapshots, the newest ones, that say what size is typical.
const SERIES_MAX: usize = 30;

/// The snapshots of one source in figures; ages are those at the time of the assessment.
#[derive(Debug, Clone)]
pub struct Holdings<'a> {
    /// Inventory that the figures are made from.
    pub inventory: &'a SourceInventory,
    /// Newest snapshot of any state; `None` is the status `missing`.
    pub latest: Option<&'a Snapshot>,
    /// Newest complete snapshot.
    pub newest: Option<&'a Snapshot>,
    /// Newest complete snapshot that is not differential.
    pub newest_whole: Option<&'a Snapshot>,
    /// Age of the recovery point of `newest`.
    pub age: Option<Duration>,
    /// Median size in bytes of the newest thirty complete snapshots that are not differential.
    pub typical_size: Option<u64>,
    /// Oldest complete snapshot.
    pub oldest: Option<&'a Snapshot>,
    /// Oldest complete snapshot that is not differential.
    pub oldest_whole: Option<&'a Snapshot>,
    /// Time when the source began, as far as anybody knows: of its oldest snapshot, or of evidence
    /// of an older one. For a source that never had any, the time since when it is watched.
    pub begun_at: Timestamp,
    /// Number of old holes, in slots or intervals of the tiers; `None` without a schedule and
    /// without a tier that has `every`.
    pub gaps: Option<usize>,
    /// Longest time between two neighboring complete snapshots within retention.
    pub longest_gap: Option<Duration>,
    /// Number of slots in a row, up to now, for which nothing complete arrived; `None` without a
    /// schedule.
    pub missed_runs: Option<usize>,
    /// The first slot that is not served yet; in the past when late.
    pub next_expected: Option<Timestamp>,
}

impl<'a> Holdings<'a> {
    pub(super) fn new(inventory: &'a SourceInventory, facts: &Facts<'_>) -> Self {
        let newest = inventory.newest_complete();
        let begun_at = begun_at(inventory, facts);
        let cadence = facts.subject.cadence;
        let served = |cadence: &super::Cadence| newest.map_or(begun_at, |it| cadence.served(it));
        Self {
            inventory,
            latest: inventory.snapshots.first(),
            newest,
            age: newest.map(|it| Duration::between(it.taken_at, facts.now)),
            newest_whole: inventory.whole().next(),
            typical_size: median(inventory.whole().take(SERIES_MAX).map(Snapshot::size_bytes)),
            oldest: inventory.complete().next_back(),
            oldest_whole: inventory.whole().last(),
            begun_at,
            gaps: gaps::count(inventory, begun_at, facts),
            longest_gap: gaps::longest(inventory, facts),
            missed_runs: cadence.map(|it| it.missed(served(it), facts.now, facts.lateness())),
            next_expected: cadence.and_then(|it| it.next(served(it))),
        }
    }

    /// Number of snapshots in this state.
    pub fn count(&self, state: SnapshotState) -> usize {
        self.inventory
            .snapshots
            .iter()
            .filter(|snapshot| snapshot.state == state)
            .count()
    }

    /// Newest snapshot that is not still being written.
    pub(super) fn settled(&self) -> Option<&'a Snapshot> {
        let mut snapshots = self.inventory.snapshots.iter();
        snapshots.find(|snapshot| snapshot.state != SnapshotState::InProgress)
    }
}

fn begun_at(inventory: &SourceInventory, facts: &Facts<'_>) -> Timestamp {
    let oldest = inventory
        .snapshots
        .iter()
        .map(|snapshot| snapshot.taken_at)
        .min();
    let proven = facts
        .subject
        .ledger
        .and_then(crate::ledger::Ledger::begun_at);
    let earliest = [oldest, proven].into_iter().flatten().min();
    earliest.unwrap_or(facts.subject.watched_since)
}

/// Median; of an even number of values the upper one of the two in the middle.
pub(super) fn median(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
