//! The meaning of exit codes and sentences of `neo4j-admin`. Pure.
//!
//! Exit code 1 is said of many things. A store is called inconsistent only by the sentence and the
//! report together; everything else is nobody's fault but ours.

use catalog::ledger::Reason;

use crate::{
    engine::{Stopped, hindered},
    runtime::{Capture, Exit},
};

/// Judges a check that failed. It accuses the files only by code 1 with the sentence that
/// `CheckCommand` has for that, which names the report it wrote.
pub(super) fn why_not_consistent(told: &Exit) -> Stopped {
    const REPORT: &str = ".report'";
    let found = told.code == 1 && says(told, INCONSISTENT) && says(told, REPORT);
    if found && !told.out_of_memory {
        let message = format!(
            "neo4j-admin database check reports inconsistencies in the restored files{}",
            summary(told)
        );
        return Stopped::new(Reason::Inconsistent, message);
    }
    if says(told, "must be upgraded or migrated") {
        return superseded("neo4j-admin database check opens the store only after a migration");
    }
    ours(told).unwrap_or_else(|| {
        let message = format!(
            "neo4j-admin database check ended with code {} without a verdict on the files\nhint: \
             Try it by hand, or write neo4j: {{ check: {{ level: none }} }}.",
            told.code
        );
        Stopped::new(Reason::Internal, message)
    })
}

/// The end of a run whose store only a migration opens; `what` says how that was seen.
pub(super) fn superseded(what: &str) -> Stopped {
    let message = format!(
        "{what}\nhint: Verify it with an image of the version that wrote it, or migrate \
         production; verify.rehearse migrates a copy."
    );
    Stopped::new(Reason::MigrationRequired, message)
}

/// True if a check ended before it looked at anything, because the store was not closed: code 1
/// with the sentence for that. Only the error output is read: the output may hold names of the
/// graph.
pub(super) fn is_unrecovered(told: &Exit) -> bool {
    let said = told.stderr.text();
    told.code == 1
        && !told.out_of_memory
        && said.contains("Active logical log detected")
        && !says(told, INCONSISTENT)
}

/// Sentence of `CheckCommand` about a store in which it found something.
const INCONSISTENT: &str = "Inconsistencies found. See '";

/// Returns the sums of a report (`ConsistencySummaryStatistics`): how many errors, and how many
/// inconsistent records of each type. Everything else in it may hold names and numbers of the
/// graph.
fn summary(told: &Exit) -> String {
    let text = told.stdout.text();
    let lines = text.lines().map(str::trim);
    let counted = lines.filter_map(|line| {
        let (what, count) = line.strip_prefix("Number of ")?.split_once(": ")?;
        let count: u64 = count.parse().ok()?;
        let kind = what.strip_prefix("inconsistent ");
        let kind = kind.and_then(|it| it.strip_suffix(" records"));
        let known = |it: &str| it.bytes().all(|it| it.is_ascii_uppercase() || it == b'_');
        match kind {
            Some(kind) if known(kind) && kind.len() <= RECORD_TYPE_LENGTH => {
                Some(format!("{count} {kind}"))
            }
            None if what == "errors" => Some(format!("{count} errors")),
            _ => None,
        }
    });
    let counted: Vec<_> = counted.take(RECORD_TYPES).collect();
    if counted.is_empty() {
        return String::new();
    }
    format!(": {}", counted.join(", "))
}

/// Most types of records, and longest name of one: what `RecordType` has, rounded up.
const RECORD_TYPES: usize = 40;
const RECORD_TYPE_LENGTH: usize = 40;

/// Judges a `neo4j-admin database load` that failed although it was given the whole archive. Every
/// damage looks the same to it, so an accusation must be shown again.
pub(super) fn why_not_loaded(put: &Exit) -> Stopped {
    if says(put, "Loading of differential") {
        return differential();
    }
    if let Some(stopped) = known(put) {
        return stopped;
    }
    if put.code == 1 && says(put, "Load failed for databases: 'neo4j'") {
        let message = "neo4j-admin database load refused the archive";
        return Stopped::new(Reason::Unrestorable, message);
    }
    let message = format!(
        "neo4j-admin database load ended with code {} without a word about the archive",
        put.code
    );
    Stopped::new(Reason::Internal, message)
}

/// The end of a run whose archive turned out to be a differential backup.
pub(super) fn differential() -> Stopped {
    let message = "the archive is a differential backup, which is read and not restored\nhint: \
                   Take full backups, too: they are verified.";
    Stopped::new(Reason::NeedsEnterprise, message)
}

/// The end of a run, if a tool said what every tool may say and what is not about the contents.
pub(super) fn known(told: &Exit) -> Option<Stopped> {
    ours(told).or_else(|| of_another_version(told))
}

