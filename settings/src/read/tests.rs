//! Every error of a document, exactly as a person sees it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::{Document, Duration, Located, OneOrMany, Percent, Section, Size, Switch};

mod shapes;

#[derive(Debug, Deserialize)]
struct Settings {
    schema: u32,
    #[serde(default)]
    sources: Vec<Source>,
    limits: Option<Limits>,
    runtime: Option<Runtime>,
}

#[derive(Debug, Deserialize)]
struct Source {
    name: String,
    #[serde(rename = "path")]
    _path: OneOrMany<String>,
    schedule: Option<Located<String>>,
    keep: Option<Duration>,
    verify: Option<Switch<Verify>>,
    engine: Option<Section>,
}

#[derive(Debug, Deserialize)]
struct Verify {
    drop: Option<Percent>,
    #[serde(default)]
    databases: BTreeMap<u32, Range>,
}

#[derive(Debug, Deserialize)]
struct Range {
    min: u64,
}

#[derive(Debug, Deserialize)]
struct Limits {
    memory: Size,
    disk: Size,
    #[serde(rename = "parallel")]
    _parallel: Option<u8>,
    #[serde(rename = "strict")]
    _strict: Option<bool>,
    #[serde(rename = "password")]
    _password: Option<Duration>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Runtime {
    Docker,
    Kubernetes,
    Process,
}

fn read(text: &str) -> (Option<Settings>, String) {
    let document = match Document::parse("f.yaml", text) {
        Ok(document) => document,
        Err(problems) => return (None, problems.to_string()),
    };
    let mut problems = document.problems();
    let settings = document.root().read(&mut problems);
    (settings, problems.to_string())
}

/// What is said of a wrong document.
fn said(text: &str) -> String {
    let (_, said) = read(text);
    assert!(!said.is_empty(), "nothing is wrong with {text:?}");
    said
}

#[test]
fn a_right_document_is_read_with_its_places() {
    let (settings, said) = read(
        "\
schema: 1
x-note: { anything: [goes] }
limits: { memory: 1Gi, disk: 1048576, parallel: 2, strict: true }
runtime: docker
sources:
  - &first
    name: 1e3
    path: a/%Y.rdb
    x-why: because
    schedule: '0 2 * * *'
    keep: 30d
    verify: { drop: 20%, databases: { 0: { min: 100 } } }
    engine: { expect: { 7: yes } }
  - { <<: *first, name: two, path: [b, c], verify: false, schedule: }
",
    );
    assert_eq!(said, "");
    let settings = settings.unwrap();
    let [first, second] = settings.sources.as_slice() else {
        panic!("two sources")
    };
    assert_eq!((settings.schema, first.name.as_str()), (1, "1e3"));
    assert_eq!(settings.runtime, Some(Runtime::Docker));
    assert_eq!(
        settings.limits.map(|l| (l.memory.bytes(), l.disk.bytes())),
        Some((1 << 30, 1 << 20))
    );
    let schedule = first.schedule.as_ref().unwrap();
    assert_eq!((schedule.place.at.line, schedule.place.at.column), (10, 15));
    assert_eq!(schedule.place.path, "sources[0].schedule");
    let Some(Switch::On(verify)) = &first.verify else {
        panic!("verify is on")
    };
    assert_eq!(verify.drop, Some(Percent::new(20)));
    assert_eq!(verify.databases[&0].min, 100);
    assert!(matches!(second.verify, Some(Switch::Off)));
    assert!(second.schedule.is_none());
    assert_eq!(second.keep, Some(Duration::from_days(30)));
    let engine = second.engine.as_ref().unwrap().get("expect").unwrap();
    assert_eq!(engine.place().path, "sources[1].engine.expect");
    assert_eq!(
        engine.node().get("7").and_then(|node| node.text()),
        Some("yes")
    );
}

#[test]
fn all_errors_are_found_in_one_reading() {
    insta::assert_snapshot!(said("\
schema: one
runtime: dokcer
limits:
  memory: 10G
  parallel: 300
  strict: yes
sources:
  - name: a
    path: a
    keep: 30
    shedule: daily
  - path: []
    verify: { drop: 0.2, databases: { zero: { min: 1 }, 1: { min: '5' }, 2: {} } }
  - just text
  - name: [a]
    path: { a: b }
    verify: true
"), @r#"
    f.yaml:1:9: schema: expected a whole number, found "one"
        1 | schema: one
          |         ^
    f.yaml:2:10: runtime: "dokcer" is not one of docker, kubernetes, process
        2 | runtime: dokcer
          |          ^
      hint: Did you mean docker?
    f.yaml:4:11: limits.memory: "10G" may mean two sizes
        4 |   memory: 10G
          |           ^
      hint: Write 10Gi (10737418240 bytes) or 10000000000.
    f.yaml:5:13: limits.parallel: 300 is too large: at most 255
        5 |   parallel: 300
          |             ^
    f.yaml:6:11: limits.strict: expected true or false, found "yes"
        6 |   strict: yes
          |           ^
      hint: Write true.
    f.yaml:10:11: sources[0].keep: "30" is not a duration: 30 has no unit
       10 |     keep: 30
          |           ^
      hint: Write 30s, 30m, 30h or 30d.
    f.yaml:11:5: sources[0].shedule: unknown key
       11 |     shedule: daily
          |     ^
      hint: Did you mean schedule? Known keys: engine, keep, name, path, schedule, verify.
    f.yaml:12:5: sources[1]: the key name is missing
       12 |   - path: []
          |     ^
    f.yaml:12:11: sources[1].path: the list is empty
       12 |   - path: []
          |           ^
    f.yaml:13:21: sources[1].verify.drop: "0.2" has no percent sign
       13 |     verify: { drop: 0.2, databases: { zero: { min: 1 }, 1: { min: '5' }, 2: {} } }
          |                     ^
      hint: Write for example 20%.
    f.yaml:13:39: sources[1].verify.databases.zero: expected a whole number, found "zero"
       13 |     verify: { drop: 0.2, databases: { zero: { min: 1 }, 1: { min: '5' }, 2: {} } }
          |                                       ^
    f.yaml:13:67: sources[1].verify.databases.1.min: expected a whole number, found "5"
       13 |     verify: { drop: 0.2, databases: { zero: { min: 1 }, 1: { min: '5' }, 2: {} } }
          |                                                                   ^
      hint: Leave out the quotes.
    f.yaml:13:77: sources[1].verify.databases.2: the key min is missing
       13 |     verify: { drop: 0.2, databases: { zero: { min: 1 }, 1: { min: '5' }, 2: {} } }
          |                                                                             ^
    f.yaml:14:5: sources[2]: expected a mapping, found "just text"
       14 |   - just text
          |     ^
    f.yaml:15:11: sources[3].name: expected text, found a list
       15 |   - name: [a]
          |           ^
    f.yaml:16:11: sources[3].path: expected text, found a mapping
       16 |     path: { a: b }
          |           ^
    f.yaml:17:13: sources[3].verify: true says nothing here
       17 |     verify: true
          |             ^
      hint: Write false, or the keys to set.
    "#);
}

#[test]
fn several_missing_keys_are_all_named() {
    insta::assert_snapshot!(said("limits: {}\nsources: [{}]\n"), @r#"
        f.yaml:1:1: the key schema is missing
            1 | limits: {}
              | ^
        f.yaml:1:9: limits: the key memory is missing
            1 | limits: {}
              |         ^
        f.yaml:1:9: limits: the key disk is missing
            1 | limits: {}
              |         ^
        f.yaml:2:11: sources[0]: the key name is missing
            2 | sources: [{}]
              |           ^
        f.yaml:2:11: sources[0]: the key path is missing
            2 | sources: [{}]
              |           ^
        "#);
}

#[test]
fn what_follows_from_an_error_is_not_an_error() {
    insta::assert_snapshot!(said("schema: 1\nlimits: { memory: 1G, dsk: 1Gi }\n"), @r#"
        f.yaml:2:19: limits.memory: "1G" may mean two sizes
            2 | limits: { memory: 1G, dsk: 1Gi }
              |                   ^
          hint: Write 1Gi (1073741824 bytes) or 1000000000.
        f.yaml:2:23: limits.dsk: unknown key
            2 | limits: { memory: 1G, dsk: 1Gi }
              |                       ^
          hint: Did you mean disk? Known keys: disk, memory, parallel, password, strict.
        "#);
}

#[test]
fn what_is_right_is_read_in_spite_of_errors() {
    let (settings, said) = read("schema: 1\nsources: [{ name: a, path: b }, { name: a }]\n");
    assert_eq!(settings.map(|settings| settings.sources.len()), Some(1));
    insta::assert_snapshot!(said, @r#"
        f.yaml:2:33: sources[1]: the key path is missing
            2 | sources: [{ name: a, path: b }, { name: a }]
              |                                 ^
        "#);
}

#[test]
fn unknown_keys_of_a_newer_schema_are_warnings() {
    let document = Document::parse("f.yaml", "schema: 2\nnovelty: 1\n").unwrap();
    let mut problems = document.problems();
    problems.tolerate_unknown_keys();
    assert!(document.root().read::<Settings>(&mut problems).is_some());
    assert!(!problems.has_errors());
    insta::assert_snapshot!(problems, @r#"
        f.yaml:2:1: warning: novelty: unknown key
            2 | novelty: 1
              | ^
          hint: Known keys: limits, runtime, schema, sources; x-novelty would be ignored.
        "#);
}

#[test]
fn no_secret_is_shown() {
    let shown = said(
        "schema: 1\nlimits: { password: hunter2, memory: 1Gi, disk: 'redis://u:hunter2@h' }\n",
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    insta::assert_snapshot!(shown, @r#"
        f.yaml:2:21: limits.password: [redacted] is not a duration at [redacted]
            2 | limits: { password: [redacted]
              |                     ^
          hint: Write whole numbers with y, w, d, h, m, s or ms and no spaces: 1h30m.
        f.yaml:2:49: limits.disk: "redis://[redacted]@h" is not a size
            2 | limits: { password: [redacted]
              |                               ^
          hint: Write whole bytes, or a whole number with Ki, Mi, Gi, Ti or Pi: 10Gi.
        "#);
    for text in [
        "schema: 1\npassword: hunter2\n",
        "schema: 1\n? password\n: hunter2\nx: 1\n",
        "schema: 1\nlimits: { memory: 1Gi, disk: 1Gi, password: hunter2 }\n",
        "schema: 1\nlimits:\n  memory: 1Gi\n  disk: 1Gi\n  password:\n    hunter2\n",
        "schema: 1\nlimits:\n  memory: 1Gi\n  disk: 1Gi\n  password: |\n    hunter2\n",
        "schema: 1\nlimits: { memory: 1Gi, disk: 1Gi, password: { hunter2: 1 } }\n",
        "schema: 1\nlimits: { memory: 1Gi, disk: 1Gi, password: [\n  hunter2 ] }\n",
        "schema: 1\nlimits:\n  password:\n    inner: hunter2\n",
        "schema: 1\nauth_token: \"hunter2\n",
        "schema: 1\nauth_token: \"\n  hunter2: \n",
        "schema: https://u:hunter2@example.org/\n",
        "schema: 1\nredis://u:hunter2@example.org: x\n",
    ] {
        let shown = said(text);
        assert!(!shown.contains("hunter2"), "{text}\n{shown}");
    }
}

#[test]
fn broken_yaml_says_where() {
    insta::assert_snapshot!(said("schema: 1\nsources: [\n"), @r#"
        f.yaml:2:10: this is not YAML: unclosed bracket '['
            2 | sources: [
              |          ^
        "#);
    insta::assert_snapshot!(said("schema: 1\n\tsources: 1\n"), @r#"
        f.yaml:1:9: this is not YAML: while scanning a plain scalar, found a tab
            1 | schema: 1
              |         ^
        "#);
    insta::assert_snapshot!(said("schema: 1\nschema: 2\nlimits: !big {}\nschema: 3\n"), @r#"
        f.yaml:2:1: the key schema stands here twice, first in line 1
            2 | schema: 2
              | ^
        f.yaml:3:14: tags are not supported here, except !!str
            3 | limits: !big {}
              |              ^
        f.yaml:4:1: the key schema stands here twice, first in line 1
            4 | schema: 3
              | ^
        "#);
    insta::assert_snapshot!(said("schema: 1\n---\nschema: 2\n"), @r#"
        f.yaml:2:1: a second document begins here: one file holds one
            2 | ---
              | ^
        "#);
    insta::assert_snapshot!(said("schema: *gone\n"), @r#"
        f.yaml:1:9: this is not YAML: while parsing node, found unknown anchor
            1 | schema: *gone
              |         ^
        "#);
    insta::assert_snapshot!(said("schema: &a [*a]\n"), @r#"
        f.yaml:1:13: an alias within its own anchor
            1 | schema: &a [*a]
              |             ^
        "#);
    insta::assert_snapshot!(said("{ [a]: 1, <<: 3 }\n"), @r#"
        f.yaml:1:3: a key must be a word, not a list or a mapping
            1 | { [a]: 1, <<: 3 }
              |   ^
        f.yaml:1:15: `<<` takes a mapping or a list of mappings
            1 | { [a]: 1, <<: 3 }
              |               ^
        "#);
    insta::assert_snapshot!(said(""), @r#"
        f.yaml:1:1: expected a mapping, found nothing
        "#);
    insta::assert_snapshot!(said("# nothing\n"), @r#"
        f.yaml:1:1: expected a mapping, found nothing
            1 | # nothing
              | ^
        "#);
}

#[test]
fn aliases_cannot_multiply_without_end() {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..9 {
        let before = format!("*a{},", level - 1).repeat(10);
        writeln!(text, "a{level}: &a{level} [{before}]").unwrap();
    }
    assert!(said(&text).contains("more than 100000 values"));
    assert!(said(&"[".repeat(1000)).contains("this is not YAML"));
    assert!(said(&"x".repeat(2 << 20)).contains("larger than 1 MiB"));
}

#[test]
fn at_most_fifty_errors_are_listed() {
    let text = format!("schema: 1\nsources: [{}]\n", "text, ".repeat(200));
    assert_eq!(said(&text).matches("expected a mapping").count(), 50);
}
