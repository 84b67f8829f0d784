//! Sentences of a server's log: which may be shown, and what they mean.
//!
//! A server prints key names of a damaged file. So only its own fixed sentences with numbers in
//! them are shown; any other line is replaced by its length.

use catalog::ledger::Reason;

use super::{cause, server::ServerKind};
use crate::engine::{Stopped, allowed::matches, unserved::ServerEnd};

/// Sentences of `server.c`, `rdb.c`, `redis-check-rdb.c`, `zmalloc` and `config.c`, of Redis 5 to 8
/// and Valkey 7 to 9. `#` stands for a number or version, `@` for the name of a module.
const ALLOWED: &[&str] = &[
    "Redis version=#, bits=#, commit=#, modified=#, pid=#, just started",
    "Valkey version=#, bits=#, commit=#, modified=#, pid=#, just started",
    "Server initialized",
    "Running mode=standalone, port=#.",
    "Ready to accept connections",
    "Ready to accept connections tcp",
    "Loading RDB produced by version #",
    "Loading RDB produced by Redis version #",
    "Loading RDB produced by Valkey version #",
    "Loading RDB produced by valkey version #",
    "RDB age # seconds",
    "RDB memory usage when created # Mb",
    "RDB is base AOF",
    "Done loading RDB, keys loaded: #, keys expired: #.",
    "Done loading RDB, keys loaded: #, keys expired: #, empty keys skipped: #.",
    "Done loading RDB, keys loaded: #, keys expired: #, all fields expired hashes: #.",
    "Done loading RDB, keys loaded: #, keys expired: #, empty keys skipped: #, \
     all fields expired hashes: #.",
    "DB loaded from disk: # seconds",
    "RDB file was saved with checksum disabled: no check performed.",
    "Can't handle RDB format version #",
    "Wrong signature trying to load DB from file",
    "Wrong RDB checksum expected: (#) but got (#). Aborting now.",
    "Short read or OOM loading DB. Unrecoverable error, aborting now.",
    "Unexpected EOF reading RDB file",
    "Terminating server after rdb file reading failure.",
    "Fatal error loading the DB, check server logs. Exiting.",
    "Fatal error loading the DB: Permission denied. Exiting.",
    "Fatal error loading the DB: Invalid argument. Exiting.",
    "Out Of Memory allocating # bytes!",
    "The RDB file contains AUX module data I can't load: no matching module '@'",
    "The RDB file contains module data I can't load: no matching module type '@'",
];

/// Counts of the last line about loading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Loaded {
    pub(super) keys: u64,
    pub(super) expired: u64,
    /// Containers without elements, and (Valkey 9) hashes none of whose fields is left: both are
    /// dropped at load.
    pub(super) skipped: u64,
}

/// Returns the log as it may be shown.
pub(super) fn shown(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .map(|line| {
            let message = message(line);
            let known = ALLOWED.iter().any(|pattern| matches(pattern, message));
            // Of a line that reports damage only its cause may be shown.
            match cause::named(&[message]) {
                _ if known => message.to_owned(),
                Some(cause) => format!("[{} bytes: {cause}]", line.len()),
                None => format!("[{} bytes]", line.len()),
            }
        })
        .collect()
}

