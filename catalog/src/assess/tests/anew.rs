//! Figures that were found once say at any time what would be found anew at that time.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use proptest::prelude::*;
use settings::{Duration, Schedule};

use super::world::{World, keep, snapshot, time};
use crate::{
    assess::{Assessment, Cadence, Promises, Tier, cadence::earlier},
    ledger::{Draft, Reason, fixtures},
    model::{Snapshot, SnapshotState, SourceInventory},
};

/// Pairs of neighboring complete snapshots, (older, newer), the newest pair first.
fn pairs(inventory: &SourceInventory) -> Vec<(&Snapshot, &Snapshot)> {
    let complete: Vec<_> = inventory.complete().collect();
    let pairs = complete.windows(2).map(|pair| (pair[1], pair[0]));
    pairs.collect()
}

/// Counts the holes by looking at every pair that is within retention at `now`.
fn gaps_anew(
    inventory: &SourceInventory,
    cadence: Option<&Cadence>,
    promises: &Promises,
    begun_at: Timestamp,
    now: Timestamp,
) -> Option<usize> {
    let everything = Tier {
        keep: Duration::between(begun_at, now),
        every: None,
        class: None,
    };
    let tiers = match promises.retention.as_slice() {
        [] => std::slice::from_ref(&everything),
        tiers => tiers,
    };
    let (mut younger, mut total) = (Duration::ZERO, None);
    for tier in tiers {
        let (from, until) = (earlier(now, tier.keep), earlier(now, younger));
        younger = tier.keep;
        let all = pairs(inventory).into_iter();
        let kept = all.filter(|(old, new)| {
            old.taken_at >= from && old.taken_at < until && new.taken_at >= from
        });
        let holes: usize = match (tier.every, cadence) {
            (Some(every), _) => {
                let slack = cadence.map_or(every, Cadence::longest_gap);
                let allowed = every.saturating_add(slack).saturating_add(promises.grace);
                let distances =
                    kept.map(|(old, new)| Duration::between(old.taken_at, new.taken_at));
                let late = distances.filter(|distance| *distance > allowed);
                let skipped = late.map(|it| it.as_millis() / every.as_millis());
                skipped
                    .map(|it| usize::try_from(it - 1).unwrap().max(1))
                    .sum()
            }
            (None, Some(cadence)) => kept
                .map(|(old, new)| cadence.skipped(cadence.served(old), cadence.served(new)))
                .sum(),
            (None, None) => continue,
        };
        total = Some(total.unwrap_or(0) + holes);
    }
    total
}

fn longest_anew(
    inventory: &SourceInventory,
    promises: &Promises,
    now: Timestamp,
) -> Option<Duration> {
    let from = promises.keep().map(|keep| earlier(now, keep));
    let kept = pairs(inventory).into_iter();
    let kept = kept.filter(|(old, _)| from.is_none_or(|from| old.taken_at >= from));
    kept.map(|(old, new)| Duration::between(old.taken_at, new.taken_at))
        .max()
}

/// What an assessment says, to be compared.
fn said(it: &Assessment<'_>) -> String {
    let holdings = it.holdings.as_ref().map(|it| {
        let figures = (it.age, it.gaps, it.longest_gap, it.missed_runs);
        (figures, it.next_expected, it.begun_at, it.typical_size)
    });
    let proof = it.proof.as_ref().map(|it| (it.forecast, it.breaks_at));
    let concerns = it.concerns.iter().map(|(it, stands)| (it.name, stands));
    let concerns: Vec<_> = concerns.collect();
    format!("{holdings:?} {proof:?} {concerns:?} {:?}", it.recoverable)
}

/// Cadences of different kinds, and none; to make one costs more than all else here.
static CADENCES: LazyLock<[Option<Cadence>; 4]> = LazyLock::new(|| {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    ["none", "0 * * * *", "30 2 * * 1-5", "@every 90m"]
        .map(|text| Schedule::parse(text, &zone).ok().map(Cadence::new))
});

