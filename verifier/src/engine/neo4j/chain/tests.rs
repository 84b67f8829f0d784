//! Names, gaps, and the words of the command.

use catalog::format::neo4j::StoreId;

use super::*;

fn backup(full: bool, first: i64, last: i64, second: i64) -> Metadata {
    Metadata {
        database: "graph".into(),
        database_id: [1; 16],
        store: StoreId {
            created: 5,
            random: 6,
            engine: "block".into(),
            family: "block".into(),
            version: (1, 1),
        },
        taken_at: Timestamp::from_second(1_795_348_800 + second).ok(),
        lowest_append_index: first,
        highest_append_index: last,
        recovered: true,
        full,
        has_roles: false,
    }
}

#[test]
fn backups_are_called_as_neo4j_calls_them() {
    let check = |database: &str, second: [i64; 3], expected: [&str; 3]| {
        let backups = second.map(|second| Metadata {
            database: database.into(),
            ..backup(true, 1, 2, second)
        });
        assert_eq!(names(&backups.iter().collect::<Vec<_>>()), expected);
    };
    check(
        "graph",
        [0, 3600, 7200],
        [
            "graph-2026-11-22T12-00-00.backup",
            "graph-2026-11-22T13-00-00.backup",
            "graph-2026-11-22T14-00-00.backup",
        ],
    );
    // Two of one second; and a name that no shell shall see.
    check(
        "x $(reboot)",
        [0, 0, 0],
        [
            "neo4j-2026-11-22T12-00-00.backup",
            "neo4j-2026-11-22T12-00-01.backup",
            "neo4j-2026-11-22T12-00-02.backup",
        ],
    );
}

#[test]
fn a_time_at_the_end_of_all_times_ends_nothing() {
    let mut last = backup(true, 1, 2, 0);
    last.taken_at = Some(Timestamp::MAX);
    let names = names(&[&last, &last, &last]);
    assert_eq!(BTreeSet::from_iter(&names).len(), 3, "{names:?}");
}

#[test]
fn what_was_read_must_be_the_chain_that_the_heads_promised() {
    let check = |backups: &[Metadata], expected: bool| {
        let backups: Vec<_> = backups.iter().collect();
        let reason = follow(&backups).err().map(|stopped| stopped.reason);
        assert_eq!(
            reason,
            (!expected).then_some(Reason::Replaced),
            "{backups:?}"
        );
    };
    let chain = [
        backup(true, 1, 10, 0),
        backup(false, 11, 20, 1),
        backup(false, 21, 30, 2),
    ];
    check(&chain, true);
    let empty = [&chain[..], &[backup(false, 0, 0, 3)]].concat();
    check(&empty, true);
    check(&chain[1..], false);
    check(&[chain[0].clone(), chain[2].clone()], false);
    check(&[chain[0].clone(), backup(true, 11, 20, 1)], false);
    check(
        &[chain[0].clone(), backup(true, i64::MIN, i64::MAX, 1)],
        false,
    );
    let mut other = chain.to_vec();
    other[1].database_id = [2; 16];
    check(&other, false);
    check(&[], false);
}
