//! Neo4j in a container, and as a service whose user owns its files.

use std::{fs, process::Command};

use tests::require;

use super::{
    Recovery,
    container::{Container, docker},
};
use crate::{bench::Bench, killed::graph};

const IMAGE: &str = "neo4j:5.26-community";

/// All steps of the page, in their order.
pub(crate) const STEPS: [&str; 9] = [
    "fetch", "confirm", "stop", "aside", "load", "start", "check", "counted", "restart",
];

/// A small server that starts quickly. Without a network it has no address for its own name, for
/// which it asks.
const SMALL: [&str; 14] = [
    "--hostname",
    "localhost",
    "--env",
    "NEO4J_AUTH=none",
    "--env",
    "NEO4J_server_memory_heap_max__size=256m",
    "--env",
    "NEO4J_server_memory_pagecache_size=64m",
    "--env",
    "NEO4J_db_tx__log_preallocate=false",
    "--env",
    "NEO4J_server_jvm_additional=-XX:TieredStopAtLevel=1",
    "--env",
    "JAVA_OPTS=-XX:TieredStopAtLevel=1",
];

/// The same for a server that is started without the entry point of the image, and the directory
/// in which somebody works there at night.
const SMALL_SERVICE: &str = "cat >>conf/neo4j.conf <<CONF
dbms.security.auth_enabled=false
server.memory.heap.max_size=256m
server.memory.pagecache.size=64m
db.tx_log.preallocate=false
server.jvm.additional=-XX:TieredStopAtLevel=1
CONF
mkdir /night";

/// What the page calls the service. Its tools become its user, as `runuser` does where there is
/// PAM.
const NAMES: &str = r#"
as_neo4j() { setpriv --reuid=neo4j --regid=neo4j --clear-groups -- "$@"; }
stop() { as_neo4j neo4j stop; }
start() { as_neo4j neo4j start; }
cypher() { cypher-shell --format plain "$@"; }
at_data() { (cd /data && as_neo4j sh -euc "$1"); }
"#;

/// The graph of the snapshot, as statements.
const SNAPSHOT: &str =
    "CREATE CONSTRAINT satellite_name FOR (s:Satellite) REQUIRE s.name IS UNIQUE;
    UNWIND range(1, 20) AS i CREATE (:Satellite {name: 'satellite ' + i, mass: 100 + i});
    UNWIND range(0, 4) AS i CREATE (:Station {number: i});
    MATCH (s:Satellite) MATCH (t:Station {number: s.mass % 5})
      CREATE (s)-[:SEEN_BY {at: datetime('2026-11-22T01:00:00Z')}]->(t);";

/// Changes of the graph, which the snapshot takes back.
const OTHER: &str = "MATCH (s:Satellite) WHERE s.mass > 110 DETACH DELETE s;
    MATCH (t:Station) SET t.number = -1; CREATE (:Bad);";

/// Everything in the graph.
const CONTENTS: &str = "SHOW CONSTRAINTS YIELD name;
    MATCH (n) OPTIONAL MATCH (n)-[r]->(m)
      RETURN labels(n), properties(n), type(r), properties(r), properties(m)
      ORDER BY labels(n)[0], n.mass, n.number;";

/// Ends once the server answers; bounded, because a server may never do so.
const ANSWERS: &str = "until sleep 8 && cypher-shell 'RETURN 1'; do :; done";

/// What lies where the server may not write.
const READ_ONLY: &str = "at_data 'find databases/neo4j ! -writable'";

