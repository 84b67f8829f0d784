//! `neo4j-admin database migrate`, in rehearsals: it brings the store of a snapshot into the format
//! of this version.

use catalog::ledger::Reason;

use super::{
    DATABASE, admin_output, image, log,
    script::{self, Work},
};
use crate::{
    engine::{Bench, Stopped},
    runtime::Exit,
};

/// Option without which a migration ends at the first index of a kind that 5.0 removed; where there
/// is no such index it does nothing.
const BTREE: &str = "--force-btree-indexes-to-range";

/// Rewrites the store in the newest version of its own format.
pub(super) async fn migrate(bench: &Bench<'_>) -> Result<(), Stopped> {
    let memory = image::migration_memory(bench.spec);
    let words = ["database", "migrate", BTREE, &memory, DATABASE];
    let command = script::admin(bench.spec, Work::Heavy, &words, None);
    let told = bench.sandbox.exec(&command, None).await?;
    if told.code == 0 {
        return Ok(());
    }
    bench.note_log(log::shown(&told.stderr.text()));
    Err(why_not_migrated(&told))
}

/// Judges a migration that failed. It is never the snapshot's fault: the snapshot was loaded, and
/// nobody promised that it can be migrated.
fn why_not_migrated(told: &Exit) -> Stopped {
    if let Some(stopped) = admin_output::known(told) {
        return stopped;
    }
    let message = format!(
        "neo4j-admin database migrate ended with code {}: the store was not brought into the \
         format of this version\nhint: Try it by hand with this image on a copy: it says what is \
         in its way; versions in between may have to be passed one by one.",
        told.code
    );
    Stopped::new(Reason::MigrationRequired, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::exited;

    #[test]
    fn a_migration_that_fails_never_accuses_the_snapshot() {
        let check = |code, said: &str, expected| {
            let stopped = why_not_migrated(&exited(code, "", said));
            assert_eq!(stopped.reason, expected, "{code} {said}");
            assert!(!stopped.message.contains("Person"), "{}", stopped.message);
        };
        check(
            1,
            "Failed to migrate database 'neo4j': Migration will remove all BTREE indexes and \
             constraints backed by BTREE indexes: schema=(:Person {born})\n\
             Migration failed for databases: 'neo4j'",
            Reason::MigrationRequired,
        );
        check(
            64,
            "Unknown option: '--pagecache'",
            Reason::MigrationRequired,
        );
        check(
            1,
            "Failed to migrate database 'neo4j': No space left on device",
            Reason::Disk,
        );
        check(
            1,
            "java.lang.OutOfMemoryError: Java heap space",
            Reason::OutOfMemory,
        );
        check(137, "", Reason::Killed);
        check(
            1,
            "Failed to migrate database 'neo4j': the store version is not supported",
            Reason::UnknownVersion,
        );
    }
}
