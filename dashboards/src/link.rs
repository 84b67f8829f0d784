//! Links, above a dashboard and on cells of tables: Grafana's schema has one shape for both.

use serde_json::{Value, json};

/// Base address of runbooks, as in the rules of the alerts.
pub(crate) const RUNBOOKS: &str = "https://runbooks.example/";

/// A link of this kind: `link` to an address, `dashboards` to those with a tag.
pub(crate) fn link(kind: &str, title: &str, url: &str) -> Value {
    json!({
        "type": kind, "title": title, "url": url, "icon": "external link", "tooltip": "",
        "tags": [], "asDropdown": false, "includeVars": false, "keepTime": false,
        "targetBlank": false,
    })
}
