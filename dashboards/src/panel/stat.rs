//! Single figures, and bars of a few of them.

use serde_json::json;

use super::{Panel, legend, newest};
use crate::{
    query::Query,
    tone::{Tone, steps},
    unit::Unit,
};

/// A panel with one figure.
pub(crate) fn stat(
    title: &'static str,
    description: &'static str,
    unit: Unit,
    expr: &str,
) -> Panel {
    let mut panel = Panel::new("stat", title, description, unit).sized(3, 4);
    panel.queries.push(Query::now(expr).named(title));
    panel.options = json!({
        "colorMode": "value", "graphMode": "none", "justifyMode": "auto",
        "orientation": "horizontal", "percentChangeColorMode": "standard",
        "reduceOptions": newest(), "showPercentChange": false, "textMode": "value",
        "wideLayout": true,
    });
    panel
        .with("color", json!({ "mode": "thresholds" }))
        .steps(Tone::Plain, &[])
}

/// A panel with the names of its series instead of their figures.
pub(crate) fn named(title: &'static str, description: &'static str, query: Query) -> Panel {
    let mut panel = stat(title, description, Unit::Words, &query.expr);
    panel.queries = vec![query];
    panel.options["textMode"] = "name".into();
    panel
}

/// The figure, and below it the part of what was promised: red from all of that on.
pub(crate) fn against_promise(panel: Panel, ratio: &str) -> Panel {
    const NAME: &str = "of the promise";
    let mut panel = panel.of_series(
        NAME,
        &json!([
            { "id": "unit", "value": Unit::Ratio.id() },
            { "id": "decimals", "value": 0 },
            { "id": "thresholds", "value": steps(Tone::Good, &[(1.0, Tone::Bad)]) },
        ]),
    );
    let query = Query::now(ratio).named(NAME);
    panel.queries.push(query.measured(Unit::Ratio));
    panel.options["textMode"] = "value_and_name".into();
    panel
}

/// Bars, one for each series.
pub(crate) fn bars(
    title: &'static str,
    description: &'static str,
    unit: Unit,
    query: Query,
) -> Panel {
    let mut panel = Panel::new("bargauge", title, description, unit);
    panel.queries.push(query);
    let mut hidden = legend(&[]);
    hidden["showLegend"] = false.into();
    panel.options = json!({
        "displayMode": "basic", "legend": hidden, "maxVizHeight": 40, "minVizHeight": 16,
        "minVizWidth": 8, "namePlacement": "left", "orientation": "horizontal",
        "reduceOptions": newest(), "showUnfilled": true, "sizing": "auto", "valueMode": "color",
    });
    panel
        .with("color", json!({ "mode": "thresholds" }))
        .with("min", 0.into())
        .steps(Tone::Plain, &[])
}
