//! The JSON Schema, asked by a validator that knows nothing of this program.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;
use settings::Document;

use super::{HEAD, read, source};
use crate::config::schema;

/// What is wrong with a file, as an editor would show it.
pub(super) fn objections(text: &str) -> Option<String> {
    let document = Document::parse("backups.yaml", text).unwrap();
    let mut problems = document.problems();
    let value: Value = document.root().read(&mut problems).unwrap();
    let (schemas, index) = compiled();
    let objections = schemas.validate(&value, index).err();
    objections.map(|error| format!("{error:#}"))
}

fn compiled() -> (Schemas, SchemaIndex) {
    const URL: &str = "https://localhost/backups.json";
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler
        .add_resource(URL, schema().as_value().clone())
        .unwrap();
    let index = compiler.compile(URL, &mut schemas).unwrap();
    (schemas, index)
}

/// The program refuses it, and the schema at this place.
#[track_caller]
fn refused(text: &str, place: &str) {
    assert!(read(text).is_err(), "the program accepts it: {text}");
    let objections = objections(text).unwrap_or_default();
    assert!(
        objections.contains(&format!("at '{place}'")),
        "{text}\n{objections}"
    );
}

#[track_caller]
fn refused_source(lines: &str, place: &str) {
    refused(&source(lines), &format!("/sources/0{place}"));
}

fn files(lines: &str) -> String {
    source(lines).replace("engine: redis", "engine: files")
}

#[test]
fn what_every_source_may_not_say_is_refused() {
    refused_source("    tomorrow: 1\n", "");
    refused_source("    grace: soon\n", "/grace");
    refused_source("    schedule: 5\n", "/schedule");
    refused_source("    manifest: maybe\n", "/manifest");
    refused_source("    objectives: { recovery_pont: 1h }\n", "/objectives");
    refused_source(
        "    objectives: { max_shrink: 200% }\n",
        "/objectives/max_shrink",
    );
    refused_source(
        "    objectives: { minimum_size: 10G }\n",
        "/objectives/minimum_size",
    );
    refused_source(
        "    objectives: { retention: [{ for: 2d }] }\n",
        "/objectives/retention/0",
    );
    refused_source("    verify: true\n", "/verify");
    refused_source("    verify: { when: never }\n", "/verify/when");
    let nameless = source("").replace("name: cache", "owner: me");
    refused(&nameless, "/sources/0");
    let unknown = source("").replace("engine: redis", "engine: oracle");
    refused(&unknown, "/sources/0/engine");
}

#[test]
fn an_engine_decides_what_its_sources_may_expect() {
    let expect = |keys: &str| format!("    verify: {{ expect: {{ {keys} }} }}\n");
    let at = "/verify/expect";
    refused_source(&expect("kees: { min: 1 }"), at);
    refused_source(&expect("keys: 3"), &format!("{at}/keys"));
    refused_source(&expect("keys: { min: many }"), &format!("{at}/keys/min"));
    refused_source(&expect("keys: { min: -1 }"), &format!("{at}/keys/min"));
    refused_source(&expect("keys: { least: 1 }"), &format!("{at}/keys"));
    refused_source(
        &expect("databases: { one: { min: 1 } }"),
        &format!("{at}/databases"),
    );
    refused_source(
        &expect("change: { max_drop: most }"),
        &format!("{at}/change/max_drop"),
    );
    refused_source(&expect("checksum: never"), &format!("{at}/checksum"));
    refused_source(&expect("canary: { max_age: 1h }"), &format!("{at}/canary"));
    let files = files("    verify: { when: new_snapshot }\n");
    refused(&files, "/sources/0/verify");
}

#[test]
fn an_engine_decides_which_keys_its_sources_have() {
    assert_eq!(objections(&files("    magic: gzip\n")), None);
    refused(&files("    magic: bzip2\n"), "/sources/0/magic");
    refused_source("    magic: gzip\n", "/magic");
    let graph = |lines: &str| source(lines).replace("engine: redis", "engine: neo4j");
    let whole = "    neo4j: { database: graph, accept_license: eval, check: { level: none } }\n    \
                 verify: { expect: { nodes: { min: 1 }, queries: [{ name: a, cypher: b, min: 1 }], \
                 canary: { cypher: c, max_age: 26h } } }\n";
    assert!(read(&graph(whole)).is_ok());
    assert_eq!(objections(&graph(whole)), None);
    refused(
        &graph("    neo4j: { check: { level: all } }\n"),
        "/sources/0/neo4j/check/level",
    );
    refused(
        &graph("    neo4j: { accept_license: maybe }\n"),
        "/sources/0/neo4j/accept_license",
    );
    refused(
        &graph("    verify: { expect: { keys: { min: 1 } } }\n"),
        "/sources/0/verify/expect",
    );
    refused_source("    neo4j: {}\n", "/neo4j");
}

#[test]
fn defaults_are_parts_of_a_source_of_their_engine() {
    let text = |defaults: &str| format!("{}defaults: {{ {defaults} }}\n", source(""));
    let good = text("redis: { owner: me, verify: { expect: { keys: { min: 1 } } } }, x-a: 1");
    assert_eq!(objections(&good), None);
    refused(&text("oracle: { owner: me }"), "/defaults");
    refused(&text("redis: { magic: gzip }"), "/defaults/redis/magic");
    refused(&text("redis: { grace: [] }"), "/defaults/redis/grace");
    refused(
        &text("redis: { verify: { expect: { keys: [] } } }"),
        "/defaults/redis/verify/expect/keys",
    );
}

#[test]
fn what_surrounds_the_sources_is_refused_too() {
    refused("schema: 1\nrepositories: []\n", "");
    refused(
        &(source("") + "verifier: { pull: often }\n"),
        "/verifier/pull",
    );
    refused(
        &(source("") + "verifier: { limits: { memory: 4G } }\n"),
        "/verifier/limits/memory",
    );
    refused(
        &(source("") + "exporter: { refresh: 5 }\n"),
        "/exporter/refresh",
    );
    refused(
        &source("").replace("directory: /backups", "dir: /backups"),
        "/repositories/0",
    );
    refused(&format!("{HEAD}sources: cache\n"), "/sources");
}
