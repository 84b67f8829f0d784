//! Causes that a server names when it refuses a file: fixed sentences, never a key. Pure.

/// Beginning of a report of `rdb.c` about a file; then offset, place in the source, arrow and
/// cause.
const REPORT: &str = "Internal error in RDB reading ";
const ARROW: &str = " -> ";

/// Beginning of a panic (`debug.c`); then the cause.
const PANIC: &str = "Guru Meditation: ";

/// Beginning of the lines of a built-in module of Redis 8.
const VECTOR_SET: &str = "<vectorset> ";

/// Beginnings of causes (`rdb.c`, `functions.c`), of Redis 6.2 to 8.10 and Valkey 7.2 to 9.1. What
/// follows may be a name out of the file, and is left out.
const CAUSES: &[&str] = &[
    "Corrupt stream",
    "Duplicate hash fields detected",
    "Duplicate set members detected",
    "Duplicate stream consumer detected",
    "Duplicate zset fields detected",
    "Duplicated consumer PEL entry",
    "Duplicated consumer group name",
    "Duplicated global PEL entry",
    "Duplicated key found in RDB file",
    "Hash listpack integrity check failed",
    "Hash listpackex integrity check failed",
    "Hash with dup elements",
    "Hash ziplist integrity check failed",
    "Hash zipmap with dup elements, or big length",
    "Intset integrity check failed",
    "Invalid LZF compressed string",
    "List ziplist integrity check failed",
    "Listpack integrity check failed",
    "OOM in dictTryExpand",
    "Quicklist integrity check failed",
    "Set listpack integrity check failed",
    "Stream CG PEL entry without consumer",
    "Stream PEL",
    "Stream cgroup",
    "Stream consumer",
    "Stream length inconsistent with",
    "Stream listpack",
    "Stream node key entry is not the size of a stream ID",
    "Stream object metadata loading failed",
    "Stream short read",
    "Unknown RDB encoding type",
    "Unknown RDB integer encoding type",
    "Unknown RDB string encoding type",
    "Ziplist integrity check failed",
    "Zipmap integrity check failed",
    "Zset listpack integrity check failed",
    "Zset listpack with NAN score detected",
    "Zset with NAN score detected",
    "Zset ziplist integrity check failed",
    "Zset ziplist with NAN score detected",
];

/// Beginnings of other lines that accuse the file, as far as they are told.
const OTHERS: &[&str] = &[
    "Duplicated key found in RDB file",
    "RDB has duplicated key",
    "Wrong RDB checksum",
    "RDB CRC error",
    "Wrong signature trying to load DB from file",
    "Unexpected EOF reading RDB file",
    "Short read or OOM loading DB",
    "Vector set node index loading error",
];

/// Returns the cause that these lines name, which have no prefix any more: the most telling kind of
/// line is searched first.
pub(super) fn named(lines: &[&str]) -> Option<&'static str> {
    let begins = |text: &str, known: &'static [&'static str]| {
        known
            .iter()
            .find(|known| text.starts_with(**known))
            .copied()
    };
    let reported = |line: &&str| {
        let rest = line.strip_prefix(REPORT)?;
        begins(&rest[rest.find(ARROW)? + ARROW.len()..], CAUSES)
    };
    let panicked = |line: &&str| begins(line.strip_prefix(PANIC)?, CAUSES);
    let others = |line: &&str| begins(line.strip_prefix(VECTOR_SET).unwrap_or(line), OTHERS);
    let mut found = lines.iter().find_map(reported);
    found = found.or_else(|| lines.iter().find_map(panicked));
    found.or_else(|| lines.iter().find_map(others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_told_without_what_was_read() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(named(&[line]), expected, "{line}");
        };
        check(
            "Internal error in RDB reading offset 0, function at rdb.c:1877 -> Duplicate zset \
             fields detected",
            Some("Duplicate zset fields detected"),
        );
        check(
            "Internal error in RDB reading offset 9, function at rdb.c:2700 -> Duplicated consumer \
             group name alice",
            Some("Duplicated consumer group name"),
        );
        check(
            "Internal error in RDB reading offset 9, function at rdb.c:1 -> alice",
            None,
        );
        check(
            "Guru Meditation: Duplicated key found in RDB file #rdb.c:3156",
            Some("Duplicated key found in RDB file"),
        );
        check("Guru Meditation: alice #rdb.c:3156", None);
        check(
            "RDB has duplicated key 'alice' in DB 0",
            Some("RDB has duplicated key"),
        );
        check(
            "<vectorset> Vector set node index loading error",
            Some("Vector set node index loading error"),
        );
        check("Ready to accept connections", None);
    }

    #[test]
    fn a_report_is_more_telling_than_what_follows_it() {
        let lines = [
            "Short read or OOM loading DB. Unrecoverable error, aborting now.",
            "Internal error in RDB reading offset 1, function at rdb.c:1 -> Hash with dup elements",
        ];
        assert_eq!(named(&lines), Some("Hash with dup elements"));
    }
}
