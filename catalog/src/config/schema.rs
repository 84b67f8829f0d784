//! The JSON Schema of the file, composed of the written types and every engine's own.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{Known, written};
use crate::{
    drivers::Holds,
    format::{FORMATS, Format},
};

/// The schema of one configuration file, draft 2020-12.
pub fn schema() -> Schema {
    schema_with(&Known::default())
}

/// The schema of a file that may name what is in the tables `known`.
pub fn schema_with(known: &Known) -> Schema {
    let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let by_engine: Vec<(&str, Value)> = FORMATS
        .iter()
        .map(|format| (format.engine().as_str(), of_engine(*format, &mut generator)))
        .collect();
    let of_drivers = [
        ("Repository", Holds::Snapshots),
        ("EvidenceRepository", Holds::Records),
    ];
    let of_drivers = of_drivers.map(|(of, what)| (of, of_drivers_for(known, what, &mut generator)));
    let mut schema = generator.into_root_schema_for::<written::File>();
    schema.insert("title".into(), "Backup Witness: configuration".into());
    let root = schema.ensure_object();
    root.insert("patternProperties".into(), json!({ "^x-": true }));
    root["properties"]["defaults"] = defaults(&by_engine);
    if let Some(definitions) = root.get_mut("$defs").and_then(Value::as_object_mut) {
        if let Some(source) = definitions.get_mut("Source") {
            let partial = complete(source, by_engine);
            definitions.insert("SourceDefaults".into(), partial);
        }
        for (of, keys) in of_drivers {
            for (key, value) in keys {
                definitions[of]["properties"][key] = value;
            }
        }
        let runtimes = format!("What provides sandboxes: {}.", known.runtimes_listed());
        definitions["Verifier"]["properties"]["runtime"]["description"] = runtimes.into();
        for definition in definitions.values_mut() {
            if definition.get("additionalProperties") == Some(&Value::Bool(false)) {
                definition["patternProperties"] = json!({ "^x-": true });
            }
        }
    }
    schema
}

/// Schema of what holds only of a source of this engine: its own keys, none of the others', its
/// `expect`.
fn of_engine(format: &dyn Format, generator: &mut SchemaGenerator) -> Value {
    let foreign = own_keys().map(|name| (name.to_owned(), Value::Bool(false)));
    let mut properties: Map<String, Value> = foreign.collect();
    for key in format.keys() {
        properties.insert(key.name.into(), (key.schema)(generator).into());
    }
    let expect = format.expect_schema(generator);
    let verify = if format.restorable() {
        json!({ "properties": { "expect": expect } })
    } else {
        json!({ "const": false })
    };
    properties.insert("verify".into(), verify);
    json!({ "properties": properties })
}

/// Keys, with their schemas, of the drivers whose places may hold `what`.
fn of_drivers_for(
    known: &Known,
    what: Holds,
    generator: &mut SchemaGenerator,
) -> Vec<(&'static str, Value)> {
    let drivers = known.drivers_for(what).into_iter();
    let keys = drivers.map(|driver| {
        let mut value = driver.schema(generator);
        value.insert("description".into(), driver.about().into());
        (driver.key(), value.into())
    });
    keys.collect()
}

fn own_keys() -> impl Iterator<Item = &'static str> {
    FORMATS
        .iter()
        .flat_map(|format| format.keys().iter().map(|key| key.name))
}

/// Adds the engines to the definition of a source. Returns the definition of a source's defaults:
/// the same keys with nothing required.
fn complete(source: &mut Value, by_engine: Vec<(&str, Value)>) -> Value {
    for key in own_keys() {
        source["properties"][key] = true.into();
    }
    let mut partial = source.clone();
    if let Some(partial) = partial.as_object_mut() {
        partial.remove("required");
    }
    let engines: Vec<_> = by_engine.iter().map(|(engine, _)| *engine).collect();
    source["properties"]["engine"]["enum"] = engines.into();
    let rule = |(engine, then): (&str, Value)| {
        let is_it = json!({ "properties": { "engine": { "const": engine } } });
        json!({ "if": is_it, "then": then })
    };
    source["allOf"] = by_engine.into_iter().map(rule).collect();
    partial
}

/// Schema of `defaults`: a mapping by engine, so that each may hold the keys of its own.
fn defaults(by_engine: &[(&str, Value)]) -> Value {
    let of_one = |(engine, rule): &(&str, Value)| {
        let partial = json!({ "$ref": "#/$defs/SourceDefaults" });
        ((*engine).to_owned(), json!({ "allOf": [partial, rule] }))
    };
    json!({
        "description": "Per engine; a source's own keys win.",
        "type": ["object", "null"],
        "properties": by_engine.iter().map(of_one).collect::<Map<_, _>>(),
        "patternProperties": { "^x-": true },
        "additionalProperties": false,
    })
}
