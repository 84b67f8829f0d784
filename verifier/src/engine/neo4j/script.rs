//! The few lines of shell that run Neo4j's own tools inside a sandbox.
//!
//! Of all its directories only the data directory may be written to and run from, so settings, logs
//! and temporary files lie there, too. `/tmp` is mounted without `exec`, and the library that
//! unpacks archives is run from where Java keeps temporary files. Without a network a container's
//! own name has no address, and a server that cannot find one ends without a word why.

use std::time::Duration;

use super::{DATABASE, image};
use crate::runtime::{Command, SandboxSpec};

/// Longest time of one tool; a run's deadline is shorter.
const TOOL_MAX: Duration = Duration::from_hours(24);

/// Settings of every tool and of the server, and nothing else: never a production configuration.
const SETTINGS: &str = "server.directories.data=$PWD
server.directories.logs=$PWD/witness/logs
server.directories.run=$PWD/witness/run
server.directories.plugins=$PWD/witness/plugins
server.directories.import=$PWD/witness/import
dbms.security.auth_enabled=false
dbms.usage_report.enabled=false
db.tx_log.preallocate=false
server.default_listen_address=127.0.0.1
server.https.enabled=false
server.http.enabled=true
server.bolt.enabled=true
server.bolt.listen_address=127.0.0.1:0
server.jvm.additional=-Djava.io.tmpdir=$PWD/witness/tmp
server.jvm.additional=-Djdk.net.hosts.file=$PWD/witness/hosts
server.jvm.additional=--add-opens=java.base/java.nio=ALL-UNNAMED
server.jvm.additional=--add-opens=java.base/java.io=ALL-UNNAMED
server.jvm.additional=--add-opens=java.base/sun.nio.ch=ALL-UNNAMED
server.jvm.additional=--enable-native-access=ALL-UNNAMED";

/// Files of the settings: as kept, and where Neo4j looks for them. A server has some more, and a
/// setting that is written twice is refused.
const BASE: &str = "witness/base.conf";
const CONF: &str = "witness/conf/neo4j.conf";

/// Makes the directories that the settings name, and a file of hosts in which the container's own
/// name is on the loopback.
const PLACES: &str = r#"for place in conf tmp logs run plugins import; do
  mkdir -p "witness/$place" || exit
done
printf '127.0.0.1 localhost %s\n' "$(uname -n)" >witness/hosts || exit
"#;

/// Loads an archive. Every byte passes `tee -p`, which reads on when the load gives up, and is
/// hashed as it arrived. The words of the load are kept for [`COUNT`], unless some of them are
/// missing.
const LOAD: &str = r#"mkfifo witness/bytes witness/words || exit
sha256sum <witness/bytes >witness/digest &
tee witness/said <witness/words >&2 &
said=$!
tee -p witness/bytes | "$@" 2>witness/words
code=$?
wait $said || rm -f witness/said
wait
exit $code"#;

/// Prints the number of files, their bytes, and a number of lines. The lock file is left out, which
/// whoever opens a store makes. The lines are those in which the load said that the store is of
/// another version; the number is missing if they were not kept.
const COUNT: &str = r#"files=0 bytes=0
sizes() { find "$@" -type f ! -name database_lock -exec stat -c %s {} +; }
for size in $(sizes databases/neo4j transactions/neo4j); do
  files=$((files + 1)) bytes=$((bytes + size))
done
lines=$(grep -cE 'supported version|migrate' witness/said 2>/dev/null)
[ $? -le 1 ] || lines=
echo $files $bytes $lines"#;

/// Options of a Java machine with little to do: no time for a compiler that takes long to make fast
/// code, and no threads for a collector (`java` manual). With 5.26.30 and Java 17, load, check and
/// start of 1 MiB take 2.3, 3.6 and 5.9 s so, and 2.9, 4.1 and 6.8 s otherwise (measured).
const QUICK: &[&str] = &["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

/// Option of a server with much to do, as in Neo4j's own settings.
const THOROUGH: &[&str] = &["-XX:+UseG1GC"];

/// Work of a tool, which decides the options of its Java machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// The tool looks at little, or moves bytes.
    Light,
    /// The tool computes with every record.
    Heavy,
}

