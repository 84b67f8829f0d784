//! Backups in any order, with gaps, without changes, of other databases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::model::{SnapshotId, SourceName};

/// A backup with an id made of its kind, first and last change, and time: `F1-10@5`.
fn backup(full: bool, first: i64, last: i64, at: i64) -> Snapshot {
    let taken_at = Timestamp::from_second(at).unwrap();
    let kind = if full { 'F' } else { 'D' };
    let link = LineageLink {
        lineage: "one".into(),
        full,
        first,
        last,
    };
    Snapshot {
        id: SnapshotId(format!("{kind}{first}-{last}@{at}")),
        source: SourceName::new("graph").unwrap(),
        taken_at,
        taken_at_from: TakenAtFrom::Content,
        from_the_future: false,
        completed_at: taken_at,
        state: SnapshotState::Complete,
        artifacts: Vec::new(),
        facts: SnapshotFacts {
            lineage: Some(link),
            ..SnapshotFacts::default()
        },
        continues: Continues::Nothing,
        manifests: BTreeMap::new(),
    }
}

fn full(first: i64, last: i64, at: i64) -> Snapshot {
    backup(true, first, last, at)
}

fn differential(first: i64, last: i64, at: i64) -> Snapshot {
    backup(false, first, last, at)
}

fn of(lineage: &str, mut snapshot: Snapshot) -> Snapshot {
    if let Some(link) = &mut snapshot.facts.lineage {
        link.lineage = lineage.into();
    }
    snapshot
}

/// The ids of what the last snapshot continues; or the gap.
fn told(mut snapshots: Vec<Snapshot>) -> Result<Vec<String>, String> {
    link(&mut snapshots);
    let last = snapshots.last().unwrap();
    if let Continues::Missing(gap) = &last.continues {
        assert_eq!(last.state, SnapshotState::Partial);
        assert_eq!(last.before(), None);
        return Err(gap.clone());
    }
    assert_eq!(last.state, SnapshotState::Complete);
    let way = last.before().ok_or(UNKNOWN)?;
    Ok(way.iter().map(|it| it.id.0.clone()).collect())
}

const UNKNOWN: &str = "not known";

/// The same backup, but its head was not read.
fn unread(mut snapshot: Snapshot) -> Snapshot {
    snapshot.facts = SnapshotFacts::default();
    snapshot
}

/// The same backup, but its head was read and does not give its place.
fn unplaced(mut snapshot: Snapshot) -> Snapshot {
    snapshot.facts = SnapshotFacts {
        version: Some(2),
        unplaced: true,
        ..SnapshotFacts::default()
    };
    snapshot
}

/// The same backup, but its head was read and it is of a kind that never belongs to a lineage.
fn alone(mut snapshot: Snapshot) -> Snapshot {
    snapshot.facts = SnapshotFacts {
        version: Some(1),
        ..SnapshotFacts::default()
    };
    snapshot
}

fn modified(mut snapshot: Snapshot) -> Snapshot {
    snapshot.taken_at_from = TakenAtFrom::Modified;
    snapshot
}

fn in_state(state: SnapshotState, mut snapshot: Snapshot) -> Snapshot {
    snapshot.state = state;
    snapshot
}

#[track_caller]
fn check(snapshots: Vec<Snapshot>, expected: Result<&[&str], &str>) {
    let expected = expected.map(|ids| ids.iter().map(ToString::to_string).collect());
    assert_eq!(told(snapshots), expected.map_err(str::to_owned));
}

#[test]
fn what_is_whole_continues_nothing() {
    check(vec![full(1, 10, 1)], Ok(&[]));
    check(vec![full(1, 10, 1), full(1, 20, 2)], Ok(&[]));
}

#[test]
fn the_way_is_found_by_change_and_not_by_time() {
    let backups = vec![
        differential(11, 20, 60),
        full(1, 10, 70),
        differential(21, 30, 50),
    ];
    check(backups, Ok(&["F1-10@70", "D11-20@60"]));
}

#[test]
fn the_shortest_way_is_taken_and_of_equal_ones_the_newest() {
    let line = [full(1, 10, 1), differential(11, 20, 2)];
    let newer = [&line[..], &[full(1, 20, 3), differential(21, 30, 4)]].concat();
    check(newer, Ok(&["F1-20@3"]));
    let twice = [&line[..], &[full(1, 10, 3), differential(11, 20, 4)]].concat();
    check(twice, Ok(&["F1-10@3"]));
}

#[test]
fn a_gap_is_named_with_both_ends_and_makes_what_is_behind_it_partial() {
    let line = [full(1, 10, 1), differential(11, 20, 2)];
    let gap = "it begins with change 25, and what lies before it ends with change 20";
    check([&line[..], &[differential(25, 30, 4)]].concat(), Err(gap));
    let behind = [differential(25, 30, 4), differential(31, 40, 5)];
    check(
        [&line[..], &behind].concat(),
        Err("it begins with change 31, and what lies before it ends with change 20"),
    );
    let headless = "it begins with change 11, and no full backup before it is there";
    check(vec![differential(11, 20, 2)], Err(headless));
    let mut invalid = line.to_vec();
    invalid[0].state = SnapshotState::Invalid;
    check(invalid, Err(headless));
}