#[track_caller]
fn cypher(container: &Container, statements: &str) -> String {
    let ran = container.exec(&["cypher-shell", "--format", "plain", statements]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.out
}

/// Starts a server, gives it the graph of the snapshot, and tells everything in it.
fn filled() -> (Container, String) {
    let container = Container::run("graph", &[&SMALL[..], &[IMAGE, "neo4j"]].concat());
    let answers = container.exec(&["timeout", "600", "bash", "-c", ANSWERS]);
    assert_eq!(answers.code, 0, "{answers:?}");
    cypher(&container, SNAPSHOT);
    let contents = cypher(&container, CONTENTS);
    (container, contents)
}

/// Stops the server, and verifies a dump of its graph.
#[expect(clippy::disallowed_methods, reason = "a dump is no text")]
fn verified_snapshot(container: &Container) -> Recovery {
    docker(&["stop", "-t", "300", &container.name]).ends(0, &container.name);
    let dumped = Command::new("docker")
        .args(["run", "--rm", "--network", "none", "--volumes-from"])
        .args([&container.name, IMAGE, "neo4j-admin", "database", "dump"])
        .args(["neo4j", "--to-stdout"])
        .output()
        .unwrap();
    assert!(dumped.status.success(), "{dumped:?}");
    let bench = Bench::new("docker");
    fs::write(bench.path("dump"), dumped.stdout).unwrap();
    graph(&bench, &bench.path("dump"));
    Recovery::of(bench, "RestoreNeo4j")
}

/// A container is restored. On the way, what the steps avoid is tried.
fn restored_in_a_container(recovery: &mut Recovery, container: &Container, contents: &str) {
    recovery.name_container(&container.name);
    recovery.execute(&["start", "fetch", "confirm"]);
    let changed = cypher(container, &format!("{OTHER}{CONTENTS}"));
    assert_ne!(changed, contents);
    let load = ["neo4j-admin", "database", "load", "neo4j", "--from-stdin"];
    let in_use = container.exec(&[&load[..], &["--overwrite-destination=true"]].concat());
    in_use.ends(1, "The database is in use");

    recovery.execute(&["stop"]);
    let load = "at_data 'neo4j-admin database load neo4j --from-stdin' <restore/*";
    recovery.type_in(load).ends(1, "Database already exists");
    let forced = load.replace("stdin", "stdin --force");
    recovery
        .type_in(&forced)
        .ends(64, "Unknown option: '--force'");

    recovery.execute(&["aside", "load", "start"]);
    assert_eq!(cypher(container, CONTENTS), contents);
    let checked = recovery.execute(&["check", "counted", "restart"]);
    checked.ends(0, "nodes\n25\n");
    checked.ends(0, "verified  25 nodes · 20 relationships");
    assert_eq!(cypher(container, CONTENTS), contents, "after a restart");
}

/// A service is restored from a copy made by hand, over a graph that somebody loaded as root.
fn restored_as_a_service(recovery: &mut Recovery, container: &Container, contents: &str) {
    fs::remove_dir_all(recovery.bench.path("restore")).unwrap();
    recovery.copy_by_hand();
    for name in ["restore", "restore.sha256"] {
        let path = recovery.bench.path(name).display().to_string();
        docker(&["cp", &path, &format!("{}:/night", container.name)]).ends(0, "");
    }
    let shell = [
        "docker",
        "exec",
        "--workdir",
        "/night",
        &container.name,
        "bash",
    ];
    recovery.shell = shell.map(ToOwned::to_owned).to_vec();
    NAMES.clone_into(&mut recovery.names);
    recovery.execute(&["stop"]);

    let as_root = "neo4j-admin database load neo4j --from-stdin --overwrite-destination=true";
    recovery
        .type_in(&format!("{as_root} <restore/*"))
        .ends(0, "Done: ");
    recovery
        .type_in(READ_ONLY)
        .ends(0, "databases/neo4j/neostore\n");
    recovery.type_in("chown -R neo4j: /data").ends(0, "");

    recovery.execute(&["load"]).ends(0, "Done: ");
    recovery.execute(&["start"]);
    assert_eq!(cypher(container, CONTENTS), contents);
}

#[test]
fn a_graph_is_restored_in_a_container_and_as_a_service_whose_user_owns_its_files() {
    require!(docker);
    require!(image IMAGE);
    require!(@ "jq", require::program("jq"));
    let (container, contents) = filled();
    let mut recovery = verified_snapshot(&container);
    restored_in_a_container(&mut recovery, &container, &contents);

    // The same data, where the server is no container of its own.
    cypher(&container, OTHER);
    docker(&["stop", "-t", "300", &container.name]).ends(0, &container.name);
    let volumes = ["--volumes-from", &container.name, "--entrypoint", "tini"];
    let entry = [IMAGE, "--", "sleep", "infinity"];
    let service = Container::run("graph-service", &[&SMALL[..], &volumes, &entry].concat());
    service.exec(&["bash", "-euc", SMALL_SERVICE]).ends(0, "");
    restored_as_a_service(&mut recovery, &service, &contents);
}
