//! Queries of panels.

use serde_json::{Value, json};

use crate::unit::Unit;

/// The data source that the reader chose.
pub(crate) fn data_source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// One query to Prometheus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The expression, in which variables of Grafana (`$owner`) are not replaced yet.
    pub expr: String,
    /// How a series is named, with `{{label}}` in it; empty in tables.
    pub legend: String,
    /// Whether only the newest value is asked for.
    pub is_instant: bool,
    /// The unit of its values, where it is another than the panel's.
    pub unit: Option<Unit>,
}

impl Query {
    /// A query for the values of now.
    pub(crate) fn now(expr: &str) -> Self {
        Self::new(expr, "", true)
    }

    /// A query for the values of the whole time that is shown.
    pub(crate) fn over_time(expr: &str, legend: &str) -> Self {
        Self::new(expr, legend, false)
    }

    /// The same query with its series named.
    pub(crate) fn named(mut self, legend: &str) -> Self {
        legend.clone_into(&mut self.legend);
        self
    }

    /// The same query with values in another unit than the panel's.
    pub(crate) fn measured(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }

    fn new(expr: &str, legend: &str, is_instant: bool) -> Self {
        let words: Vec<_> = expr.split_whitespace().collect();
        Self {
            expr: words.join(" "),
            legend: legend.to_owned(),
            is_instant,
            unit: None,
        }
    }

    /// The query as a panel holds it; `format` is `time_series` or `table`.
    pub(crate) fn json(&self, id: &str, format: &str) -> Value {
        json!({
            "datasource": data_source(),
            "editorMode": "code",
            "expr": self.expr,
            "format": format,
            "instant": self.is_instant,
            "legendFormat": self.legend,
            "range": !self.is_instant,
            "refId": id,
        })
    }
}

/// The letter by which a panel calls its query: `A`, `B`, …
///
/// # Panics
/// If a panel has more than 26 queries: a mistake of its page.
pub(crate) fn letter(index: usize) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    letters[index..=index].to_owned()
}
