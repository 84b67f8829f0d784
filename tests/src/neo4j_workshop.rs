//! Archives of a real Neo4j, made once for all tests of an executable: of nothing, of a graph with
//! every kind of index, of a store caught in the middle of its work, and of one whose records
//! contradict each other.
//!
//! The workshop is a sandbox of the Docker runtime: labelled, limited, without a way out, and
//! removed however it ends. It writes its own settings and shares nothing with the engine.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use catalog::format::neo4j::{Neo4j, Neo4jExpect, Restore};
use jiff::{Timestamp, ToSpan};
use tokio::{
    sync::{OnceCell, Semaphore},
    time::timeout,
};
use verifier::runtime::{CAPTURE_BYTES_MAX, Exit, Sandbox, SandboxSpec, ServerId, open};

use crate::{
    neo4j_archives::{CHANGED_AT, Said, Tar, archive},
    runtime_suite::{PATIENCE, config, eventually, run_id, shell},
    verifying::Subject,
};

/// What every archive is made and restored by.
pub const IMAGE: &str = "neo4j:5.26-community";

/// A server takes a gigabyte, whatever the number of processors. At most 23 are started by one
/// `make test`; what only loads or checks is not counted:
///
/// | starts | by |
/// |---|---|
/// | 2 | the workshop: an empty database, then the graph |
/// | 1 | `neo4j`: the movies, with everything that can be asked |
/// | 1 | `neo4j`: too few nodes, and a question that is refused |
/// | 1 | `neo4j_states`: the empty database |
/// | 2 | `neo4j_states`: the store of a crash, recovered and served |
/// | 1 | `neo4j_states`: records that contradict, without the check |
/// | 1 | `neo4j_process`: the graph, without a container |
/// | 1 | `neo4j_rehearsal`: what is migrated first |
/// | 2 | `neo4j_rehearsal`: the movies, and the movies in the next version |
/// | 5 | `e2e`, `killed`: behind the start of the server, and not at all |
/// | 6 | `e2e`, `restored`: filled, verified, changed, restored, restarted, restored as a service |
pub static TURNS: Semaphore = Semaphore::const_new(2);

/// For all of the workshop; its steps have their own deadlines.
const MAKING_MAX: Duration = Duration::from_mins(10);

/// What one reading of a file returns at most.
const PIECE: usize = 2 * CAPTURE_BYTES_MAX;

/// Settings and places of tools and server. Bolt listens, because `cypher-shell` speaks it.
const SET_UP: &str = r#"mkdir -p witness/conf witness/tmp witness/logs witness/run &&
printf '127.0.0.1 localhost %s\n' "$(uname -n)" >witness/hosts &&
cat >witness/conf/neo4j.conf <<SETTINGS
server.directories.data=$PWD
server.directories.logs=$PWD/witness/logs
server.directories.run=$PWD/witness/run
dbms.security.auth_enabled=false
dbms.usage_report.enabled=false
db.tx_log.preallocate=false
server.bolt.listen_address=127.0.0.1:7687
server.http.listen_address=127.0.0.1:7474
server.memory.heap.max_size=256m
server.memory.pagecache.size=64m
server.jvm.additional=-Djava.io.tmpdir=$PWD/witness/tmp
server.jvm.additional=-Djdk.net.hosts.file=$PWD/witness/hosts
server.jvm.additional=--add-opens=java.base/java.nio=ALL-UNNAMED
server.jvm.additional=--add-opens=java.base/java.io=ALL-UNNAMED
server.jvm.additional=--add-opens=java.base/sun.nio.ch=ALL-UNNAMED
SETTINGS"#;

const ENVIRONMENT: &str = r#"export NEO4J_CONF="$PWD/witness/conf" &&
export JAVA_OPTS="-Xmx256m -Djava.io.tmpdir=$PWD/witness/tmp -Djdk.net.hosts.file=$PWD/witness/hosts \
--add-opens=java.base/java.nio=ALL-UNNAMED" &&
"#;

