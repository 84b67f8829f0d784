//! A dashboard: its sections, laid out on Grafana's grid.

use serde_json::{Value, json};

use crate::{
    link::{RUNBOOKS, link},
    panel::Panel,
    variable::Variable,
};

/// Version of Grafana's schema in which dashboards are written: that of Grafana 10.
const SCHEMA: u32 = 39;

/// Columns of the grid.
const COLUMNS: u32 = 24;

/// The tag that all dashboards have, by which they link to each other.
const TAG: &str = "backup-witness";

/// One dashboard.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// The identifier in addresses, which never changes.
    pub uid: &'static str,
    /// Its name.
    pub title: &'static str,
    /// The question that it answers.
    pub description: &'static str,
    /// The time that it shows at first, back from now: `7d`.
    pub shows: &'static str,
    /// What the reader chooses.
    pub variables: Vec<Variable>,
    /// Its sections, from the top.
    pub sections: Vec<Section>,
}

/// Panels under one heading.
#[derive(Debug, Clone)]
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// Its panels, in lines from the left.
    pub panels: Vec<Panel>,
}

impl Dashboard {
    /// The panels of all sections.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.sections.iter().flat_map(|section| &section.panels)
    }

    /// The dashboard as Grafana reads it.
    pub fn json(&self) -> Value {
        let variables: Vec<_> = self.variables.iter().map(Variable::json).collect();
        json!({
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": true,
            "graphTooltip": 1,
            "fiscalYearStartMonth": 0,
            "liveNow": false,
            "refresh": "5m",
            "time": { "from": format!("now-{}", self.shows), "to": "now" },
            "timepicker": {},
            "timezone": "browser",
            "weekStart": "",
            "annotations": { "list": [] },
            "links": links(),
            "templating": { "list": variables },
            "panels": self.placed(),
        })
    }

    fn placed(&self) -> Vec<Value> {
        let mut placed = Vec::new();
        let (mut id, mut top) = (1, 0);
        for section in &self.sections {
            placed.push(heading(section.title, id, top));
            (id, top) = (id + 1, top + 1);
            let (mut x, mut tallest) = (0, 0);
            for panel in &section.panels {
                if x + panel.width > COLUMNS {
                    (x, top, tallest) = (0, top + tallest, 0);
                }
                placed.push(panel.json(id, x, top));
                (id, x, tallest) = (id + 1, x + panel.width, tallest.max(panel.height));
            }
            top += tallest;
        }
        placed
    }
}

fn heading(title: &str, id: u32, y: u32) -> Value {
    json!({ "id": id, "type": "row", "title": title, "collapsed": false, "panels": [],
        "gridPos": { "h": 1, "w": COLUMNS, "x": 0, "y": y } })
}

/// Links to the other dashboards, which keep what was chosen, and to the runbooks.
fn links() -> Value {
    let mut dashboards = link("dashboards", "Backups", "");
    dashboards["tags"] = json!([TAG]);
    dashboards["includeVars"] = true.into();
    dashboards["keepTime"] = true.into();
    let mut runbooks = link("link", "Runbooks", RUNBOOKS);
    runbooks["targetBlank"] = true.into();
    json!([dashboards, runbooks])
}
