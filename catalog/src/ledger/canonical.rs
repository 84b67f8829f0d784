//! Canonical JSON (RFC 8785) and the digest of a record: what two programs agree on byte for byte.
//!
//! Works on the raw parsed value, so that members this version does not know are covered too.

use std::{collections::BTreeMap, fmt};

use serde::{
    Serialize,
    de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use crate::digest::sha256;

/// Largest integer that every JSON reader keeps exactly: 2^53 (RFC 8785, appendix D).
pub(super) const INTEGER_MAX: u64 = 1 << 53;

/// Parses one JSON object; a member that occurs twice is an error, for two readers would disagree
/// about which one counts.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    match serde_json::from_str::<Strict>(text)?.0 {
        Value::Object(members) => Ok(members),
        _ => Err(serde_json::Error::custom("not a JSON object")),
    }
}

/// `sha256:…` of the canonical form of everything but `digest`.
pub(super) fn record_digest(members: &Map<String, Value>) -> String {
    let covered = members.iter().filter(|(name, _)| *name != "digest");
    sha256(canonical(&covered.collect::<BTreeMap<_, _>>()))
}

/// The canonical form. Every number is written as ECMAScript prints it; no record carries one for
/// which that loses a digit (see [`refused_number`]).
fn canonical(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("invariant: JSON has a canonical form")
}

/// The first number that a record must not carry: a fraction, or an integer beyond 2^53.
pub(super) fn refused_number(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) => (!is_exact_integer(number)).then_some(number),
        Value::Array(items) => items.iter().find_map(refused_number),
        Value::Object(members) => members.values().find_map(refused_number),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

fn is_exact_integer(number: &Number) -> bool {
    let size = number
        .as_u64()
        .or_else(|| number.as_i64().map(i64::unsigned_abs));
    size.is_some_and(|size| size <= INTEGER_MAX)
}

/// A value without duplicate members, at any depth (`serde_json` bounds the depth at 128).
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, _>()? {
            if members.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format_args!(
                    "member {name:?} occurs twice"
                )));
            }
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let value = serde_json::from_str::<Strict>(input).expect(input).0;
        let written = String::from_utf8(canonical(&value)).expect(input);
        assert_eq!(written, expected, "{input}");
    }

    #[test]
    fn values_are_written_as_rfc_8785_shows_them() {
        // Section 3.2.2, the sample and its canonical form.
        check(
            r#"{ "numbers": [333333333.3333333, 1E30, 4.50, 2e-3,
                 0.000000000000000000000000001],
                 "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                 "literals": [null, true, false] }"#,
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
        );
        // Section 3.2.3: sorted by UTF-16 code units, where a surrogate pair precedes U+FB33.
        check(
            r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}",
        );
        check(
            "[9007199254740992, -9007199254740992, 0, -0]",
            "[9007199254740992,-9007199254740992,0,0]",
        );
        check(
            "[9007199254740993, 18446744073709551615]",
            "[9007199254740992,18446744073709552000]",
        );
        check(r#""\b\f\t\u007f\u001f""#, "\"\\b\\f\\t\u{7f}\\u001f\"");
    }

    #[test]
    fn the_digest_is_that_of_sha256sum_over_the_canonical_form() {
        let members = parse(r#"{"b": 1, "digest": "anything", "a": "ü"}"#).unwrap();
        // printf '{"a":"ü","b":1}' | sha256sum
        let expected = concat!(
            "sha256:",
            "4e7ff4080b1a00acdaf71eb0cdf2d504aa8068bbb375c002eac2df3f064047a7"
        );
        assert_eq!(record_digest(&members), expected);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_not_read_at_all() {
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"c":[{"b":1,"b":2}]}}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":1} {"#,
            r#"{"a":"#,
            "[1]",
            "",
            r#"{"a":"\ud800"}"#,
            &format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200)),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(r#"{"a":{"b":1},"c":{"b":1}}"#).is_ok());
    }

    #[test]
    fn only_integers_within_2_to_the_53_may_be_written() {
        for (json, refused) in [
            ("[9007199254740992]", false),
            ("[{\"a\":9007199254740993}]", true),
            ("-9007199254740993", true),
            ("0.5", true),
            ("\"0.5\"", false),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(refused_number(&value).is_some(), refused, "{json}");
        }
    }
}