/// The end of a run whose store is older or newer than the image knows: that is not a bad store,
/// and Neo4j says it in more than one way.
fn of_another_version(told: &Exit) -> Option<Stopped> {
    const WORDS: [&str; 4] = [
        "store version",
        "store with version",
        "not supported",
        "not a supported version",
    ];
    let message = "the server of this image does not know the version of the store: it is too old \
                   to be migrated by it, or newer\nhint: Put an image of the version that wrote it \
                   first in verifier.images.neo4j.";
    WORDS
        .iter()
        .any(|words| says(told, words))
        .then(|| Stopped::new(Reason::UnknownVersion, message))
}

/// The end of a run, if a tool met what only the machine, the sandbox or the image can cause.
fn ours(told: &Exit) -> Option<Stopped> {
    /// CANTCREAT and IOERR, of `ExitCode` of Neo4j.
    const IO: [i32; 2] = [73, 74];
    const CRASHED: &str = "A fatal error has been detected by the Java Runtime Environment";
    let any = |texts: &[&str]| texts.iter().any(|text| says(told, text));
    let ended = (told.code, told.out_of_memory);
    let met = hindered::by_sandbox("one of Neo4j's tools", ended, &|text| says(told, text));
    if met.is_some() {
        return met;
    }
    let (reason, message) = if IO.contains(&told.code) {
        (
            Reason::Internal,
            "one of Neo4j's tools could not read or write the sandbox's files\nhint: Look at the \
             disk and the limits of the machine that restores.",
        )
    } else if any(&["not found"]) {
        (
            Reason::NoImage,
            "Neo4j's tools do not run in this image\nhint: Try it by hand, and look at what the \
             image holds.",
        )
    } else if any(&[
        "AccessDeniedException",
        "You do not have permission",
        "Permission denied",
    ]) {
        (
            Reason::Internal,
            "Neo4j's tools may not write in the sandbox",
        )
    } else if any(&[CRASHED]) {
        (
            Reason::Internal,
            "the Java machine of one of Neo4j's tools broke down\nhint: Look at the memory and \
             the processor of the machine that restores, or try another image.",
        )
    } else {
        return None;
    };
    Some(Stopped::new(reason, message))
}