#[test]
fn a_gap_may_be_filled_by_what_has_no_place() {
    let behind = |first: Snapshot| vec![first, differential(11, 20, 2)];
    let gap = "it begins with change 11, and no full backup before it is there";
    check(behind(unread(full(1, 10, 1))), Err(UNKNOWN));
    check(behind(unplaced(full(1, 10, 1))), Err(UNKNOWN));
    check(behind(alone(full(1, 10, 1))), Err(gap));
    // A backup made later cannot be what an earlier one continues.
    check(behind(unread(full(1, 10, 3))), Err(gap));
    check(behind(modified(unread(full(1, 10, 3)))), Err(UNKNOWN));
    let shards = {
        let mut one = unread(full(1, 10, 1));
        let meta = crate::model::ObjectMeta {
            key: crate::model::Key::new("0"),
            size_bytes: 1,
            modified_at: one.taken_at,
            etag: None,
            version_id: None,
            storage_class: None,
        };
        one.artifacts = ["0", "1"]
            .map(|name| crate::model::Artifact {
                name: name.into(),
                meta: meta.clone(),
            })
            .into();
        one
    };
    check(behind(shards), Err(gap));
}

#[test]
fn what_has_no_place_is_not_taken_for_whole() {
    let line = [full(1, 10, 1), differential(11, 20, 2)];
    let with = |last: Snapshot| [&line[..], &[last]].concat();
    check(with(unread(differential(21, 30, 3))), Err(UNKNOWN));
    check(with(unplaced(differential(21, 30, 3))), Err(UNKNOWN));
    check(with(alone(full(1, 30, 3))), Ok(&[]));
    check(vec![unplaced(full(1, 30, 3))], Err(UNKNOWN));
    // If nothing that was read belongs to a lineage, what was not read does not, either.
    check(vec![alone(full(1, 2, 3)), unread(full(1, 30, 3))], Ok(&[]));
}

#[test]
fn one_without_changes_continues_what_was_newest_when_it_was_made() {
    let line = [full(1, 10, 1), differential(11, 20, 3)];
    let with = |more: &[Snapshot]| [&line[..], more].concat();
    check(with(&[differential(0, 0, 2)]), Ok(&["F1-10@1"]));
    check(with(&[differential(0, 0, 4)]), Ok(&["F1-10@1", "D11-20@3"]));
    let gap = "it begins with change 30, and what lies before it ends with change 20";
    check(
        with(&[differential(30, 31, 5), differential(0, 0, 6)]),
        Err(gap),
    );
    let alone = "nothing that it could continue lies there";
    check(vec![differential(0, 0, 1)], Err(alone));
}

#[test]
fn one_without_changes_continues_nothing_older_than_what_may_have_been_newest() {
    use SnapshotState::{InProgress, Invalid};
    let line = [full(1, 10, 1), differential(11, 20, 3)];
    let behind = |it: Snapshot| [&line[..], &[it, differential(0, 0, 5)]].concat();
    check(behind(unread(differential(21, 30, 4))), Err(UNKNOWN));
    check(behind(unplaced(differential(21, 30, 4))), Err(UNKNOWN));
    let later = modified(unread(differential(21, 30, 9)));
    check(behind(later), Err(UNKNOWN));
    for state in [InProgress, Invalid] {
        let it = in_state(state, differential(21, 30, 4));
        check(behind(it), Err(UNKNOWN));
    }
    let way: &[&str] = &["F1-10@1", "D11-20@3"];
    check(behind(unread(differential(21, 30, 2))), Ok(way));
    check(behind(unread(differential(21, 30, 6))), Ok(way));
    check(behind(self::alone(full(1, 30, 4))), Ok(way));
    let other = of("other", differential(21, 30, 4));
    check(behind(in_state(Invalid, other)), Ok(way));
}

#[test]
fn a_database_created_anew_is_another_one() {
    let gap = "it begins with change 11, and no full backup before it is there";
    check(
        vec![of("other", full(1, 10, 1)), differential(11, 20, 2)],
        Err(gap),
    );
}

#[test]
fn numbers_at_their_ends_stop_nothing() {
    let (min, max) = (i64::MIN, i64::MAX);
    assert!(told(vec![full(min, max, 1), differential(min, max, 2)]).is_err());
    let turned = "it ends with change 11, and begins with 20";
    check(vec![full(1, 19, 1), differential(20, 11, 2)], Err(turned));
}

