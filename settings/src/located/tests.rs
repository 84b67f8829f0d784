//! The written forms, as JSON and as JSON Schema.

use schemars::schema_for;

use super::*;
use crate::{Duration, Percent, Size};

#[derive(JsonSchema)]
struct All {
    _located: Located<Duration>,
    _size: Size,
    _switch: Option<Switch<Percent>>,
    _many: OneOrMany<String>,
    _section: Section,
}

fn part_of_schema(part: &str) -> String {
    serde_json::to_string_pretty(schema_for!(All).get(part).unwrap()).unwrap()
}

#[test]
fn a_wrapped_type_has_the_schema_of_what_it_holds() {
    insta::assert_snapshot!(part_of_schema("properties"), @r##"
        {
          "_located": {
            "$ref": "#/$defs/Duration"
          },
          "_many": {
            "anyOf": [
              {
                "type": "string"
              },
              {
                "items": {
                  "type": "string"
                },
                "minItems": 1,
                "type": "array"
              }
            ]
          },
          "_section": true,
          "_size": {
            "$ref": "#/$defs/Size"
          },
          "_switch": {
            "anyOf": [
              {
                "anyOf": [
                  {
                    "const": false
                  },
                  {
                    "$ref": "#/$defs/Percent"
                  }
                ]
              },
              {
                "type": "null"
              }
            ]
          }
        }
        "##);
}

#[test]
fn the_schema_says_how_each_word_is_written() {
    insta::assert_snapshot!(part_of_schema("$defs"), @r##"
        {
          "Duration": {
            "description": "A duration as Prometheus writes it, for example 1h30m or 30d",
            "examples": [
              "90m",
              "26h",
              "30d"
            ],
            "maximum": 0,
            "minimum": 0,
            "pattern": "^(0|([0-9]+(y|w|d|h|ms|m|s))+)$",
            "type": [
              "string",
              "integer"
            ]
          },
          "Percent": {
            "description": "A percentage from 0% to 100%",
            "examples": [
              "20%",
              "12.5%"
            ],
            "pattern": "^(100(\\.0{1,2})?|[0-9]{1,2}(\\.[0-9]{1,2})?)%$",
            "type": "string"
          },
          "Size": {
            "description": "Bytes, or a whole number with Ki, Mi, Gi, Ti or Pi",
            "examples": [
              "10Gi",
              "500GiB",
              1048576
            ],
            "minimum": 0,
            "pattern": "^[0-9]+((Ki|Mi|Gi|Ti|Pi)?B?)$",
            "type": [
              "string",
              "integer"
            ]
          }
        }
        "##);
}

#[test]
fn a_place_is_known_only_within_a_document() {
    let error = serde_json::from_str::<Located<u8>>("1").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("only a settings document knows places")
    );
    let error = serde_json::from_str::<Section>("null").unwrap_err();
    assert!(
        error.to_string().contains("a value of a settings document"),
        "{error}"
    );
}

#[test]
fn words_travel_through_json_as_they_are_written() {
    let check = |json: &str| {
        let read: (Duration, Size, Percent) = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    };
    check(r#"["1h30m","10Gi","12.5%"]"#);
}

#[test]
fn a_type_and_its_located_form_are_one_definition() {
    #[derive(JsonSchema)]
    struct Bucket {
        _name: String,
    }

    #[derive(JsonSchema)]
    struct Both {
        _here: Located<Bucket>,
        _there: Bucket,
    }

    let schema = schema_for!(Both);
    let definitions = schema.get("$defs").and_then(|it| it.as_object());
    assert_eq!(definitions.unwrap().keys().collect::<Vec<_>>(), ["Bucket"]);
}
