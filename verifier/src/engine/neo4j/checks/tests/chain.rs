//! A backup that continues others.

use catalog::format::neo4j::{Metadata, StoreId};

use super::*;

/// A backup with these changes; the first of a chain is full.
fn backup(first: i64, last: i64) -> Archive {
    let metadata = Metadata {
        database: "neo4j".into(),
        database_id: [1; 16],
        store: StoreId {
            created: 5,
            random: 6,
            engine: "record".into(),
            family: "aligned".into(),
            version: (1, 1),
        },
        taken_at: None,
        lowest_append_index: first,
        highest_append_index: last,
        recovered: true,
        full: first == 1,
        has_roles: false,
    };
    Archive {
        kind: Some(Kind::BackupZstd(1)),
        metadata: Some(metadata),
        ..Archive::default()
    }
}

#[test]
fn what_continues_others_is_judged_with_them() {
    let chained = |change: fn(&mut World)| {
        move |world: &mut World| {
            world.before = [(1, 10), (11, 20)]
                .map(|(first, last)| (backup(first, last), Integrity::File))
                .into();
            world.archive = backup(21, 30);
            world.count(seen::TRANSACTION, 32);
            change(world);
        }
    };
    let name = "neo4j.chain";
    check(name, Passed, None, chained(|_| ()));
    check(
        name,
        NotRun,
        Some(Reason::Replaced),
        chained(|world| {
            world.before.remove(1);
        }),
    );
    check(
        name,
        NotRun,
        INTERNAL,
        chained(|world| {
            world.before[0].0.metadata = None;
        }),
    );
    let name = "neo4j.identity";
    check(name, Passed, None, chained(|_| ()));
    check(
        name,
        Failed,
        Some(Reason::Identity),
        chained(|world| {
            world.count(seen::TRANSACTION, 31);
        }),
    );
    for seen in [seen::TRANSACTION, seen::LOADED_TRANSACTION, seen::NODES] {
        check(name, NotRun, INTERNAL, |world| {
            chained(|_| ())(world);
            world.see(seen, None);
        });
    }
    check("neo4j.checksum", Passed, None, chained(|_| ()));
    check(
        "neo4j.checksum",
        Failed,
        Some(Reason::NoChecksum),
        chained(|world| {
            world.before[1].1 = Integrity::None;
        }),
    );
    check(
        "neo4j.trailing_bytes",
        Warning,
        None,
        chained(|world| {
            world.trailing_bytes = 9;
        }),
    );
}
