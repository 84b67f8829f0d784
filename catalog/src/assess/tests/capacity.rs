//! When a repository is full; every figure is worked out by hand.

use jiff::{SignedDuration, Timestamp};
use settings::Duration;

use super::world::{keep, snapshot, time};
use crate::{
    assess::{Stored, Tier, full_at},
    grouping::CURRENT,
    model::SourceInventory,
};

const NOW: &str = "2026-11-22T02:00:00Z";

/// Snapshots of these sizes in bytes, the newest from now, the others so many hours apart.
fn series(hours: i64, sizes: &[u64]) -> SourceInventory {
    let snapshots = (0..).zip(sizes).map(|(index, size)| {
        let mut it = snapshot(time(NOW) - SignedDuration::from_hours(hours * index));
        it.artifacts[0].meta.size_bytes = *size;
        it
    });
    SourceInventory {
        snapshots: snapshots.collect(),
        ..SourceInventory::default()
    }
}

fn daily(count: usize) -> SourceInventory {
    series(24, &vec![1000; count])
}

#[track_caller]
fn check(
    capacity: u64,
    sources: &[(&SourceInventory, &[Tier])],
    expected: impl Into<Option<Timestamp>>,
) {
    let sources: Vec<_> = sources
        .iter()
        .map(|(inventory, retention)| Stored {
            inventory,
            retention,
        })
        .collect();
    let complete = sources.iter().flat_map(|it| it.inventory.complete());
    let stored = complete.map(crate::model::Snapshot::size_bytes).sum();
    assert_eq!(
        full_at(capacity, stored, &sources, time(NOW)),
        expected.into()
    );
}

fn hours_on(hours: i64) -> Timestamp {
    time(NOW) + SignedDuration::from_hours(hours)
}

#[test]
fn a_series_grows_until_it_reaches_its_retention() {
    let month = [keep(30)];
    check(15_000, &[(&daily(10), &month)], hours_on(5 * 24));
    // The oldest is nine days old and leaves with the twenty-first that comes.
    check(30_000, &[(&daily(10), &month)], hours_on(20 * 24));
    check(30_001, &[(&daily(10), &month)], None);
}

#[test]
fn a_series_that_has_reached_its_retention_stands_still() {
    check(30_001, &[(&daily(30), &[keep(30)])], None);
    // 20 new ones of 1000 bytes and 10 old ones of 100: each day 900 more, for ten days.
    let grown = series(24, &[vec![1000; 20], vec![100; 10]].concat());
    check(24_000, &[(&grown, &[keep(30)])], hours_on(4 * 24));
    check(30_001, &[(&grown, &[keep(30)])], None);
    // The other way round it shrinks first; the usual size is the median, 1000.
    let shrunk = series(24, &[vec![1000; 20], vec![5000; 10]].concat());
    check(70_001, &[(&shrunk, &[keep(30)])], None);
}

#[test]
fn what_outlives_its_retention_is_never_pruned() {
    check(70_000, &[(&daily(60), &[keep(30)])], hours_on(10 * 24));
    // Object stores may take two days to delete, and the next one is a day away: 33 days in all.
    check(40_000, &[(&daily(34), &[keep(30)])], None);
    check(40_000, &[(&daily(35), &[keep(30)])], hours_on(5 * 24));
    // Nobody looks further ahead than ten years.
    check(u64::MAX, &[(&daily(60), &[keep(30)])], None);
}

#[test]
fn a_tier_keeps_a_share_of_the_one_before() {
    let tiers = [
        Tier {
            every: Some(Duration::from_hours(1)),
            ..keep(2)
        },
        Tier {
            every: Some(Duration::from_hours(24)),
            ..keep(30)
        },
    ];
    let hourly = series(1, &[1000; 48]);
    // Each hour 1000 bytes come, and of one that is two days old a 24th stays: 41 bytes more.
    check(53_000, &[(&hourly, &tiers)], hours_on(122));
    // At most 48 × 1000 and 28 × 24 × 41: 75,552.
    check(75_553, &[(&hourly, &tiers)], None);
    check(75_000, &[(&hourly, &tiers)], hours_on(659));
}

#[test]
fn sources_fill_a_repository_together() {
    let (fast, slow) = (series(12, &[1000; 4]), daily(5));
    let month = [keep(30)];
    // Each day 3000 bytes: at noon 1000, at night 2000.
    check(12_000, &[(&fast, &month), (&slow, &month)], hours_on(24));
    let mut single = series(24, &[3000]);
    single.snapshots[0].id.0 = CURRENT.into();
    let none = SourceInventory::default();
    // What is overwritten in place does not grow, and neither does what never came.
    check(
        10_000,
        &[(&daily(5), &month), (&single, &[]), (&none, &[])],
        hours_on(2 * 24),
    );
}

#[test]
fn what_cannot_be_known_is_absent_and_what_is_full_is_full_now() {
    check(15_000, &[(&daily(10), &[])], None);
    check(15_000, &[(&daily(1), &[keep(30)])], None);
    check(15_000, &[(&daily(10), &[keep(30)]), (&daily(2), &[])], None);
    check(10_000, &[(&daily(10), &[])], Some(time(NOW)));
    check(0, &[], Some(time(NOW)));
}
