//! States over time: a row for each series.

use serde_json::json;

use super::{Panel, legend};
use crate::{query::Query, tone::Words, unit::Unit};

/// Rows on one page of the panel.
const ROWS: u32 = 20;

/// A panel with a row for each series, whose values stand for words.
pub(crate) fn timeline(
    title: &'static str,
    description: &'static str,
    query: Query,
    words: Words<'_>,
) -> Panel {
    let mut panel = Panel::new("state-timeline", title, description, Unit::Words);
    panel.queries.push(query);
    let mut hidden = legend(&[]);
    hidden["showLegend"] = false.into();
    panel.options = json!({
        "alignValue": "left", "legend": hidden, "mergeValues": true, "perPage": ROWS,
        "rowHeight": 0.8, "showValue": "auto", "tooltip": { "mode": "single", "sort": "none" },
    });
    panel
        .words(words)
        .with("color", json!({ "mode": "thresholds" }))
        .with(
            "custom",
            json!({ "fillOpacity": 70, "lineWidth": 0, "spanNulls": false }),
        )
}
