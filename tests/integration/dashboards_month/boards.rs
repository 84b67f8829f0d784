//! Dashboards as Grafana reads them: panels, their queries and units, and variables.

use std::{fs, path::Path};

use serde_json::Value;

/// One dashboard.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) title: String,
    /// Length of the time that it shows.
    pub(super) seconds: u64,
    pub(super) panels: Vec<Panel>,
    /// In the order in which they depend on each other.
    pub(super) variables: Vec<Variable>,
}

/// One panel that asks for something.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) title: String,
    kind: String,
    pub(super) queries: Vec<Query>,
}

/// One query of a panel.
#[derive(Debug)]
pub(super) struct Query {
    /// Its letter.
    pub(super) name: String,
    pub(super) expr: String,
    pub(super) instant: bool,
    /// Unit in which the answer is shown.
    pub(super) unit: String,
}

/// One variable, as people choose it.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    /// Query of its values, or the value itself.
    pub(super) query: String,
    pub(super) is_asked: bool,
    /// What stands for all values, if all can be chosen.
    pub(super) all: Option<String>,
}

impl Panel {
    /// True if each series is a line, bar or band of its own.
    pub(super) fn is_graph(&self) -> bool {
        !matches!(self.kind.as_str(), "table" | "stat")
    }
}

/// All dashboards.
pub(super) fn boards() -> Vec<Board> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboards");
    let files = fs::read_dir(directory)
        .unwrap()
        .map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|it| it == "json"));
    let read = |path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut boards: Vec<_> = files.map(|path| board(&read(path))).collect();
    boards.sort_by(|a, b| a.title.cmp(&b.title));
    boards
}

fn board(json: &Value) -> Board {
    let panels = list(&json["panels"]).iter();
    let panels = panels.flat_map(|panel| [panel].into_iter().chain(list(&panel["panels"])));
    let is_constant = |variable: &&Value| variable["type"] != "datasource";
    Board {
        title: text(&json["title"]),
        seconds: seconds(&text(&json["time"]["from"])),
        panels: panels
            .map(panel)
            .filter(|panel| !panel.queries.is_empty())
            .collect(),
        variables: list(&json["templating"]["list"])
            .iter()
            .filter(is_constant)
            .map(variable)
            .collect(),
    }
}

/// Seconds of `now-7d`.
fn seconds(from: &str) -> u64 {
    let past = from
        .strip_prefix("now-")
        .unwrap_or_else(|| panic!("{from}"));
    let (number, unit) = past.split_at(past.len() - 1);
    let unit = match unit {
        "h" => 3600,
        "d" => 24 * 3600,
        _ => panic!("{from}"),
    };
    number.parse::<u64>().unwrap() * unit
}

fn panel(json: &Value) -> Panel {
    Panel {
        title: text(&json["title"]),
        kind: text(&json["type"]),
        queries: list(&json["targets"])
            .iter()
            .map(|target| query(json, target))
            .collect(),
    }
}

fn query(panel: &Value, target: &Value) -> Query {
    let name = text(&target["refId"]);
    Query {
        unit: unit(panel, &name),
        expr: text(&target["expr"]),
        instant: target["instant"] == true,
        name,
    }
}

/// The unit of a query's answer: that of an override of its field, under whatever name, or the
/// panel's.
fn unit(panel: &Value, query: &str) -> String {
    let column = format!("Value #{query}");
    let of = |renamed: &Value| text(&renamed["options"]["renameByName"][&column]);
    let names: Vec<String> = list(&panel["transformations"]).iter().map(of).collect();
    let legend = list(&panel["targets"])
        .iter()
        .find(|it| it["refId"] == query);
    let legend = legend.map(|target| text(&target["legendFormat"]));
    let is_it = |over: &&Value| {
        let wanted = text(&over["matcher"]["options"]);
        let is_named = wanted == column || wanted == query || Some(&wanted) == legend.as_ref();
        is_named || names.contains(&wanted)
    };
    let overrides = list(&panel["fieldConfig"]["overrides"])
        .iter()
        .filter(is_it);
    let properties = overrides.flat_map(|over| list(&over["properties"]));
    let mut units = properties.filter(|property| property["id"] == "unit");
    let own = units.next().map(|property| text(&property["value"]));
    own.unwrap_or_else(|| text(&panel["fieldConfig"]["defaults"]["unit"]))
}

fn variable(json: &Value) -> Variable {
    let is_asked = json["type"] == "query";
    let query = if is_asked {
        &json["query"]["query"]
    } else {
        &json["query"]
    };
    Variable {
        name: text(&json["name"]),
        query: text(query),
        is_asked,
        all: (json["includeAll"] == true).then(|| text(&json["allValue"])),
    }
}

fn list(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn text(json: &Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}
