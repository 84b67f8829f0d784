//! The variables of a dashboard: what the reader chooses above the panels.

use serde_json::{Value, json};

use crate::query::data_source;

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name, without `$`.
    pub name: &'static str,
    /// The word that the reader sees.
    pub label: &'static str,
    /// What can be chosen.
    pub choice: Choice,
}

/// What can be chosen for a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A Prometheus.
    DataSource,
    /// Any number of a label's values, and all of them at first; the query that finds them.
    Several(String),
    /// One of a label's values; the query that finds them.
    One(String),
    /// A number that is typed in, and the one at first.
    Number(&'static str),
}

/// The Prometheus that is asked.
pub(crate) const DATA_SOURCE: Variable = Variable {
    name: "datasource",
    label: "Data source",
    choice: Choice::DataSource,
};

/// Owners of sources.
pub(crate) fn owner() -> Variable {
    several("owner", "Owner", "label_values(backup:source:info, owner)")
}

/// Engines of the sources of these owners.
pub(crate) fn engine() -> Variable {
    let query = "label_values(backup:source:info{owner=~\"$owner\"}, engine)";
    several("engine", "Engine", query)
}

/// A variable of which any number of values can be chosen.
pub(crate) fn several(name: &'static str, label: &'static str, query: &str) -> Variable {
    Variable {
        name,
        label,
        choice: Choice::Several(query.to_owned()),
    }
}

impl Variable {
    /// The query that finds what can be chosen.
    pub fn query(&self) -> Option<&str> {
        match &self.choice {
            Choice::Several(query) | Choice::One(query) => Some(query),
            Choice::DataSource | Choice::Number(_) => None,
        }
    }

    /// The variable as a dashboard holds it.
    pub(crate) fn json(&self) -> Value {
        let mut variable = match &self.choice {
            Choice::DataSource => json!({
                "type": "datasource", "query": "prometheus", "regex": "", "refresh": 1,
                "current": { "selected": true, "text": "default", "value": "default" },
                "includeAll": false, "multi": false, "options": [],
            }),
            Choice::Several(query) => {
                let mut variable = asked(query);
                variable["multi"] = true.into();
                variable["includeAll"] = true.into();
                variable["allValue"] = ".*".into();
                variable["current"] =
                    json!({ "selected": true, "text": ["All"], "value": ["$__all"] });
                variable
            }
            Choice::One(query) => asked(query),
            Choice::Number(first) => {
                let option = json!({ "selected": true, "text": first, "value": first });
                json!({ "type": "textbox", "query": first, "current": option.clone(),
                    "options": [option] })
            }
        };
        variable["name"] = self.name.into();
        variable["label"] = self.label.into();
        variable["hide"] = 0.into();
        variable["skipUrlSync"] = false.into();
        variable
    }
}

/// A variable whose values Prometheus is asked for whenever the time that is shown changes.
fn asked(query: &str) -> Value {
    json!({
        "type": "query", "datasource": data_source(), "definition": query,
        "query": { "qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery" },
        "refresh": 2, "regex": "", "sort": 1, "multi": false, "includeAll": false, "options": [],
    })
}
