//! Tables: one query for each column of figures, joined by the labels that all of them have.

use serde_json::{Map, Value, json};

use super::Panel;
use crate::{
    link::link,
    query::{Query, letter},
    tone::{Tone, Words, mappings, steps},
    unit::Unit,
};

/// One column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    title: &'static str,
    content: Content,
    properties: Vec<Value>,
}

#[derive(Debug, Clone)]
enum Content {
    Label(&'static str),
    Figure(Query),
    /// Asked for its labels, and not shown.
    Hidden(Query),
}

/// A column of a label's values.
pub(crate) fn label(name: &'static str, title: &'static str) -> Column {
    Column {
        title,
        content: Content::Label(name),
        properties: Vec::new(),
    }
}

/// A column of figures.
pub(crate) fn figure(title: &'static str, unit: Unit, expr: &str) -> Column {
    let column = Column {
        title,
        content: Content::Figure(Query::now(expr).measured(unit)),
        properties: Vec::new(),
    };
    column.with("unit", unit.id())
}

/// The query whose labels are the rows.
pub(crate) fn rows(expr: &str) -> Column {
    Column {
        title: "",
        content: Content::Hidden(Query::now(expr)),
        properties: Vec::new(),
    }
}

impl Column {
    /// Colours by value, behind the cell.
    pub(crate) fn steps(self, base: Tone, from: &[(f64, Tone)]) -> Self {
        self.with("thresholds", steps(base, from)).filled()
    }

    /// Words instead of values, with their colours behind the cell.
    pub(crate) fn words(self, words: Words<'_>) -> Self {
        self.with("mappings", mappings(words)).filled()
    }

    /// What stands in a cell without a value.
    pub(crate) fn without_value(self, text: &str) -> Self {
        self.with("noValue", text)
    }

    /// A link on each cell.
    pub(crate) fn link(self, title: &str, url: &str) -> Self {
        self.with("links", json!([link("link", title, url)]))
    }

    fn filled(self) -> Self {
        let cell = json!({ "type": "color-background", "mode": "basic" });
        self.with("custom.cellOptions", cell)
    }

    fn with(mut self, id: &str, value: impl Into<Value>) -> Self {
        self.properties
            .push(json!({ "id": id, "value": value.into() }));
        self
    }
}

/// A table, sorted by one of its columns: the greatest first if `descending`.
pub(crate) fn table(
    title: &'static str,
    description: &'static str,
    sorted: (&'static str, bool),
    columns: Vec<Column>,
) -> Panel {
    let mut panel = Panel::new("table", title, description, Unit::Words).sized(24, 10);
    panel.format = "table";
    let mut organised = Organised::default();
    for column in columns {
        let names = column.content.names(panel.queries.len());
        panel.queries.extend(column.content.query().cloned());
        if let Content::Hidden(_) = column.content {
            let hidden = names.into_iter().map(|name| (name, true.into()));
            organised.hidden.extend(hidden);
            continue;
        }
        organised.place(names, column.title);
        if !column.properties.is_empty() {
            panel = panel.of_series(column.title, &column.properties.into());
        }
    }
    let merge = json!({ "id": "merge", "options": {} });
    panel.transformations = vec![merge, organised.json()];
    panel.options = json!({
        "cellHeight": "sm", "frameIndex": 0, "showHeader": true,
        "footer": { "enablePagination": true, "reducer": ["sum"], "show": false },
        "sortBy": [{ "displayName": sorted.0, "desc": sorted.1 }],
    });
    panel
        .with("color", json!({ "mode": "thresholds" }))
        .steps(Tone::Plain, &[])
        .with(
            "custom",
            json!({ "align": "auto", "cellOptions": { "type": "auto" },
            "filterable": true, "inspect": false }),
        )
}

impl Content {
    /// The names that Grafana may give the field, where so many queries stand before it.
    ///
    /// Figures have the letter of their query. Where only one query finds anything they have none:
    /// then it is the first, which finds the rows.
    fn names(&self, before: usize) -> Vec<String> {
        let lettered = format!("Value #{}", letter(before));
        match self {
            Self::Label(name) => vec![(*name).to_owned()],
            _ if before == 0 => vec!["Value".to_owned(), lettered],
            _ => vec![lettered],
        }
    }

    fn query(&self) -> Option<&Query> {
        match self {
            Self::Label(_) => None,
            Self::Figure(query) | Self::Hidden(query) => Some(query),
        }
    }
}

/// Which fields are shown, in which order, under which titles.
#[derive(Debug, Default)]
struct Organised {
    hidden: Map<String, Value>,
    order: Map<String, Value>,
    titles: Map<String, Value>,
}

impl Organised {
    fn place(&mut self, names: Vec<String>, title: &str) {
        let place = self.order.len();
        for name in names {
            self.order.insert(name.clone(), place.into());
            self.titles.insert(name, title.into());
        }
    }

    fn json(mut self) -> Value {
        self.hidden.insert("Time".to_owned(), true.into());
        json!({ "id": "organize", "options": {
            "excludeByName": self.hidden, "indexByName": self.order, "renameByName": self.titles,
        }})
    }
}