fn says(exit: &Exit, text: &str) -> bool {
    let within = |capture: &Capture| capture.text().contains(text);
    within(&exit.stderr) || within(&exit.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::exited;

    /// What a tool ended with, and what it wrote to its error output.
    fn exit(code: i32, said: &str) -> Exit {
        exited(code, "", said)
    }

    #[test]
    fn only_the_sentence_and_the_report_together_make_a_store_inconsistent() {
        let check = |code, said, expected| {
            let stopped = why_not_consistent(&exit(code, said));
            assert_eq!(stopped.reason, expected, "{code} {said}");
        };
        let found = "Inconsistencies found. See '/data/witness/logs/inconsistencies-2026-11-22.\
                     10.00.00.report' for details.";
        check(1, found, Reason::Inconsistent);
        check(70, found, Reason::Internal);
        check(1, "Inconsistencies found.", Reason::Internal);
        check(
            1,
            "The database is in use. Stop database 'neo4j' and try again.",
            Reason::Internal,
        );
        check(1, "Active logical log detected", Reason::Internal);
        check(
            1,
            "The store must be upgraded or migrated to a supported version.",
            Reason::MigrationRequired,
        );
        check(64, "Unknown option: '--nonsense'", Reason::Internal);
        check(70, "Consistency checking failed.", Reason::Internal);
        check(
            70,
            "java.lang.OutOfMemoryError: Java heap space",
            Reason::OutOfMemory,
        );
        check(
            74,
            "Failed to prepare for consistency check",
            Reason::Internal,
        );
        check(137, "", Reason::Killed);
        let starved = Exit {
            out_of_memory: true,
            ..exit(1, found)
        };
        assert_eq!(why_not_consistent(&starved).reason, Reason::OutOfMemory);
    }

    #[test]
    fn only_its_own_sentence_makes_a_store_unrecovered() {
        let said = "Active logical log detected, this might be a source of inconsistencies.";
        assert!(is_unrecovered(&exit(1, said)));
        assert!(!is_unrecovered(&exit(70, said)));
        let found = "Inconsistencies found. See '/data/witness/logs/a.report' for details.";
        assert!(!is_unrecovered(&exit(1, found)));
        assert!(!is_unrecovered(&exit(1, &format!("{said}\n{found}"))));
        let named = exited(1, said, "");
        assert!(!is_unrecovered(&named), "as the name of an index");
        let starved = Exit {
            out_of_memory: true,
            ..exit(1, said)
        };
        assert!(!is_unrecovered(&starved));
    }

    #[test]
    fn a_report_is_quoted_by_its_sums_only() {
        let check = |printed: &str, expected: &str| {
            assert_eq!(summary(&exited(1, printed, "")), expected, "{printed}");
        };
        // As 5.26 prints it.
        check(
            "ERROR [o.n.c.ConsistencyCheckService] The source node is not in use.\n\
             \tRelationship[9,used=true,source=2,target=9]\n\
             WARN Inconsistencies found: ConsistencySummaryStatistics {\n\
             \tNumber of errors: 16\n\tNumber of warnings: 2\n\
             \tNumber of inconsistent COUNTS records: 8\n\
             \tNumber of inconsistent LABEL_SCAN_DOCUMENT records: 1\n}\n",
            ": 16 errors, 8 COUNTS, 1 LABEL_SCAN_DOCUMENT",
        );
        check("Number of inconsistent alice records: 3\n", "");
        check("Number of inconsistent NODE records: many\n", "");
        check("", "");
    }

    #[test]
    fn a_load_that_fails_accuses_the_archive_only_in_its_own_words() {
        let check = |code, said: &str, expected| {
            let stopped = why_not_loaded(&exit(code, said));
            assert_eq!(stopped.reason, expected, "{code} {said}");
        };
        let failed = "Failed to load database 'neo4j': Not a valid Neo4j archive\n\
                      Load failed for databases: 'neo4j'";
        check(1, failed, Reason::Unrestorable);
        check(70, failed, Reason::Internal);
        check(1, "", Reason::Internal);
        check(
            1,
            "Failed to load database 'neo4j': Can not read store version of database neo4j\n\
             Load failed for databases: 'neo4j'",
            Reason::UnknownVersion,
        );
        check(
            1,
            "Failed to load database 'neo4j': the format block-1.2 is not supported\n\
             Load failed for databases: 'neo4j'",
            Reason::UnknownVersion,
        );
        check(
            1,
            "Loading of differential Neo4j backup is not supported. Use restore database instead.",
            Reason::NeedsEnterprise,
        );
        check(
            70,
            "java.lang.UnsatisfiedLinkError: /tmp/libzstd-jni.so: failed to map segment",
            Reason::NoImage,
        );
        // As a real one said it of a data directory mounted without `exec`.
        check(
            1,
            "Exception in thread \"main\" java.lang.UnsatisfiedLinkError: /data/witness/tmp/\
             libzstd-jni-1.5.6-6.so: failed to map segment from shared object",
            Reason::NoImage,
        );
        check(137, "Killed", Reason::Killed);
        check(
            1,
            "Failed to load database 'neo4j': No space left on device\n\
             Load failed for databases: 'neo4j'",
            Reason::Disk,
        );
        for broken in [
            "Input/output error",
            "Too many open files",
            "Read-only file system",
        ] {
            let said = format!("java.io.IOException: {broken}\nLoad failed for databases: 'neo4j'");
            check(1, &said, Reason::Internal);
        }
        check(127, "sh: 1: neo4j-admin: not found", Reason::NoImage);
    }

    #[test]
    fn a_java_machine_that_ended_before_its_first_word_says_nothing_of_the_archive() {
        let crash = "# A fatal error has been detected by the Java Runtime Environment:";
        let refused = "[0.004s][warning][os,thread] Failed to start thread \"GC Thread#0\" - \
                       pthread_create failed (EAGAIN) for attributes: stacksize: 1024k";
        let unstarted = "Error occurred during initialization of VM\n\
                         java.lang.OutOfMemoryError: unable to create native thread: possibly out \
                         of memory or process/resource limits reached";
        let large = "Error occurred during initialization of VM\n\
                     Could not reserve enough space for 2097152KB object heap\n\
                     Error: Could not create the Java Virtual Machine.";
        let lost = "java: error while loading shared libraries: libjli.so: cannot open shared \
                    object file: No such file or directory";
        let old = "java.lang.UnsupportedClassVersionError: org/neo4j/cli/AdminTool";
        let other = "Unrecognized VM option 'UseG1GC'\n\
                     Error: Could not create the Java Virtual Machine.";
        let cases = [
            (crash, Reason::Internal),
            (refused, Reason::Internal),
            (unstarted, Reason::Internal),
            (large, Reason::OutOfMemory),
            (lost, Reason::NoImage),
            (old, Reason::NoImage),
            (other, Reason::NoImage),
            ("", Reason::Internal),
        ];
        for (said, expected) in cases {
            for code in [1, 134, 139] {
                let told = exit(code, said);
                for stopped in [why_not_loaded(&told), why_not_consistent(&told)] {
                    assert_eq!(stopped.reason, expected, "{code} {said}");
                }
            }
        }
    }
}
