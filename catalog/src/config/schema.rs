//! The JSON Schema of the file, composed of the written types and every engine's own.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use super::written;
use crate::format::FORMATS;

/// The schema of one configuration file, draft 2020-12.
pub fn schema() -> Schema {
    let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let by_engine: Vec<Value> = FORMATS
        .iter()
        .map(|format| {
            let expect = format.expect_schema(&mut generator);
            let verify = if format.restorable() {
                json!({ "properties": { "expect": expect } })
            } else {
                json!({ "const": false })
            };
            json!({
                "if": { "properties": { "engine": { "const": format.engine() } } },
                "then": { "properties": { "verify": verify } },
            })
        })
        .collect();
    let engines: Vec<_> = FORMATS
        .iter()
        .map(|format| format.engine().as_str())
        .collect();
    let mut schema = generator.into_root_schema_for::<written::File>();
    schema.insert("title".into(), "Backup Witness: configuration".into());
    let root = schema.ensure_object();
    root.insert("patternProperties".into(), json!({ "^x-": true }));
    if let Some(definitions) = root.get_mut("$defs").and_then(Value::as_object_mut) {
        if let Some(source) = definitions.get_mut("Source") {
            source["allOf"] = by_engine.into();
            source["properties"]["engine"]["enum"] = engines.into();
        }
        for definition in definitions.values_mut() {
            if definition.get("additionalProperties") == Some(&Value::Bool(false)) {
                definition["patternProperties"] = json!({ "^x-": true });
            }
        }
    }
    schema
}
