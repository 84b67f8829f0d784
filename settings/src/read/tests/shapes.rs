//! Defaults, choices and hints.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Source, said};
use crate::{Document, Percent, Size, Switch};

#[test]
fn own_keys_win_over_defaults_at_every_depth() {
    let text = "\
defaults: { verify: { drop: 1%, databases: { 0: { min: 7 } } }, keep: 1x }
source: { name: a, path: b, verify: { drop: 2% } }
";
    let document = Document::parse("f.yaml", text).unwrap();
    let mut problems = document.problems();
    let section = |key: &str| document.root().get(key).unwrap();
    let joined = section("source").or(&section("defaults"));
    let source: Source = joined.read(&mut problems).unwrap();
    let Some(Switch::On(verify)) = source.verify else {
        panic!("verify is on")
    };
    assert_eq!(
        (verify.drop, verify.databases[&0].min),
        (Some(Percent::new(2)), 7)
    );
    joined.read::<Source>(&mut problems);
    insta::assert_snapshot!(problems, @r#"
        f.yaml:1:71: source.keep: "1x" is not a duration at "1x"
            1 | defaults: { verify: { drop: 1%, databases: { 0: { min: 7 } } }, keep: 1x }
              |                                                                       ^
          hint: Write whole numbers with y, w, d, h, m, s or ms and no spaces: 1h30m.
        "#);
}

#[test]
fn what_looks_right_and_is_not_has_a_hint() {
    let text = "\
schema: 01
limits: { memory: 1Gi, disk: 1Gi, parallel: '5', strict: 'true' }
sources: yes
";
    insta::assert_snapshot!(said(text), @r#"
        f.yaml:1:9: schema: expected a whole number, found "01"
            1 | schema: 01
              |         ^
          hint: Write it without leading zeros.
        f.yaml:2:45: limits.parallel: expected a whole number, found "5"
            2 | limits: { memory: 1Gi, disk: 1Gi, parallel: '5', strict: 'true' }
              |                                             ^
          hint: Leave out the quotes.
        f.yaml:2:58: limits.strict: expected true or false, found "true"
            2 | limits: { memory: 1Gi, disk: 1Gi, parallel: '5', strict: 'true' }
              |                                                          ^
          hint: Leave out the quotes.
        f.yaml:3:10: sources: expected a list, found "yes"
            3 | sources: yes
              |          ^
        "#);
}

#[test]
fn a_mapping_read_past_its_struct_still_refuses_unknown_keys() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "known")]
        _known: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(deserialize_with = "past_struct", rename = "inner")]
        _inner: Strict,
    }

    fn past_struct<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Strict, D::Error> {
        let map = BTreeMap::<String, u8>::deserialize(from)?;
        Strict::deserialize(serde::de::value::MapDeserializer::new(map.into_iter()))
    }

    let document = Document::parse("f.yaml", "inner: { knwon: 1 }\n").unwrap();
    let mut problems = document.problems();
    assert!(document.root().read::<Outer>(&mut problems).is_none());
    insta::assert_snapshot!(problems, @r#"
        f.yaml:1:8: inner: unknown key
            1 | inner: { knwon: 1 }
              |        ^
          hint: Did you mean known? Known keys: known.
        "#);
}

#[test]
fn keys_that_another_type_reads_are_known_and_passed_over() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Common {
        name: String,
        #[serde(rename = "within")]
        _within: Option<Box<Common>>,
    }

    let read = |text: &str| {
        let document = Document::parse("f.yaml", text).unwrap();
        let mut problems = document.problems();
        let root = document.root();
        let common: Option<Common> = root.read_beside(&["bucket", "path"], &mut problems);
        (common.map(|it| it.name), problems)
    };
    let (name, problems) = read("{ name: a, bucket: [whatever], path: ~ }");
    assert_eq!(
        (name.as_deref(), problems.to_string().as_str()),
        (Some("a"), "")
    );
    // The other type's keys belong to the mapping itself and to no mapping within it.
    let (_, problems) = read("{ pth: a, within: { name: a, path: b } }");
    insta::assert_snapshot!(problems, @r#"
        f.yaml:1:1: the key name is missing
            1 | { pth: a, within: { name: a, path: b } }
              | ^
        f.yaml:1:3: pth: unknown key
            1 | { pth: a, within: { name: a, path: b } }
              |   ^
          hint: Did you mean path? Known keys: bucket, name, path, within.
        f.yaml:1:30: within.path: unknown key
            1 | { pth: a, within: { name: a, path: b } }
              |                              ^
          hint: Known keys: name, within; x-path would be ignored.
        "#);
}

#[test]
fn a_choice_is_a_word_or_a_mapping_of_one_key() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Store {
        Memory,
        Directory(String),
        Bucket {
            #[serde(rename = "size")]
            _size: Size,
        },
    }

    let read = |text: &str| {
        let document = Document::parse("f.yaml", text).unwrap();
        let mut problems = document.problems();
        (document.root().read::<Vec<Store>>(&mut problems), problems)
    };
    let (stores, problems) = read("[memory, { directory: 12 }, { bucket: { size: 1Gi } }]");
    assert_eq!(problems.to_string(), "");
    let stores = stores.unwrap();
    assert!(matches!(&stores[..], [Store::Memory, Store::Directory(at), _] if at == "12"));
    let (_, problems) = read(
        "\
- memroy
- directory
- memory: 1
- directory: [a]
- bucket: { sise: 1Gi }
- bucket: { size: 1G }
- ftp: a
- { directory: a, bucket: b }
-
",
    );
    insta::assert_snapshot!(problems, @r#"
        f.yaml:1:3: [0]: "memroy" is not one of memory, directory, bucket
            1 | - memroy
              |   ^
          hint: Did you mean memory?
        f.yaml:2:3: [1]: expected a mapping of this word to its value
            2 | - directory
              |   ^
        f.yaml:3:11: [2].memory: expected nothing, found 1
            3 | - memory: 1
              |           ^
        f.yaml:4:14: [3].directory: expected text, found a list
            4 | - directory: [a]
              |              ^
        f.yaml:5:13: [4].bucket.sise: unknown key
            5 | - bucket: { sise: 1Gi }
              |             ^
          hint: Did you mean size? Known keys: size.
        f.yaml:6:19: [5].bucket.size: "1G" may mean two sizes
            6 | - bucket: { size: 1G }
              |                   ^
          hint: Write 1Gi (1073741824 bytes) or 1000000000.
        f.yaml:7:3: [6]: "ftp" is not one of memory, directory, bucket
            7 | - ftp: a
              |   ^
        f.yaml:8:3: [7]: expected one of memory, directory, bucket, found a mapping
            8 | - { directory: a, bucket: b }
              |   ^
        f.yaml:9:2: [8]: expected one of memory, directory, bucket, found nothing
            9 | -
              |  ^
        "#);
}

#[test]
fn a_missing_key_is_an_error_even_where_unknown_keys_are_tolerated() {
    let document = Document::parse("f.yaml", "shema: 1\n").unwrap();
    let mut problems = document.problems();
    problems.tolerate_unknown_keys();
    assert!(
        document
            .root()
            .read::<super::Settings>(&mut problems)
            .is_none()
    );
    assert!(problems.has_errors());
    insta::assert_snapshot!(problems, @r#"
        f.yaml:1:1: warning: shema: unknown key
            1 | shema: 1
              | ^
          hint: Did you mean schema? Known keys: limits, runtime, schema, sources.
        f.yaml:1:1: the key schema is missing
            1 | shema: 1
              | ^
        "#);
}