#[test]
fn a_way_without_an_end_is_none() {
    let mut backups = vec![full(1, 1, 1)];
    let longest = i64::try_from(LINEAGE_MAX).unwrap() + 1;
    backups.extend((2..=longest + 2).map(|at| differential(at, at, at)));
    backups.extend([longest - 1, longest].map(|at| differential(0, 0, at)));
    link(&mut backups);
    let ways = backups[LINEAGE_MAX..].iter();
    let ways: Vec<_> = ways.map(|it| it.before().map(|it| it.len())).collect();
    let most = Some(LINEAGE_MAX);
    assert_eq!(ways, [most, None, None, most, None]);
    for too_long in backups.iter().filter(|it| it.before().is_none()) {
        assert_eq!(too_long.continues, Continues::TooMany);
        assert_eq!(too_long.state, SnapshotState::Complete);
    }
}

fn some() -> impl Strategy<Value = Snapshot> {
    let one = (0u8..4, 1i64..12, 0i64..5, 0i64..6, 0u8..3, 0u8..8);
    one.prop_map(|(kind, first, more, at, lineage, other)| {
        let lineage = ["one", "one", "other"][usize::from(lineage)];
        let it = match kind {
            0 => differential(0, 0, at),
            1 => full(first, first + more, at),
            _ => differential(first, first + more, at),
        };
        match other {
            0 => unread(it),
            1 => in_state(SnapshotState::Invalid, of(lineage, it)),
            _ => of(lineage, it),
        }
    })
}

fn several() -> impl Strategy<Value = Vec<Snapshot>> {
    prop::collection::vec(some(), 0..12).prop_map(|mut snapshots| {
        for (index, snapshot) in snapshots.iter_mut().enumerate() {
            snapshot.id = SnapshotId(format!("{index} {}", snapshot.id));
        }
        snapshots
    })
}

/// Backups with a place, and whether a full backup leads to each: found in the slowest and surest
/// way.
fn reached(snapshots: &[Snapshot]) -> Vec<(&Snapshot, bool)> {
    let placed = snapshots.iter().filter_map(|it| {
        let link = it.facts.lineage.as_ref()?;
        let is_there = !matches!(it.state, SnapshotState::Invalid) && !link.is_empty();
        is_there.then_some((it, link))
    });
    let placed: Vec<_> = placed.collect();
    let mut reached: Vec<bool> = placed.iter().map(|(_, link)| link.full).collect();
    for _ in 0..placed.len() {
        for (at, (_, it)) in placed.iter().enumerate() {
            reached[at] |= placed.iter().zip(&reached).any(|((_, before), reached)| {
                *reached && before.lineage == it.lineage && before.last + 1 == it.first
            });
        }
    }
    let reached = placed.iter().zip(reached);
    reached.map(|((it, _), reached)| (*it, reached)).collect()
}

proptest! {
    #[test]
    fn every_way_begins_with_a_full_backup_and_has_no_gap(mut snapshots in several()) {
        link(&mut snapshots);
        let has_lineages = snapshots.iter().any(|it| {
            it.state != SnapshotState::Invalid && it.facts.lineage.is_some()
        });
        for snapshot in snapshots.iter().filter(|it| it.state != SnapshotState::Invalid) {
            let Some(own) = &snapshot.facts.lineage else {
                let expected = if has_lineages { Continues::Unknown } else { Continues::Nothing };
                prop_assert_eq!(&snapshot.continues, &expected);
                continue;
            };
            let Some(way) = snapshot.before() else {
                let is_missing = matches!(snapshot.continues, Continues::Missing(_));
                prop_assert_eq!(snapshot.state == SnapshotState::Partial, is_missing);
                continue;
            };
            prop_assert_eq!(snapshot.state, SnapshotState::Complete);
            let links = way.iter().map(|it| it.facts.lineage.clone().unwrap());
            let mut links: Vec<_> = links.collect();
            links.push(own.clone());
            prop_assert!(links[0].full);
            for pair in links.windows(2) {
                prop_assert_eq!(&pair[0].lineage, &pair[1].lineage);
                prop_assert!(!pair[1].full);
                prop_assert!(!pair[0].is_empty());
                if !pair[1].is_empty() {
                    prop_assert_eq!(pair[0].last + 1, pair[1].first);
                }
            }
        }
    }

    #[test]
    fn what_can_be_reached_is_reached(mut snapshots in several()) {
        link(&mut snapshots);
        for (it, is_reached) in reached(&snapshots) {
            prop_assert_eq!(it.before().is_some(), is_reached, "{}", it.id);
            let unread = snapshots.iter().any(|unread| {
                unread.facts.lineage.is_none() && unread.state != SnapshotState::Invalid
                    && unread.taken_at <= it.taken_at
            });
            let is_missing = matches!(it.continues, Continues::Missing(_));
            prop_assert_eq!(is_missing, !is_reached && !unread, "{}", it.id);
        }
    }
}
