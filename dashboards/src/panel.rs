//! Panels: one file per kind. A panel is a plain value until its dashboard has placed it.

pub(crate) mod lines;
pub(crate) mod stat;
pub(crate) mod table;
pub(crate) mod timeline;

use serde_json::{Map, Value, json};

use crate::{
    query::{Query, data_source, letter},
    tone::{Tone, Words, mappings, steps},
    unit::Unit,
};

/// One panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Its heading.
    pub title: &'static str,
    /// What it shows, in plain words.
    pub description: &'static str,
    /// The unit of its values, unless a series or column has one of its own.
    pub unit: Unit,
    /// What it asks.
    pub queries: Vec<Query>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Grafana's name of the kind of panel.
    kind: &'static str,
    /// How answers arrive: `time_series` or `table`.
    format: &'static str,
    options: Value,
    defaults: Map<String, Value>,
    overrides: Vec<Value>,
    transformations: Vec<Value>,
}

impl Panel {
    fn new(kind: &'static str, title: &'static str, description: &'static str, unit: Unit) -> Self {
        let mut defaults = Map::new();
        defaults.insert("unit".to_owned(), unit.id().into());
        Self {
            title,
            description,
            unit,
            queries: Vec::new(),
            width: 12,
            height: 8,
            kind,
            format: "time_series",
            options: Value::Null,
            defaults,
            overrides: Vec::new(),
            transformations: Vec::new(),
        }
    }

    /// Another size: columns of 24, and rows of about 30 pixels.
    pub(crate) fn sized(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// Colours by value.
    pub(crate) fn steps(self, base: Tone, from: &[(f64, Tone)]) -> Self {
        self.with("thresholds", steps(base, from))
    }

    /// Words instead of values.
    pub(crate) fn words(self, words: Words<'_>) -> Self {
        self.with("mappings", mappings(words))
    }

    /// What is shown where there is no value.
    pub(crate) fn without_value(self, text: &str) -> Self {
        self.with("noValue", text.into())
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.defaults.insert(key.to_owned(), value);
        self
    }

    /// Settings for one series, which is told by its name.
    fn of_series(mut self, name: &str, properties: &Value) -> Self {
        let matcher = json!({ "id": "byName", "options": name });
        let set = json!({ "matcher": matcher, "properties": properties });
        self.overrides.push(set);
        self
    }

    /// The panel as a dashboard holds it, at its place.
    pub(crate) fn json(&self, id: u32, x: u32, y: u32) -> Value {
        let queries = self.queries.iter().enumerate();
        let targets: Vec<_> = queries
            .map(|(index, query)| query.json(&letter(index), self.format))
            .collect();
        json!({
            "id": id,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": data_source(),
            "gridPos": { "h": self.height, "w": self.width, "x": x, "y": y },
            "targets": targets,
            "options": self.options,
            "fieldConfig": { "defaults": self.defaults, "overrides": self.overrides },
            "transformations": self.transformations,
        })
    }
}

/// What stands below a chart: a table of the series with their newest and greatest values.
fn legend(calculations: &[&str]) -> Value {
    json!({ "displayMode": "table", "placement": "bottom", "showLegend": true,
        "calcs": calculations })
}

/// One value of a series: its newest.
fn newest() -> Value {
    json!({ "calcs": ["lastNotNull"], "fields": "", "values": false })
}
