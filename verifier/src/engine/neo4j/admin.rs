//! What `neo4j-admin` is asked about the restored files while they are at rest, and what its exit
//! codes and sentences mean.
//!
//! Exit code 1 is said of many things: a store is called inconsistent only by the sentence and the
//! report together, and everything else is nobody's fault but ours.

use catalog::{
    evidence::Reason,
    format::neo4j::{Check, CheckLevel},
};
use serde::Deserialize;

use super::{DATABASE, image, log, migrate, script, seen};
use crate::{
    engine::{Bench, Observation, Purpose, Stopped},
    runtime::{Capture, Exit},
};

/// What is known of the files before a server has touched them.
pub(super) struct AtRest {
    pub(super) observations: Vec<Observation>,
    /// Only a start and a clean stop make them whole.
    pub(super) needs_recovery: bool,
}

/// `database info --format=json`: all values are strings (`InfoCommand`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    store_format: Option<String>,
    store_format_superseded: Option<String>,
    last_committed_transaction: Option<String>,
    recovery_required: Option<String>,
}

/// Counts the files, and asks `neo4j-admin database info` about them. What only a migration makes
/// readable is migrated in a rehearsal, and ends everything else.
pub(super) async fn inspect(bench: &Bench<'_>) -> Result<AtRest, Stopped> {
    bench.stage("restore", at_rest(bench)).await
}

async fn at_rest(bench: &Bench<'_>) -> Result<AtRest, Stopped> {
    let counted = bench.sandbox.exec(&script::count(), None).await?;
    let mut observations = files(&counted);
    let mut info = info(bench).await?;
    if let Err(superseded) = info.is_current() {
        if bench.purpose == Purpose::Proof {
            return Err(superseded);
        }
        let before = info.store_format.take().unwrap_or_default();
        migrate::migrate(bench).await?;
        info = self::info(bench).await?;
        info.is_current()?;
        observations.push(seen::word(seen::MIGRATED_FROM, before));
    }
    let number = |text: Option<String>| text?.parse().ok();
    if let Some(last) = number(info.last_committed_transaction) {
        observations.push(seen::count(seen::LOADED_TRANSACTION, last));
    }
    observations.extend(
        info.store_format
            .map(|it| seen::word(seen::STORE_FORMAT, it)),
    );
    Ok(AtRest {
        observations,
        needs_recovery: info.recovery_required.as_deref() == Some("true"),
    })
}

async fn info(bench: &Bench<'_>) -> Result<Info, Stopped> {
    let words = ["database", "info", "--format=json", DATABASE];
    let told = script::admin(bench.spec, &words, None);
    let told = bench.sandbox.exec(&told, None).await?;
    bench.note_log(log::shown(&told.stderr.text()));
    info_of(&told).ok_or_else(|| why_nothing_told(&told))
}

impl Info {
    /// Whether this server opens it as it is.
    fn is_current(&self) -> Result<(), Stopped> {
        let since = self.store_format_superseded.as_deref();
        since.map_or(Ok(()), |since| {
            let format = self.store_format.as_deref().unwrap_or_default();
            Err(superseded(format, since))
        })
    }
}

fn why_nothing_told(told: &Exit) -> Stopped {
    ours(told)
        .or_else(|| of_another_version(told))
        .unwrap_or_else(|| {
            let message = format!(
                "neo4j-admin database info ended with code {}, and told nothing of the store",
                told.code
            );
            Stopped::new(Reason::Internal, message)
        })
}

fn superseded(format: &str, since: &str) -> Stopped {
    let message = format!(
        "the store is of the format {format}, which {since} superseded: this server opens it only \
         after neo4j-admin database migrate\nhint: Verify it with an image of the version that \
         wrote it, or migrate production; verify.rehearse migrates a copy."
    );
    Stopped::new(Reason::MigrationRequired, message)
}

