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

/// A full backup, a differential one, and this change.
fn chained(change: impl FnOnce(&mut World)) -> impl FnOnce(&mut World) {
    |world| {
        let before = |(first, last)| Before {
            archive: backup(first, last),
            integrity: Integrity::File,
            manifest: None,
        };
        world.before = [(1, 10), (11, 20)].map(before).into();
        world.archive = backup(21, 30);
        world.count(seen::TRANSACTION, 32);
        change(world);
    }
}

/// The same where only the full one holds changes: no server has to apply any.
fn unchanged(change: impl FnOnce(&mut World)) -> impl FnOnce(&mut World) {
    chained(|world| {
        world.before.truncate(1);
        world.archive = backup(0, 0);
        change(world);
    })
}

#[test]
fn what_continues_others_is_judged_with_them() {
    let name = "neo4j.chain";
    check(name, Passed, None, chained(|_| ()));
    let gap = chained(|world| drop(world.before.remove(1)));
    check(name, NotRun, Some(Reason::Replaced), gap);
    let dump = chained(|world| world.before[0].archive.metadata = None);
    check(name, NotRun, INTERNAL, dump);
    let name = "neo4j.checksum";
    check(name, Passed, None, chained(|_| ()));
    let unsummed = chained(|world| world.before[1].integrity = Integrity::None);
    check(name, Failed, Some(Reason::NoChecksum), unsummed);
    let trailing = chained(|world| world.trailing_bytes = 9);
    check("neo4j.trailing_bytes", Warning, None, trailing);
}

#[test]
fn that_differential_backups_were_applied_is_not_taken_on_trust() {
    let name = "neo4j.identity";
    check(name, NotRun, INTERNAL, chained(|_| ()));
    check(name, Passed, None, unchanged(|_| ()));
    let identity = Some(Reason::Identity);
    let older = |world: &mut World| world.count(seen::TRANSACTION, 31);
    check(name, Failed, identity, chained(older));
    check(name, Failed, identity, unchanged(older));
    for seen in [seen::TRANSACTION, seen::LOADED_TRANSACTION, seen::NODES] {
        let untold = unchanged(|world| world.see(seen, None));
        check(name, NotRun, INTERNAL, untold);
    }
    let other = unchanged(|world| world.count(seen::TYPED, 252));
    check(name, NotRun, INTERNAL, other);
}

#[test]
fn each_object_is_held_against_its_own_manifest() {
    let name = "neo4j.manifest";
    let said = |size_bytes, sha256: &str| {
        Some(Manifest {
            size_bytes: Some(size_bytes),
            sha256: Some(sha256.repeat(32)),
            schema: 1,
            taken_at: None,
            items: BTreeMap::new(),
            producer: None,
            engine_version: None,
        })
    };
    let of_link = |at: usize, manifest| chained(move |world| world.before[at].manifest = manifest);
    check(name, NotApplicable, None, chained(|_| ()));
    for at in [0, 1] {
        check(name, Passed, None, of_link(at, said(1000, "ab")));
        for other in [said(999, "ab"), said(1000, "ac")] {
            let bad = Some(Reason::Inconsistent);
            check(name, Failed, bad, of_link(at, other));
        }
    }
    let mut world = World::new();
    of_link(1, said(999, "ab"))(&mut world);
    let message = world.answer(name).finding.message;
    assert!(
        message.contains("(2 of the 3 restored together)"),
        "{message}"
    );
}