/// Reads the counts of keys. They are needed for servers whose `INFO` has none (before 7.0), and
/// the count of skipped keys for every server. `None` if the log has no such line.
pub(super) fn loaded(lines: &[String]) -> Option<Loaded> {
    const BEGINNING: &str = "Done loading RDB, ";
    let counts = lines
        .iter()
        .rev()
        .find_map(|line| message(line).strip_prefix(BEGINNING))?;
    let count = |name: &str| -> Option<u64> {
        let rest = &counts[counts.find(name)? + name.len()..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse().ok()
    };
    Some(Loaded {
        keys: count("keys loaded: ")?,
        expired: count("keys expired: ")?,
        skipped: count("empty keys skipped: ").unwrap_or(0)
            + count("all fields expired hashes: ").unwrap_or(0),
    })
}

/// True if the log tells of the load to its end: every server writes this line after the counts.
pub(super) fn is_loaded(lines: &[String]) -> bool {
    let is_last = |line: &String| message(line).starts_with("DB loaded from disk");
    lines.iter().any(is_last)
}

/// Judges a server that ended before it served, by its code and its words. The first row that fits
/// counts.
///
/// | the server | reason |
/// |---|---|
/// | met what only a machine or an image can cause | see [`ServerEnd::hindered`] |
/// | cannot read such a file, or lacks a module | `no_image`, `module_missing` |
/// | says what only a sandbox of ours can cause | `internal` |
/// | had not said one word of the file, whatever its code | see [`ServerEnd::in_silence`] |
/// | had spoken of the file, and ended with code 0: somebody told it to end | `killed` |
/// | had spoken of the file, and ended with another code | `unrestorable`, with the named cause |
pub(super) fn explain(ended: ServerEnd, lines: &[String]) -> Stopped {
    let messages: Vec<&str> = lines.iter().map(|line| message(line)).collect();
    let says = |text: &str| messages.iter().any(|line| line.contains(text));
    if let Some(stopped) = ended.hindered(&says) {
        return stopped;
    }
    let (reason, message) = if CANNOT.iter().any(|text| says(text)) {
        (Reason::NoImage, CANNOT_READ)
    } else if says(NO_MATCH) {
        (Reason::ModuleMissing, NO_MODULE)
    } else if OURS.iter().any(|text| says(text)) {
        (
            Reason::Internal,
            "the server could not start for reasons of the sandbox",
        )
    } else if !spoke(lines) {
        return ended.in_silence("said a word of the snapshot");
    } else if ended.code == 0 {
        (Reason::Killed, TOLD_TO_END)
    } else {
        let code = ended.code;
        let cause = cause::named(&messages);
        let cause = cause.map_or_else(String::new, |cause| format!("; the server said: {cause}"));
        let message =
            format!("the server ended with code {code} while loading the snapshot{cause}");
        return Stopped::new(Reason::Unrestorable, message);
    };
    Stopped::new(reason, message)
}

/// True if a server has said one word of the file it was given.
pub(super) fn spoke(lines: &[String]) -> bool {
    lines.iter().any(|line| {
        let message = message(line);
        OF_THE_FILE.iter().any(|text| message.contains(text))
    })
}

/// The module that a server names as missing: letters, digits, `-` and `_` only.
pub(super) fn missing_module(lines: &[String]) -> Option<&str> {
    let mut named = lines.iter().filter_map(|line| {
        let (_, rest) = line.split_once(NO_MATCH)?;
        rest.split('\'').nth(1)
    });
    let harmless = |name: &&str| {
        let letter = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        (1..=NAME_LENGTH_MAX).contains(&name.len()) && name.bytes().all(letter)
    };
    named.find(harmless)
}

/// Returns the server's own name and version, which it logs before it reads anything (`server.c`,
/// `main()`).
pub(super) fn server(lines: &[String]) -> Option<ServerKind> {
    lines.iter().find_map(|line| {
        let message = message(line);
        let (name, version) = message.split_once(" version=")?;
        ServerKind::of_itself(&format!("{name} {version}"))
    })
}

/// Longest name of a module in bytes.
const NAME_LENGTH_MAX: usize = 64;

const CANNOT_READ: &str = "the server of this image cannot read what is in the snapshot";
const TOLD_TO_END: &str = "the server was told to end while it loaded the snapshot, by none of us\n\
    hint: Look at what else runs on the machine that restores.";
const NO_MODULE: &str = "the server of this image lacks a module that the snapshot needs\n\
    hint: Add an image with that module to verifier.images.redis, or name the module's file in \
    verifier.modules.redis.";
const NO_MATCH: &str = "no matching module";

/// Words of a server about a whole file that it is too old for, or of the other family: whole,
/// because the native inspection understood it to its last byte.
const CANNOT: [&str; 3] = [
    "Can't handle RDB format version",
    "Unknown RDB encoding type",
    "Failed loading library",
];

/// Words of a server that show that it reads the file (`rdb.c`, `server.c`, `redis-check-rdb.c`).
const OF_THE_FILE: [&str; 16] = [
    "Loading RDB produced by",
    "RDB age ",
    "RDB memory usage when created",
    "RDB is base AOF",
    "RDB file was saved with checksum disabled",
    "Done loading RDB",
    "DB loaded from disk",
    "Terminating server after rdb file reading failure",
    "Short read or OOM loading DB",
    "Fatal error loading the DB",
    "Wrong signature trying to load DB from file",
    "Wrong RDB checksum",
    "Internal error in RDB reading",
    "The RDB file contains",
    "RDB has duplicated key",
    "Duplicated key found in RDB file",
];

/// Words of a server about what only a sandbox of ours can cause.
const OURS: [&str; 7] = [
    "Permission denied",
    "Address already in use",
    "Could not create server TCP listening socket",
    "Failed listening on",
    "FATAL CONFIG FILE ERROR",
    "configured to handle more than",
    "Can't chdir",
];

/// Returns the line without `PID:ROLE DAY MONTH YEAR TIME LEVEL`, if it begins so.
fn message(line: &str) -> &str {
    let mut rest = line.trim_end();
    for word in 0..6 {
        let Some((first, after)) = rest.split_once(' ') else {
            return line.trim_end();
        };
        let pid = word > 0 || first.split_once(':').is_some_and(|(pid, _)| is_number(pid));
        let level = word < 5 || matches!(first, "." | "-" | "*" | "#");
        if !pid || !level {
            return line.trim_end();
        }
        rest = after.trim_start();
    }
    rest
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(code: i32) -> ServerEnd {
        ServerEnd {
            code,
            out_of_memory: false,
        }
    }

    fn line(message: &str) -> String {
        format!("12:M 22 Nov 2026 04:56:18.123 * {message}")
    }

    #[test]
    fn sentences_of_the_server_are_shown_and_everything_else_is_a_length() {
        let check = |message: &str, shown_as: Option<&str>| {
            let raw = line(message);
            let expected = shown_as.map_or(format!("[{} bytes]", raw.len()), str::to_owned);
            assert_eq!(shown(&[raw]), [expected]);
        };
        for plain in [
            "Server initialized",
            "Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=1, just started",
            "Loading RDB produced by version 7.0.15",
            "RDB memory usage when created 87.51 Mb",
            "Done loading RDB, keys loaded: 300007, keys expired: 10.",
            "Done loading RDB, keys loaded: 1, keys expired: 0, empty keys skipped: 2.",
            "Wrong RDB checksum expected: (a0b1c2d3e4f56789) but got (1). Aborting now.",
            "The RDB file contains module data I can't load: no matching module type 'ReJSON-RL'",
        ] {
            check(plain, Some(plain));
        }
        for secret in [
            "rdbLoadObject skipping empty key: user:alice",
            "Loading RDB produced by version alice",
            "Done loading RDB, keys loaded: 1, keys expired: 0. user:alice",
            "RDB age user:alice seconds",
            "",
        ] {
            check(secret, None);
        }
        let raw = line("RDB has duplicated key 'user:alice' in DB 0");
        let length = raw.len();
        assert_eq!(
            shown(&[raw]),
            [format!("[{length} bytes: RDB has duplicated key]")]
        );
        let raw = "[additional info] Reading key 'user:alice'".to_owned();
        assert_eq!(
            shown(std::slice::from_ref(&raw)),
            [format!("[{} bytes]", raw.len())]
        );
    }

    #[test]
    fn counts_are_read_from_the_last_line_about_loading() {
        let check = |text: &str, expected| assert_eq!(loaded(&[line(text)]), expected, "{text}");
        let counts = |keys, expired, skipped| {
            Some(Loaded {
                keys,
                expired,
                skipped,
            })
        };
        check(
            "Done loading RDB, keys loaded: 7, keys expired: 2.",
            counts(7, 2, 0),
        );
        check(
            "Done loading RDB, keys loaded: 7, keys expired: 2, empty keys skipped: 3.",
            counts(7, 2, 3),
        );
        check(
            "Done loading RDB, keys loaded: 2, keys expired: 1, all fields expired hashes: 1.",
            counts(2, 1, 1),
        );
        check(
            "Done loading RDB, keys loaded: 2, keys expired: 1, empty keys skipped: 3, \
             all fields expired hashes: 4.",
            counts(2, 1, 7),
        );
        check("DB loaded from disk: 0.001 seconds", None);
        assert_eq!(loaded(&[]), None);
    }

    #[test]
    fn a_server_that_ended_is_the_snapshots_fault_only_when_nothing_else_explains_it() {
        let check = |code, out_of_memory, text: &str, expected| {
            let ended = ServerEnd {
                code,
                out_of_memory,
            };
            let stopped = explain(ended, &[line(text)]);
            assert_eq!(stopped.reason, expected, "{code} {text}");
        };
        let short = "Short read or OOM loading DB. Unrecoverable error, aborting now.";
        check(1, false, short, Reason::Unrestorable);
        check(137, true, short, Reason::OutOfMemory);
        check(
            1,
            false,
            "Out Of Memory allocating 64 bytes!",
            Reason::OutOfMemory,
        );
        check(137, false, short, Reason::Killed);
        check(143, false, short, Reason::Killed);
        let begun = "Loading RDB produced by version 7.0.15";
        check(0, false, begun, Reason::Killed);
        check(0, false, "", Reason::Internal);
        check(
            1,
            false,
            "Can't handle RDB format version 99",
            Reason::NoImage,
        );
        let module = "The RDB file contains AUX module data I can't load: no matching module 'x'";
        check(1, false, module, Reason::ModuleMissing);
        check(
            1,
            false,
            "write error: No space left on device",
            Reason::Disk,
        );
        let denied = "Fatal error loading the DB: Permission denied. Exiting.";
        check(1, false, denied, Reason::Internal);
        check(1, false, "bind: Address already in use", Reason::Internal);
        check(1, false, "Unknown RDB encoding type 22", Reason::NoImage);
        check(
            1,
            false,
            "Failed loading library, aborting load",
            Reason::NoImage,
        );
        let starved = "rdbGenericLoadStringObject failed allocating 99 bytes";
        check(1, false, starved, Reason::OutOfMemory);
    }

    #[test]
    fn what_never_spoke_of_the_snapshot_says_nothing_about_it_whatever_its_code() {
        let check = |code, text: &str, expected| {
            let stopped = explain(with(code), &[line("Server initialized"), line(text)]);
            assert_eq!(stopped.reason, expected, "{code} {text}");
        };
        for code in [0, 1, 6, 134, 135, 136, 139, 255] {
            check(code, "", Reason::Internal);
            check(code, "crashed by signal: 11", Reason::Internal);
        }
        check(
            139,
            "<jemalloc>: Unsupported system page size",
            Reason::NoImage,
        );
        check(
            134,
            "Fatal: Can't initialize Background Jobs.",
            Reason::Internal,
        );
        check(127, "redis-server: not found", Reason::NoImage);
        for code in [1, 134, 139] {
            check(
                code,
                "Loading RDB produced by version 8.0.2",
                Reason::Unrestorable,
            );
        }
    }

    #[test]
    fn the_verdict_tells_the_cause_without_the_key() {
        let log = [
            line("Loading RDB produced by version 7.0.15"),
            line("RDB has duplicated key 'alice' in DB 0"),
            "Guru Meditation: Duplicated key found in RDB file #rdb.c:3156".into(),
        ];
        let stopped = explain(with(134), &log);
        assert_eq!(
            stopped.message,
            "the server ended with code 134 while loading the snapshot; the server said: \
             Duplicated key found in RDB file"
        );
    }

    #[test]
    fn a_missing_module_is_named_by_the_server_unless_it_is_no_name() {
        let check = |name: &str, expected: Option<&str>| {
            let told = "The RDB file contains module data I can't load: no matching module type";
            let lines = [line(&format!("{told} '{name}'"))];
            assert_eq!(missing_module(&lines), expected, "{name}");
        };
        check("ReJSON-RL", Some("ReJSON-RL"));
        check("graphdata", Some("graphdata"));
        check("a key of alice", None);
        check("", None);
        assert_eq!(missing_module(&[line("Server initialized")]), None);
    }

    #[test]
    fn a_server_tells_its_version_before_it_reads() {
        let check = |text: &str, expected: Option<&str>| {
            let server = server(&[line("Server initialized"), line(text)]);
            let server = server.map(|server| server.to_string());
            assert_eq!(server.as_deref(), expected, "{text}");
        };
        check(
            "Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=1, just started",
            Some("Redis 7.0"),
        );
        check("Valkey version=9.1.2, bits=64", Some("Valkey 9.1"));
        check("Other version=9.1.2", None);
    }
}
