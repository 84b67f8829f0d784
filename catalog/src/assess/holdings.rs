//! Holdings of a source: the evidence witness in figures.

use jiff::Timestamp;
use settings::Duration;

use super::{Facts, series::Series};
use crate::model::{Snapshot, SnapshotState, SourceInventory};

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
    series: &'a Series,
}

impl<'a> Holdings<'a> {
    /// The figures at one time; `series` are those of this very inventory.
    pub(super) fn new(
        series: &'a Series,
        inventory: &'a SourceInventory,
        facts: &Facts<'_>,
    ) -> Self {
        let snapshot = |place: Option<usize>| inventory.snapshots.get(place?);
        let newest = snapshot(series.newest);
        let missed = facts.cadence().zip(series.served);
        Self {
            inventory,
            latest: inventory.snapshots.first(),
            newest,
            age: newest.map(|it| Duration::between(it.taken_at, facts.now)),
            newest_whole: snapshot(series.newest_whole),
            typical_size: series.typical_size,
            oldest: snapshot(series.oldest),
            oldest_whole: snapshot(series.oldest_whole),
            begun_at: series.begun_at,
            gaps: series.gaps.count(series.begun_at, facts.now),
            longest_gap: series.gaps.longest(facts.promises.keep(), facts.now),
            missed_runs: missed.map(|(it, served)| it.missed(served, facts.now, facts.lateness())),
            next_expected: series.next_expected,
            series,
        }
    }

    /// Number of snapshots in this state.
    pub const fn count(&self, state: SnapshotState) -> usize {
        self.series.count(state)
    }

    /// Number of complete snapshots that are not differential.
    pub(super) const fn whole_count(&self) -> usize {
        self.series.whole_count
    }

    /// Time when the first of the snapshots in progress began; `None` if none is in progress.
    pub(super) const fn unfinished_since(&self) -> Option<Timestamp> {
        self.series.unfinished_since
    }

    /// Newest snapshot that is not still being written.
    pub(super) fn settled(&self) -> Option<&'a Snapshot> {
        let mut snapshots = self.inventory.snapshots.iter();
        snapshots.find(|snapshot| snapshot.state != SnapshotState::InProgress)
    }
}
