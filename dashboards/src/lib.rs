//! The Grafana dashboards, made from Rust: what they ask, how they look, and the files of them.
//!
//! | module | is |
//! |---|---|
//! | `pages` | the dashboards: which panels with which expressions |
//! | `panel` | kinds of panels, as plain values |
//! | `dashboard` | the layout on the grid, and the JSON of Grafana |
//! | `promql`, `query`, `unit`, `tone`, `link`, `variable` | what panels are made of |
//! | `install` | provisioning and `ConfigMaps` |
//!
//! It knows names of metrics only as text in expressions; `tests/integration/dashboards.rs` holds
//! them against the tables of metrics and the recordings. It reads and writes nothing.

mod dashboard;
mod install;
mod link;
mod pages;
mod panel;
mod promql;
mod query;
mod tone;
mod unit;
mod variable;

pub use dashboard::{Dashboard, Section};
pub use panel::Panel;
pub use query::Query;
pub use unit::Unit;
pub use variable::{Choice, Variable};

/// Every dashboard.
pub fn all() -> Vec<Dashboard> {
    vec![
        pages::overview::dashboard(),
        pages::source::dashboard(),
        pages::storage::dashboard(),
        pages::verification::dashboard(),
    ]
}

/// One query of a panel, with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedQuery {
    /// The dashboard's identifier.
    pub uid: &'static str,
    /// The panel's heading.
    pub panel: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// The query.
    pub query: Query,
}

/// Every query of every panel, in the order in which they are shown.
///
/// ```
/// assert!(dashboards::queries().iter().all(|it| !it.query.expr.is_empty()));
/// ```
pub fn queries() -> Vec<PlacedQuery> {
    let mut queries = Vec::new();
    for dashboard in all() {
        for panel in dashboard.panels() {
            let placed = panel.queries.iter().map(|query| PlacedQuery {
                uid: dashboard.uid,
                panel: panel.title,
                unit: query.unit.unwrap_or(panel.unit),
                query: query.clone(),
            });
            queries.extend(placed);
        }
    }
    queries
}

/// Every file that is made, by its path below `dashboards/`.
pub fn files() -> Vec<(String, String)> {
    let all = all();
    let pages = all.iter();
    let mut files: Vec<_> = pages
        .map(|dashboard| (format!("{}.json", dashboard.uid), text(dashboard)))
        .collect();
    let install = [
        ("provisioning/datasources.yaml", install::data_sources()),
        ("provisioning/dashboards.yaml", install::provider()),
        ("configmaps.yaml", install::config_maps(&all)),
    ];
    files.extend(install.map(|(path, text)| (path.to_owned(), text)));
    files
}

/// The dashboard as text.
fn text(dashboard: &Dashboard) -> String {
    format!("{:#}\n", dashboard.json())
}

#[cfg(test)]
mod tests;