/// A fleet of satellites, who saw what, and an index of every kind.
const GRAPH: &str = r"cypher-shell --address bolt://127.0.0.1:7687 --format plain <<'CYPHER'
CREATE CONSTRAINT satellite_name FOR (s:Satellite) REQUIRE s.name IS UNIQUE;
CREATE INDEX satellite_mass FOR (s:Satellite) ON (s.mass);
CREATE FULLTEXT INDEX satellite_note FOR (s:Satellite) ON EACH [s.note];
CREATE VECTOR INDEX satellite_shape FOR (s:Satellite) ON (s.shape)
  OPTIONS {indexConfig: {`vector.dimensions`: 4, `vector.similarity_function`: 'cosine'}};
UNWIND range(1, 200) AS i CREATE (:Satellite {name: 'satellite ' + i, mass: 100 + i,
  note: 'seen over zanzibar ' + i, shape: [1.0 * i, 2.0, 3.0, 1.0]});
UNWIND range(0, 4) AS i CREATE (:Station {number: i});
MATCH (s:Satellite) MATCH (t:Station {number: s.mass % 5})
  CREATE (s)-[:SEEN_BY {at: datetime('2026-11-22T01:00:00Z')}]->(t);
CALL db.awaitIndexes(60);
CYPHER";

/// Sends a signal to every Java.
const SIGNAL: &str = r#"for it in /proc/[0-9]*; do
  case $(readlink "$it/exe") in */java) kill -s "$SENT" "${it#/proc/}" || exit ;; esac
done"#;

/// What was there at one instant, the files first told and then one behind the other.
const CRASH: &str = r"mkdir witness/crash && cp -R databases transactions witness/crash &&
cd witness/crash && find databases/neo4j transactions/neo4j -type f \
  ! -name database_lock ! -name 'id-buffer*' -exec stat -c '%s %n' {} + >list &&
cat $(cut -d ' ' -f 2 list) >all";

/// The record of one node becomes that of none; its relationship and the counts still speak of it.
const EDIT: &str = "head -c 15 /dev/zero |
    dd of=databases/neo4j/neostore.nodestore.db bs=15 seek=2 conv=notrunc status=none";

/// Nodes of [`Workshop::graph`], of both labels.
pub const NODES: u64 = 205;
/// Its relationships.
pub const RELATIONSHIPS: u64 = 200;
/// Its indexes: those configured, and two that look up labels and types.
pub const INDEXES: u64 = 6;
/// Names and values that stand in it.
pub const DATA: [&str; 5] = ["Satellite", "SEEN_BY", "shape", "zanzibar", "mass"];

/// Archives, each as a file.
#[derive(Debug)]
pub struct Workshop {
    /// A dump of a database without a node.
    pub empty: Vec<u8>,
    /// A dump of the graph.
    pub graph: Vec<u8>,
    /// A backup of the graph as a crash leaves it: all of it is in the transaction logs.
    pub unclean: Vec<u8>,
    /// A dump of the graph with a contradiction in its records.
    pub inconsistent: Vec<u8>,
}

/// The archives; made at the first call, which starts a server twice. Hold one of [`TURNS`].
///
/// # Panics
/// When one of the steps fails, or takes too long.
pub async fn workshop() -> &'static Workshop {
    static MADE: OnceCell<Workshop> = OnceCell::const_new();
    MADE.get_or_init(made).await
}

/// The engine in sandboxes of Docker, with a source that expects nothing.
pub fn subject() -> Subject {
    configured(Subject::on(
        "docker",
        &Neo4j,
        &verifier::engine::neo4j::Neo4j,
        &[IMAGE],
    ))
}

/// The same engine elsewhere.
#[must_use]
pub fn configured(mut subject: Subject) -> Subject {
    subject.settings.own = Arc::new(Restore::default());
    subject.settings.expect = Arc::new(Neo4jExpect::default());
    subject
}

async fn made() -> Workshop {
    let state = tempfile::tempdir().expect("a directory");
    let runtime = open("docker", &config(state.path())).expect("a runtime");
    let images = runtime.images(&[IMAGE.to_owned()], &[]).await;
    let spec = SandboxSpec {
        image: images.expect("images").remove(0),
        data_dir: "/data".into(),
        memory_bytes: 1 << 30,
        disk_bytes: 256 << 20,
        env: Vec::new(),
        ports: Vec::new(),
        deadline: Timestamp::now() + 15.minutes(),
    };
    let run = run_id();
    let provisioned = runtime.provision(&run, &spec).await;
    let work = tokio::spawn(async move {
        let sandbox = provisioned.expect("a sandbox");
        timeout(MAKING_MAX, work(&*sandbox)).await
    });
    let made = work.await;
    runtime.destroy(&run).await.expect("destroyed");
    made.expect("every step succeeds")
        .expect("every step is done in time")
}

