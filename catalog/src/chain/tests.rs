//! Backups in any order, with gaps, without changes, of other databases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::model::{SourceName, TakenAtFrom};

/// Called by its first and last change and by when it was made: `F1-10@5`.
fn backup(full: bool, first: i64, last: i64, at: i64) -> Snapshot {
    let taken_at = Timestamp::from_second(at).unwrap();
    let kind = if full { 'F' } else { 'D' };
    let chain = ChainLink {
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
            chain: Some(chain),
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
    if let Some(link) = &mut snapshot.facts.chain {
        link.lineage = lineage.into();
    }
    snapshot
}

/// What the last of these continues, as ids; or the gap.
fn told(mut snapshots: Vec<Snapshot>) -> Result<Vec<String>, String> {
    link(&mut snapshots);
    let last = snapshots.last().unwrap();
    if let Continues::Missing(gap) = &last.continues {
        assert_eq!(last.state, SnapshotState::Partial);
        assert_eq!(before(&snapshots, last), None);
        return Err(gap.clone());
    }
    let way = before(&snapshots, last).ok_or("not known")?;
    Ok(way.iter().map(|it| it.id.0.clone()).collect())
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
    let chain = [full(1, 10, 1), differential(11, 20, 2)];
    let newer = [&chain[..], &[full(1, 20, 3), differential(21, 30, 4)]].concat();
    check(newer, Ok(&["F1-20@3"]));
    let twice = [&chain[..], &[full(1, 10, 3), differential(11, 20, 4)]].concat();
    check(twice, Ok(&["F1-10@3"]));
}

#[test]
fn a_gap_is_named_with_both_ends_and_makes_what_is_behind_it_partial() {
    let chain = [full(1, 10, 1), differential(11, 20, 2)];
    let gap = "it begins with change 25, and what lies before it ends with change 20";
    check([&chain[..], &[differential(25, 30, 4)]].concat(), Err(gap));
    let behind = [differential(25, 30, 4), differential(31, 40, 5)];
    check(
        [&chain[..], &behind].concat(),
        Err("it begins with change 31, and what lies before it ends with change 20"),
    );
    let headless = "it begins with change 11, and no full backup before it is there";
    check(vec![differential(11, 20, 2)], Err(headless));
    let mut invalid = chain.to_vec();
    invalid[0].state = SnapshotState::Invalid;
    check(invalid, Err(headless));
}

#[test]
fn a_gap_may_be_filled_by_what_could_not_be_read() {
    let mut unread = full(1, 10, 1);
    unread.facts = SnapshotFacts::default();
    let mut backups = vec![unread, differential(11, 20, 2)];
    link(&mut backups);
    assert_eq!(backups[1].continues, Continues::Unknown);
    assert_eq!(backups[1].state, SnapshotState::Complete);
    assert_eq!(before(&backups, &backups[1]), None);
}

#[test]
fn one_without_changes_continues_what_was_newest_when_it_was_made() {
    let chain = [full(1, 10, 1), differential(11, 20, 3)];
    let with = |more: &[Snapshot]| [&chain[..], more].concat();
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
    let mut backups = vec![full(1, 1, 0)];
    let more = i64::try_from(CHAIN_MAX).unwrap() + 2;
    backups.extend((2..=more).map(|at| differential(at, at, at)));
    link(&mut backups);
    let [.., longest, too_long] = &backups[..] else {
        panic!("there are many");
    };
    assert_eq!(before(&backups, longest).unwrap().len(), CHAIN_MAX);
    assert_eq!(before(&backups, too_long), None);
    backups[0].continues = Continues::Snapshot(backups[1].id.clone());
    assert_eq!(before(&backups, &backups[1]), None, "in a circle");
}

fn some() -> impl Strategy<Value = Snapshot> {
    let one = (any::<bool>(), 1i64..12, 0i64..5, 0i64..6, 0u8..3);
    one.prop_map(|(is_full, first, more, at, lineage)| {
        let lineage = ["one", "one", "other"][usize::from(lineage)];
        of(lineage, backup(is_full, first, first + more, at))
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

proptest! {
    #[test]
    fn every_way_begins_with_a_full_backup_and_has_no_gap(mut snapshots in several()) {
        link(&mut snapshots);
        let part = |it: &Snapshot| it.facts.chain.clone().unwrap();
        for snapshot in &snapshots {
            let Some(way) = before(&snapshots, snapshot) else {
                prop_assert_eq!(snapshot.state, SnapshotState::Partial);
                continue;
            };
            let mut way: Vec<_> = way.into_iter().map(part).collect();
            way.push(part(snapshot));
            prop_assert!(way[0].full);
            for pair in way.windows(2) {
                prop_assert_eq!(pair[0].last + 1, pair[1].first);
                prop_assert_eq!(&pair[0].lineage, &pair[1].lineage);
                prop_assert!(!pair[1].full);
            }
        }
    }

    #[test]
    fn what_can_be_reached_is_reached(mut snapshots in several()) {
        link(&mut snapshots);
        let links: Vec<_> = snapshots.iter().map(|it| it.facts.chain.clone().unwrap()).collect();
        // As slowly as possible, and so as surely.
        let mut reached: Vec<bool> = links.iter().map(|it| it.full).collect();
        for _ in 0..links.len() {
            for (at, it) in links.iter().enumerate() {
                reached[at] |= links.iter().zip(&reached).any(|(before, reached)| {
                    *reached && before.lineage == it.lineage && before.last + 1 == it.first
                });
            }
        }
        let found = snapshots.iter().map(|it| it.state == SnapshotState::Complete);
        prop_assert_eq!(found.collect::<Vec<_>>(), reached);
    }
}