/// The last line that is an object: warnings precede it.
fn info_of(told: &Exit) -> Option<Info> {
    let text = told.stdout.text();
    let mut lines = text.lines().rev();
    let line = lines.find(|line| line.trim_start().starts_with('{'))?;
    serde_json::from_str(line).ok().filter(|_| told.code == 0)
}

/// `FILES BYTES`; nothing where the image cannot count.
fn files(counted: &Exit) -> Vec<Observation> {
    let text = counted.stdout.text();
    let mut numbers = text.split_whitespace().map(str::parse);
    match (counted.code, numbers.next(), numbers.next()) {
        (0, Some(Ok(files)), Some(Ok(bytes))) => {
            vec![
                seen::count(seen::FILES, files),
                seen::count(seen::BYTES, bytes),
            ]
        }
        _ => Vec::new(),
    }
}

/// `neo4j-admin database check`; `Ok` only if it found nothing.
pub(super) async fn check(bench: &Bench<'_>, how: &Check) -> Result<(), Stopped> {
    let room = image::check_bytes(bench.spec.memory_bytes);
    let memory = how.memory.map_or(room, |memory| memory.bytes().min(room));
    let indexes = format!("--check-indexes={}", how.level == CheckLevel::Full);
    let memory = format!("--max-off-heap-memory={memory}");
    let words = [
        "database",
        "check",
        "--report-path=witness/logs",
        &memory,
        &indexes,
        DATABASE,
    ];
    let budget = how.budget.map(Into::into);
    let told = bench
        .sandbox
        .exec(&script::admin(bench.spec, &words, budget), None)
        .await?;
    if told.code == 0 {
        return Ok(());
    }
    bench.note_log(log::shown(&told.stderr.text()));
    Err(why_not_consistent(&told))
}