/// A tier of so many hours, with an interval of so many.
fn tier((hours, every): (u64, Option<u64>)) -> Tier {
    Tier {
        keep: Duration::from_hours(hours),
        every: every.map(Duration::from_hours),
        ..keep(0)
    }
}

/// Snapshots, newest first: minutes before the one before, and the state.
fn snapshots(newest: Timestamp, distances: &[(i64, SnapshotState)]) -> Vec<Snapshot> {
    let mut taken_at = newest;
    let lying = distances.iter().map(|(minutes, state)| {
        taken_at -= SignedDuration::from_mins(*minutes);
        Snapshot {
            state: *state,
            ..snapshot(taken_at)
        }
    });
    lying.collect()
}

fn state() -> impl Strategy<Value = SnapshotState> {
    prop_oneof![
        8 => Just(SnapshotState::Complete),
        1 => Just(SnapshotState::InProgress),
        1 => Just(SnapshotState::Failed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(100)
    })]

    /// Whatever lies there and is promised, and whether the clock goes on or back.
    #[test]
    fn figures_found_once_are_right_at_any_time(
        distances in prop::collection::vec((0..4_000_i64, state()), 0..40),
        tiers in prop::collection::vec((1..1_500_u64, prop::option::of(1..200_u64)), 0..4),
        cadence in 0..4_usize,
        asked in prop::collection::vec(-6_000_000..6_000_000_i64, 1..6),
    ) {
        let mut world = World::healthy();
        let inventory = SourceInventory {
            snapshots: snapshots(time("2026-11-22T02:00:10Z"), &distances),
            ..SourceInventory::default()
        };
        world.inventory = Some(inventory.clone());
        world.cadence = CADENCES[cadence].clone();
        world.objectives.retention = tiers.into_iter().map(tier).collect();
        let (figures, start) = (world.figures(world.ledger()), world.now);
        for seconds in asked {
            let now = start + SignedDuration::from_secs(seconds);
            let found = figures.assess(now);
            let anew = world.figures(world.ledger());
            prop_assert_eq!(said(&found), said(&anew.assess(now)), "at {}", now);
            let holdings = found.holdings.as_ref().unwrap();
            let (cadence, promises) = (world.cadence.as_ref(), found.promises);
            let gaps = gaps_anew(&inventory, cadence, promises, holdings.begun_at, now);
            prop_assert_eq!(holdings.gaps, gaps, "at {}", now);
            prop_assert_eq!(holdings.longest_gap, longest_anew(&inventory, promises, now));
            let unfinished = inventory.snapshots.iter();
            let unfinished = unfinished.filter(|it| it.state == SnapshotState::InProgress);
            let stuck = unfinished.map(|it| Duration::between(it.completed_at, now));
            let stuck = stuck.max() > Some(promises.grace.saturating_mul(2));
            let standing: Vec<_> = found.standing().map(|it| it.name).collect();
            prop_assert_eq!(standing.contains(&"stuck"), stuck, "at {}", now);
        }
    }
}

#[test]
fn a_record_counts_from_its_own_time_on_although_nothing_is_read_anew() {
    let mut world = World::healthy();
    let newest = world.newest().taken_at;
    let bad = fixtures::verification(
        newest + SignedDuration::from_hours(20),
        Some(Reason::Damaged),
    );
    let mut drafts = world.drafts.clone().unwrap();
    drafts.push(Draft::Verification(Box::new(bad)));
    world.drafts = Some(drafts);
    let figures = world.figures(world.ledger());
    let ends = |hours| {
        let now = newest + SignedDuration::from_hours(hours);
        let judged = figures.assess(now);
        let proof = judged.proof.as_ref().unwrap();
        let verdicts = crate::ledger::Verdict::ALL.into_iter();
        let known = verdicts.filter(|verdict| proof.last_end(*verdict).is_some());
        let standing = judged
            .standing()
            .any(|it| it.name == "proof_from_the_future");
        (known.count(), standing)
    };
    // Each record ends an hour after its snapshot was taken; five minutes are no difference.
    assert_eq!(ends(10), (1, true));
    assert_eq!(ends(22), (2, false));
    assert_eq!(ends(10), (1, true), "the clock went back");
}