async fn work(sandbox: &dyn Sandbox) -> Workshop {
    run(sandbox, SET_UP).await;
    let server = started(sandbox).await;
    stopped(sandbox, server).await;
    let empty = dumped(sandbox, "empty").await;
    let server = started(sandbox).await;
    run(sandbox, &format!("{ENVIRONMENT}{GRAPH}")).await;
    run(sandbox, &format!("SENT=STOP; {SIGNAL}")).await;
    run(sandbox, CRASH).await;
    run(sandbox, &format!("SENT=CONT; {SIGNAL}")).await;
    stopped(sandbox, server).await;
    let graph = dumped(sandbox, "graph").await;
    run(sandbox, EDIT).await;
    Workshop {
        empty,
        graph,
        unclean: unclean(sandbox).await,
        inconsistent: dumped(sandbox, "inconsistent").await,
    }
}

/// Not before it says so.
async fn started(sandbox: &dyn Sandbox) -> ServerId {
    let line = format!("{ENVIRONMENT}unset JAVA_OPTS; exec neo4j console");
    let server = sandbox.start(&shell(&line)).await.expect("started");
    eventually("the server starts", async || {
        let log = sandbox.log(server).await.expect("a log");
        let said = log.iter().any(|line| line.ends_with(" Started."));
        said.then_some(())
    })
    .await;
    server
}

async fn stopped(sandbox: &dyn Sandbox, server: ServerId) {
    let exit = sandbox.stop(server, PATIENCE).await.expect("it ends");
    assert!([0, 143].contains(&exit.code), "it ends by itself: {exit:?}");
}

async fn dumped(sandbox: &dyn Sandbox, name: &str) -> Vec<u8> {
    let directory = format!("witness/{name}");
    let line = format!(
        "{ENVIRONMENT}mkdir {directory} && \
         neo4j-admin database dump neo4j --to-path=$PWD/{directory}"
    );
    run(sandbox, &line).await;
    read(sandbox, &format!("{directory}/neo4j.dump")).await
}

/// As `neo4j-admin` writes it, of what lay there at one instant.
async fn unclean(sandbox: &dyn Sandbox) -> Vec<u8> {
    let list = read(sandbox, "witness/crash/list").await;
    let all = read(sandbox, "witness/crash/all").await;
    let (mut tar, mut rest) = (Tar::default().directory("./"), &all[..]);
    let mut directories = BTreeSet::new();
    for line in String::from_utf8(list).expect("names").lines() {
        let (size, path) = line.split_once(' ').expect("a size and a name");
        let path = path
            .split("/neo4j/")
            .nth(1)
            .expect("a file of the database");
        for (end, _) in path.match_indices('/') {
            let directory = format!("./{}/", &path[..end]);
            if directories.insert(directory.clone()) {
                tar = tar.directory(&directory);
            }
        }
        let (content, behind) = rest.split_at(size.parse().expect("a size"));
        tar = tar.file(&format!("./{path}"), content, CHANGED_AT);
        rest = behind;
    }
    assert!(rest.is_empty(), "the list is of these files");
    let said = Said {
        recovered: false,
        ..Said::default()
    };
    archive("BZV1", &tar, &said)
}

async fn run(sandbox: &dyn Sandbox, line: &str) -> Exit {
    let exit = sandbox.exec(&shell(line), None).await.expect("it runs");
    let said = (exit.stdout.text(), exit.stderr.text());
    assert_eq!(exit.code, 0, "{line}: {said:?}");
    exit
}

async fn read(sandbox: &dyn Sandbox, path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let line = format!("tail -c +{} {path} | head -c {PIECE}", bytes.len() + 1);
        let piece = run(sandbox, &line).await.stdout;
        let piece = [piece.head, piece.tail].concat();
        bytes.extend(&piece);
        if piece.len() < PIECE {
            return bytes;
        }
    }
}
