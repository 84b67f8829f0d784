//! Backups in any order, with gaps, without changes, of other databases.

use jiff::Timestamp;
use proptest::prelude::*;

use crate::format::neo4j::{
    Metadata, StoreId,
    chain::{Gap, chain},
};

fn backup(full: bool, lowest: i64, highest: i64, taken_at: i64) -> Metadata {
    Metadata {
        database: "neo4j".into(),
        database_id: [1; 16],
        store: StoreId {
            created: 5,
            random: 6,
            engine: "record".into(),
            family: "aligned".into(),
            version: (1, 1),
        },
        taken_at: Timestamp::from_second(taken_at).ok(),
        lowest_append_index: lowest,
        highest_append_index: highest,
        recovered: true,
        full,
        has_roles: false,
    }
}

fn full(lowest: i64, highest: i64, taken_at: i64) -> Metadata {
    backup(true, lowest, highest, taken_at)
}

fn differential(lowest: i64, highest: i64, taken_at: i64) -> Metadata {
    backup(false, lowest, highest, taken_at)
}

#[test]
fn nothing_gives_no_chain() {
    assert_eq!(chain(&[]), super::super::chain::Chain::default());
}

#[test]
fn a_chain_is_ordered_by_change_and_not_by_time() {
    // The last one in time holds nothing, and the clock went back in between.
    let backups = [
        differential(21, 30, 50),
        differential(0, 0, 90),
        full(1, 10, 10),
        differential(11, 20, 60),
    ];
    let found = chain(&backups);
    assert_eq!(found.links, [2, 3, 0]);
    assert_eq!(found.empty, [1]);
    assert_eq!((found.gap, found.foreign), (None, vec![]));
}

#[test]
fn a_gap_is_named_with_both_ends() {
    let backups = [
        full(1, 10, 1),
        differential(11, 20, 2),
        differential(25, 30, 4),
    ];
    let found = chain(&backups);
    assert_eq!(found.links, [0, 1]);
    let gap = Gap {
        after: Some(20),
        before: 25,
        at: 2,
    };
    assert_eq!(found.gap, Some(gap));
    let headless = chain(&backups[1..]);
    assert!(headless.links.is_empty());
    let gap = Gap {
        after: None,
        before: 11,
        at: 0,
    };
    assert_eq!(headless.gap, Some(gap));
}

#[test]
fn a_newer_full_backup_begins_anew_unless_an_older_one_reaches_further() {
    let older = [full(1, 10, 1), differential(11, 20, 2)];
    let same = [&older[..], &[full(1, 20, 3)]].concat();
    assert_eq!(chain(&same).links, [2], "as far, by a shorter way");
    let behind = [&older[..], &[differential(21, 40, 3), full(1, 30, 4)]].concat();
    assert_eq!(chain(&behind).links, [0, 1, 2]);
    assert_eq!(chain(&behind).gap, None);
}

#[test]
fn a_database_created_anew_is_another_one() {
    let mut old = full(1, 500, 1);
    old.database_id = [9; 16];
    let mut restored = full(1, 600, 2);
    restored.store.random = 7;
    let backups = [old, full(1, 10, 3), restored, differential(11, 12, 4)];
    let found = chain(&backups);
    assert_eq!(found.links, [1, 3]);
    assert_eq!(found.foreign, [0, 2]);
}

#[test]
fn indexes_at_the_end_of_numbers_stop_nothing() {
    let backups = [
        full(i64::MIN, i64::MAX, 1),
        differential(i64::MIN, i64::MAX, 2),
    ];
    assert_eq!(chain(&backups).links, [0]);
    let turned = [full(1, 10, 1), differential(20, 11, 2)];
    assert_eq!(
        chain(&turned).links,
        [0],
        "from its end to its beginning leads nowhere"
    );
}

fn some() -> impl Strategy<Value = Metadata> {
    let one = (any::<bool>(), 0i64..12, 0i64..5, 0i64..6, 0u8..3);
    one.prop_map(|(is_full, lowest, more, taken_at, id)| {
        let mut backup = backup(is_full, lowest, lowest + more, taken_at);
        // Most are of one database.
        backup.database_id[0] = id / 2;
        backup
    })
}

proptest! {
    #[test]
    fn a_chain_begins_with_a_full_backup_and_has_no_gap(
        backups in prop::collection::vec(some(), 0..12),
    ) {
        let found = chain(&backups);
        for pair in found.links.windows(2) {
            let [before, after] = [&backups[pair[0]], &backups[pair[1]]];
            prop_assert_eq!(before.highest_append_index + 1, after.lowest_append_index);
            prop_assert_eq!(before.database_id, after.database_id);
            prop_assert!(!after.full && !after.is_empty());
        }
        prop_assert!(found.links.first().is_none_or(|first| backups[*first].full));
        let own = |index: usize| !found.foreign.contains(&index) && !found.empty.contains(&index);
        let fulls = (0..backups.len()).any(|index| own(index) && backups[index].full);
        prop_assert_eq!(found.links.is_empty(), !fulls);
        if let Some(gap) = found.gap {
            prop_assert_eq!(gap.before, backups[gap.at].lowest_append_index);
            prop_assert!(own(gap.at));
            prop_assert!(gap.after != Some(gap.before - 1), "{found:?}");
        }
    }

    #[test]
    fn no_way_reaches_further(backups in prop::collection::vec(some(), 0..9)) {
        let found = chain(&backups);
        let own: Vec<_> = (0..backups.len())
            .filter(|index| !found.foreign.contains(index) && !backups[*index].is_empty())
            .map(|index| &backups[index])
            .collect();
        let mut reached: Vec<i64> = own
            .iter()
            .filter(|it| it.full)
            .map(|it| it.highest_append_index)
            .collect();
        // As slowly as possible, and so as surely.
        let mut known = 0;
        while known < reached.len() {
            let tip = reached[known];
            known += 1;
            for next in own.iter().filter(|it| !it.full && it.lowest_append_index == tip + 1) {
                if !reached.contains(&next.highest_append_index) {
                    reached.push(next.highest_append_index);
                }
            }
        }
        let tip = found.links.last().map(|last| backups[*last].highest_append_index);
        prop_assert_eq!(tip, reached.into_iter().max());
    }

    #[test]
    fn the_order_they_are_listed_in_says_nothing(
        (listed, shuffled) in prop::collection::vec(some(), 0..12)
            .prop_flat_map(|listed| (Just(listed.clone()), Just(listed).prop_shuffle())),
    ) {
        let told = |backups: &[Metadata]| {
            let found = chain(backups);
            let links: Vec<_> = found.links.iter().map(|index| backups[*index].clone()).collect();
            let gap = found.gap.map(|gap| (gap.after, gap.before));
            (links, gap, found.foreign.len(), found.empty.len())
        };
        let (one, other) = (told(&listed), told(&shuffled));
        prop_assert_eq!(one.0.last().map(|it| it.highest_append_index),
            other.0.last().map(|it| it.highest_append_index));
        prop_assert_eq!((one.1, one.2, one.3), (other.1, other.2, other.3));
    }
}