/// Code 1 with the sentence `CheckCommand` has for it, which names the report it wrote.
fn why_not_consistent(told: &Exit) -> Stopped {
    const SENTENCE: &str = "Inconsistencies found. See '";
    const REPORT: &str = ".report'";
    let found = told.code == 1 && says(told, SENTENCE) && says(told, REPORT);
    if found && !told.out_of_memory {
        let message = format!(
            "neo4j-admin database check reports inconsistencies in the restored files{}",
            summary(told)
        );
        return Stopped::new(Reason::Inconsistent, message);
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

/// What its report sums up (`ConsistencySummaryStatistics`): how many errors, and in how many
/// records of each type. Everything else in it may hold names and numbers of the graph.
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

/// Constants of `RecordType`, and length of the longest of them, both rounded up.
const RECORD_TYPES: usize = 40;
const RECORD_TYPE_LENGTH: usize = 40;

/// Why `neo4j-admin database load` did not take an archive, all of which it was given. Every
/// damage looks the same to it, so what is said here must be shown again.
pub(super) fn why_not_loaded(put: &Exit) -> Stopped {
    if says(put, "Loading of differential") {
        let message = "the archive is a differential backup, which the Community Edition does not \
                       restore";
        return Stopped::new(Reason::NeedsEnterprise, message);
    }
    if let Some(stopped) = ours(put) {
        return stopped;
    }
    if let Some(stopped) = of_another_version(put) {
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

/// Why `neo4j-admin database restore` did not restore a chain of backups. It was never met here, so
/// nothing it says condemns them.
pub(super) fn why_not_restored(told: &Exit) -> Stopped {
    ours(told)
        .or_else(|| of_another_version(told))
        .unwrap_or_else(|| {
            let message = format!(
                "neo4j-admin database restore ended with code {}\nhint: Try it by hand with the \
                 same backups in one directory.",
                told.code
            );
            Stopped::new(Reason::Internal, message)
        })
}

/// A store that is older or newer than the image knows is not a bad one, and Neo4j says it in more
/// than one way.
pub(super) fn of_another_version(told: &Exit) -> Option<Stopped> {
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

/// What only the sandbox or the image can cause.
pub(super) fn ours(told: &Exit) -> Option<Stopped> {
    /// 128 + `SIGKILL`, as a shell reports it; 130 and 143 are `SIGINT` and `SIGTERM`.
    const KILLED: [i32; 3] = [130, 137, 143];
    /// `ExitCode` of Neo4j: CANTCREAT and IOERR.
    const IO: [i32; 2] = [73, 74];
    let any = |texts: &[&str]| texts.iter().any(|text| says(told, text));
    let (reason, message) = if told.out_of_memory || any(&STARVED) {
        (
            Reason::OutOfMemory,
            "Neo4j's tools ran out of the sandbox's memory\nhint: Raise verifier.limits.memory.",
        )
    } else if KILLED.contains(&told.code) {
        (
            Reason::Killed,
            "one of Neo4j's tools was killed, by none of us",
        )
    } else if any(&["No space left on device", "Disk quota exceeded"]) || IO.contains(&told.code) {
        (
            Reason::Disk,
            "the sandbox's disk was full or failed\nhint: Raise verifier.limits.disk.",
        )
    } else if any(&[
        "UnsatisfiedLinkError",
        "UnsupportedClassVersionError",
        "not found",
    ]) || matches!(told.code, 126 | 127 | 132)
    {
        (
            Reason::NoImage,
            "Neo4j's tools do not run in this image\nhint: Try it by hand, and look at the \
             image's architecture and its Java.",
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
    } else {
        return None;
    };
    Some(Stopped::new(reason, message))
}

const STARVED: [&str; 4] = [
    "java.lang.OutOfMemoryError",
    "There is insufficient memory for the Java Runtime Environment to continue",
    "Cannot allocate memory",
    "MemoryLimitExceeded",
];

fn says(exit: &Exit, text: &str) -> bool {
    let within = |capture: &Capture| capture.text().contains(text);
    within(&exit.stderr) || within(&exit.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::FeedEnd;

    /// What a tool ended with, and what it wrote to its error output.
    fn exit(code: i32, said: &str) -> Exit {
        let mut stderr = Capture::default();
        stderr.push(said.as_bytes());
        Exit {
            code,
            stdout: Capture::default(),
            stderr,
            feed: FeedEnd::NoFeed,
            out_of_memory: false,
        }
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
        check(64, "Unknown option: '--nonsense'", Reason::Internal);
        check(70, "Consistency checking failed.", Reason::Internal);
        check(
            70,
            "java.lang.OutOfMemoryError: Java heap space",
            Reason::OutOfMemory,
        );
        check(74, "Failed to prepare for consistency check", Reason::Disk);
        check(137, "", Reason::Killed);
        let starved = Exit {
            out_of_memory: true,
            ..exit(1, found)
        };
        assert_eq!(why_not_consistent(&starved).reason, Reason::OutOfMemory);
    }

    #[test]
    fn a_report_is_quoted_by_its_sums_only() {
        let check = |printed: &str, expected: &str| {
            let mut told = exit(1, "");
            told.stdout.push(printed.as_bytes());
            assert_eq!(summary(&told), expected, "{printed}");
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
        check(127, "sh: 1: neo4j-admin: not found", Reason::NoImage);
    }

    #[test]
    fn the_store_is_told_by_the_last_object_printed() {
        let told = |code, said: &str| {
            let mut told = exit(code, "");
            told.stdout.push(said.as_bytes());
            info_of(&told).map(|info| (info.recovery_required, info.store_format_superseded))
        };
        let info = r#"{"databaseName":"neo4j","inUse":"false","storeFormat":"record-aligned-1.1",
            "storeFormatIntroduced":"5.0.0","storeFormatSuperseded":null,
            "lastCommittedTransaction":"32","recoveryRequired":"false"}"#;
        let info = info.replace('\n', "");
        let expected = Some((Some("false".to_owned()), None));
        assert_eq!(told(0, &format!("WARNING: something\n{info}\n")), expected);
        assert_eq!(told(1, &info), None);
        assert_eq!(told(0, "Unable to read store"), None);
        assert_eq!(told(0, r#"{"storeFormat":"#), None);
    }
}
