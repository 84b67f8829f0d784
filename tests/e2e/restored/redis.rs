//! What servers of Redis hold: the data of the snapshot, and other data that it replaces.

use tests::{neo4j_archives::gzip, redis_server::Server};

use super::Recovery;
use crate::bench::Bench;

/// All steps of the page, in their order.
pub(crate) const STEPS: [&str; 11] = [
    "fetch",
    "confirm",
    "stop",
    "aside",
    "put",
    "append-only",
    "start",
    "check",
    "counted",
    "restart",
    "replicas",
];

/// The steps once the snapshot is here, for a server with or without append-only files.
pub(crate) fn steps(append_only: bool) -> Vec<&'static str> {
    let mut steps = STEPS[1..].to_vec();
    steps.retain(|it| append_only || *it != "append-only");
    steps
}

/// The data of the snapshot: every kind of key, two databases, a key that expires, a function.
const SNAPSHOT: [&[&str]; 8] = [
    &["SET", "greeting", "hello"],
    &["RPUSH", "queue", "1", "2", "three"],
    &["HSET", "settings", "theme", "dark", "size", "12"],
    &["ZADD", "scores", "1", "a", "2.5", "b"],
    &["SADD", "words", "one", "two"],
    &["SETEX", "session", "86400", "x"],
    &["XADD", "events", "1-1", "kind", "start"],
    &[
        "FUNCTION",
        "LOAD",
        "#!lua name=demo\nredis.register_function('hello', function() return 'hello' end)",
    ],
];

/// The data that the snapshot replaces.
pub(crate) const OTHER: [&[&str]; 2] = [&["SET", "greeting", "bad"], &["SET", "only-here", "1"]];

/// What a server holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    /// `DEBUG DIGEST`: of every key and value of all databases.
    digest: String,
    /// Libraries of functions, which the digest leaves out.
    libraries: String,
}

impl Contents {
    /// Asks a server, each command by `ask`, which returns the first line of the reply.
    pub(crate) fn asked(mut ask: impl FnMut(&[&str]) -> String) -> Self {
        Self {
            digest: ask(&["DEBUG", "DIGEST"]),
            libraries: ask(&["FUNCTION", "LIST"]),
        }
    }
}

/// A bench whose source has this data in a verified snapshot, and what a server holds that is
/// restored from it. `compressed`: the snapshot is a `.rdb.gz`.
pub(crate) fn verified_snapshot(compressed: bool) -> (Recovery, Contents) {
    let source = Server::start(&["--enable-debug-command", "yes"]);
    for command in SNAPSHOT {
        source.ask(command);
    }
    let contents = Contents::asked(|words| source.ask(words));
    source.ask(&["SAVE"]);
    let bytes = std::fs::read(source.dump()).unwrap();
    let bench = Bench::new("process");
    if compressed {
        let text = std::fs::read_to_string(bench.path("backups.yaml")).unwrap();
        let text = text.replace("%H%M.rdb", "%H%M.rdb.gz");
        std::fs::write(bench.path("backups.yaml"), text).unwrap();
        let path = bench.path("repository/redis/20261101-0100.rdb.gz");
        std::fs::write(path, gzip(&bytes)).unwrap();
    } else {
        bench.put(1, &bytes);
    }
    (Recovery::of(bench, "RestoreRedis"), contents)
}
