//! Charts over time.

use serde_json::json;

use super::{Panel, legend};
use crate::{query::Query, tone::Tone, unit::Unit};

/// A chart with a line for each series.
pub(crate) fn lines(
    title: &'static str,
    description: &'static str,
    unit: Unit,
    queries: impl IntoIterator<Item = Query>,
) -> Panel {
    let mut panel = Panel::new("timeseries", title, description, unit);
    panel.queries.extend(queries);
    panel.options = json!({
        "legend": legend(&["lastNotNull", "max"]),
        "tooltip": { "mode": "multi", "sort": "desc" },
    });
    panel
        .with("color", json!({ "mode": "palette-classic" }))
        .with("min", 0.into())
        .with("custom", drawn(10, "none"))
}

impl Panel {
    /// The series one upon the other: together they are a whole.
    pub(crate) fn stacked(self) -> Self {
        self.with("custom", drawn(40, "normal"))
    }

    /// A series that is a promise: a dashed line without a fill.
    pub(crate) fn promise(self, name: &str, tone: Tone) -> Self {
        let dashed = json!({ "fill": "dash", "dash": [10, 10] });
        self.colored(name, tone).of_series(
            name,
            &json!([
                { "id": "custom.lineStyle", "value": dashed },
                { "id": "custom.fillOpacity", "value": 0 },
            ]),
        )
    }

    /// A series whose colour has a meaning.
    pub(crate) fn colored(self, name: &str, tone: Tone) -> Self {
        let color = json!({ "mode": "fixed", "fixedColor": tone.color() });
        self.of_series(name, &json!([{ "id": "color", "value": color }]))
    }

    /// A line at the first threshold.
    pub(crate) fn line_at_threshold(mut self) -> Self {
        self.defaults["custom"]["thresholdsStyle"] = json!({ "mode": "line" });
        self
    }
}

fn drawn(fill: u32, stacking: &str) -> serde_json::Value {
    json!({
        "drawStyle": "line", "fillOpacity": fill, "lineInterpolation": "stepAfter",
        "lineWidth": 1, "showPoints": "never", "spanNulls": false,
        "stacking": { "mode": stacking, "group": "A" }, "thresholdsStyle": { "mode": "off" },
    })
}