/// Returns the options for little work; empty if there is much to do.
fn quick(spec: &SandboxSpec, work: Work) -> &'static [&'static str] {
    let is_quick = match work {
        Work::Light => image::is_small(spec),
        Work::Heavy => image::is_tiny(spec),
    };
    if is_quick { QUICK } else { &[] }
}

/// Beginning of every script that runs a tool; `$0` is the tool, an absolute path or a name on the
/// path.
const TOLD: &str = r#"export NEO4J_CONF="$PWD/witness/conf"
"#;

/// Reads an archive from its standard input into the default database. It is the first tool to run,
/// and makes the directories and settings that all tools need.
pub(super) fn load(spec: &SandboxSpec) -> Command {
    let settings = format!("cat >{BASE} <<SETTINGS || exit\n{SETTINGS}\nSETTINGS\n");
    let copied = format!("cp {BASE} {CONF} || exit\n");
    let environment = admin_environment(spec, Work::Light);
    let script = format!("{PLACES}{settings}{copied}{environment}{LOAD}");
    let words = [
        "database",
        "load",
        DATABASE,
        "--from-stdin",
        "--overwrite-destination=true",
    ];
    run(&script, spec, &words, TOOL_MAX)
}

/// Prints the SHA-256 of the bytes that [`load`] read.
pub(super) fn digest() -> Command {
    Command::new(["cat", "witness/digest"], TOOL_MAX)
}

/// Prints the number of files that lie there, their bytes, and how often the load spoke of another
/// version.
pub(super) fn count() -> Command {
    Command::new(["sh", "-c", COUNT], TOOL_MAX)
}

/// Runs `neo4j-admin` with these arguments.
pub(super) fn admin(
    spec: &SandboxSpec,
    work: Work,
    words: &[&str],
    timeout: Option<Duration>,
) -> Command {
    let script = format!("{}exec \"$@\"", admin_environment(spec, work));
    run(&script, spec, words, timeout.unwrap_or(TOOL_MAX))
}

/// Runs the server on this port of the loopback.
pub(super) fn server(spec: &SandboxSpec, port: u16) -> Command {
    let (heap, cache) = (
        image::server_heap_bytes(spec.memory_bytes) >> 20,
        image::cache_bytes(spec.memory_bytes) >> 20,
    );
    let options = match quick(spec, Work::Light) {
        [] => THOROUGH,
        quick => quick,
    };
    let machine = options.iter();
    let machine = machine.map(|option| format!("server.jvm.additional={option}\n"));
    let machine: String = machine.collect();
    let script = format!(
        "{TOLD}cat {BASE} - >{CONF} <<SETTINGS || exit\n\
         server.http.listen_address=127.0.0.1:{port}\n\
         server.memory.heap.initial_size={heap}m\n\
         server.memory.heap.max_size={heap}m\n\
         server.memory.pagecache.size={cache}m\n{machine}SETTINGS\n\
         exec \"${{0%-admin}}\" console"
    );
    run(&script, spec, &[], TOOL_MAX)
}

fn admin_environment(spec: &SandboxSpec, work: Work) -> String {
    let heap = image::admin_heap_bytes(spec.memory_bytes) >> 20;
    let quick = quick(spec, work).join(" ");
    format!(
        "{TOLD}export JAVA_OPTS=\"-Xmx{heap}m {quick} -Djava.io.tmpdir=$PWD/witness/tmp \
         -Djdk.net.hosts.file=$PWD/witness/hosts --add-opens=java.base/java.nio=ALL-UNNAMED\"\n"
    )
}

fn run(script: &str, spec: &SandboxSpec, words: &[&str], timeout: Duration) -> Command {
    let image = &spec.image.image;
    // The process runtime offers programs by their path.
    let tool = if image.starts_with('/') {
        image
    } else {
        "neo4j-admin"
    };
    let shell = ["sh", "-c", script, tool];
    let tool = (!words.is_empty()).then_some(tool);
    Command::new(
        shell.into_iter().chain(tool).chain(words.iter().copied()),
        timeout,
    )
}
