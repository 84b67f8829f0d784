//! The settings that may be written of a source, and the errors for all others.

use std::sync::Arc;

use settings::Document;

use crate::format::{
    Format, Settings,
    neo4j::{CheckLevel, License, Neo4j, Neo4jExpect, Restore},
};

fn own(text: &str) -> (Option<Settings>, Vec<String>) {
    let document = Document::parse("own.yaml", text).unwrap();
    let mut problems = document.problems();
    let settings = Neo4j.settings(document.root(), &mut problems);
    (settings, told(&problems))
}

fn expect(text: &str) -> (Option<Settings>, Vec<String>) {
    let document = Document::parse("expect.yaml", text).unwrap();
    let mut problems = document.problems();
    let settings = Neo4j.expect(Some(document.root()), &mut problems);
    (settings, told(&problems))
}

fn told(problems: &settings::Problems) -> Vec<String> {
    let one = |it: &settings::Problem| {
        let at = it.place.at;
        format!("{}:{} {}", at.line, at.column, it.message)
    };
    problems.iter().map(one).collect()
}

#[track_caller]
fn refused((_, told): (Option<Settings>, Vec<String>), expected: &str) {
    assert_eq!(told, [expected]);
}

#[test]
fn nothing_written_is_the_default() {
    let (settings, problems) = own("{}");
    assert!(problems.is_empty());
    let settings = settings.unwrap();
    let restore = settings.downcast_ref::<Restore>().unwrap();
    assert_eq!(*restore, Restore::default());
    assert_eq!(restore.check.level, CheckLevel::Counts);
    let document = Document::parse("none.yaml", "{}").unwrap();
    let none = Neo4j.expect(None, &mut document.problems()).unwrap();
    assert_eq!(
        none.downcast_ref::<Neo4jExpect>(),
        Some(&Neo4jExpect::default())
    );
}

#[test]
fn every_key_of_its_own_is_read() {
    let (settings, problems) = own(
        "neo4j:\n  database: graph\n  accept_license: yes\n  check: { level: full, memory: 256MiB, \
         budget: 20m }\n",
    );
    assert_eq!(problems, [""; 0]);
    let settings = settings.unwrap();
    let restore = settings.downcast_ref::<Restore>().unwrap();
    assert_eq!(
        restore.database.as_ref().map(|it| it.value.as_str()),
        Some("graph")
    );
    assert_eq!(restore.accept_license.map(License::as_label), Some("yes"));
    assert_eq!(restore.check.level, CheckLevel::Full);
    assert_eq!(
        restore.check.memory.map(settings::Size::bytes),
        Some(256 << 20)
    );
}

#[test]
fn a_name_that_no_database_has_is_refused() {
    for name in ["ab", "1graph", "my_graph", "-graph", "größe"] {
        let message = format!("1:19 {name:?} is not the name of a database");
        refused(own(&format!("neo4j: {{database: {name}}}")), &message);
    }
}

#[test]
fn everything_of_the_example_is_expected() {
    let (settings, problems) = expect(
        "nodes: { min: 1000 }
relationships: { min: 1000 }
labels: { Satellite: { min: 10 } }
change: { max_drop: 20% }
queries: [{ name: newest pass, cypher: 'MATCH (p:Pass) RETURN count(p)', min: 1 }]
canary: { cypher: 'MATCH (h:Heartbeat) RETURN max(h.at)', max_age: 26h }
",
    );
    assert_eq!(problems, [""; 0]);
    let settings = settings.unwrap();
    let expect = settings.downcast_ref::<Neo4jExpect>().unwrap();
    assert_eq!(expect.labels["Satellite"].min, Some(10));
    assert_eq!(expect.queries[0].bounds().min, Some(1));
    assert!(expect.canary.is_some() && expect.change.max_drop.is_some());
}

#[test]
fn questions_without_sense_are_refused() {
    let query = |keys: &str| expect(&format!("queries: [{{ {keys} }}]"));
    refused(
        query("name: a, cypher: RETURN 1"),
        "1:11 nothing is expected of its answer",
    );
    refused(
        query("name: a, cypher: RETURN 1, min: 3, max: 2"),
        "1:11 min is more than max: no answer lies between",
    );
    refused(
        query("name: a, cypher: ' ', min: 1"),
        "1:11 the query asks nothing",
    );
    refused(
        query("name: '', cypher: RETURN 1, min: 1"),
        "1:11 a query needs a name of 1 to 100 characters",
    );
    refused(
        query("name: a, cypher: RETURN 1, min: 1 }, { name: a, cypher: RETURN 1, min: 1"),
        "1:50 another query is called \"a\" already",
    );
    refused(
        expect("canary: { cypher: '' }"),
        "1:9 the canary asks nothing",
    );
}

#[test]
fn a_backup_of_another_database_is_no_snapshot_of_the_source() {
    let restore = |name: &str| -> Settings {
        let (settings, _) = own(&format!("neo4j: {{ database: {name} }}"));
        Arc::clone(&settings.unwrap())
    };
    let mut head = b"BTV1\x01".to_vec();
    head.extend([0; 16]);
    head.extend(b"\x06record\x07aligned\x01\x01\x10");
    head.extend([3; 16]);
    head.extend(b"\x05graph");
    head.extend([0; 25]);
    let heads = [bytes::Bytes::from(head)];
    assert_eq!(Neo4j.describe(&heads, &restore("Graph")).invalid, None);
    assert_eq!(
        Neo4j.describe(&heads, &restore("neo4j")).invalid.as_deref(),
        Some("it is a backup of the database \"graph\" (expected by neo4j.database: neo4j)")
    );
}

#[test]
fn a_backup_whose_head_is_too_short_has_no_place_and_a_dump_needs_none() {
    let check = |head: &'static [u8], unplaced: bool| {
        let settings: Settings = Arc::new(Restore::default());
        let facts = Neo4j.describe(&[bytes::Bytes::from_static(head)], &settings);
        assert_eq!(facts.unplaced, unplaced, "{head:?}");
        assert_eq!(facts.lineage, None);
    };
    check(b"BTV1\x01\x02", true);
    check(b"BZV1\x28\xb5\x2f\xfd", true);
    check(b"BZV2\x28\xb5\x2f\xfd", true);
    check(b"DZV1\x28\xb5\x2f\xfd", false);
    check(b"\x28\xb5\x2f\xfd", false);
}
