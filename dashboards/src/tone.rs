//! Colours by their meaning, and the two ways in which a value gets one.

use serde_json::{Map, Value, json};

/// What a colour means. It is the same on every panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As promised.
    Good,
    /// A promise is broken or will be, or something is not known.
    Warning,
    /// A source may be lost.
    Bad,
    /// A figure that is neither good nor bad.
    Plain,
    /// Nothing that is to be seen.
    Unmarked,
}

impl Tone {
    /// The colour's name in Grafana's palette.
    pub(crate) const fn color(self) -> &'static str {
        match self {
            Self::Good => "green",
            Self::Warning => "orange",
            Self::Bad => "red",
            Self::Plain => "blue",
            Self::Unmarked => "transparent",
        }
    }
}

/// Words that stand for numbers or labels: the value, its word, its colour.
pub(crate) type Words<'a> = &'a [(&'a str, &'a str, Tone)];

/// Thresholds: the colour below the first of them, and from which value on another one holds.
pub(crate) fn steps(base: Tone, from: &[(f64, Tone)]) -> Value {
    let mut steps = vec![json!({ "color": base.color(), "value": null })];
    let above = from.iter();
    steps.extend(above.map(|(value, tone)| json!({ "color": tone.color(), "value": value })));
    json!({ "mode": "absolute", "steps": steps })
}

/// Value mappings: words and their colours.
pub(crate) fn mappings(words: Words<'_>) -> Value {
    let mut options = Map::new();
    for (index, (value, text, tone)) in words.iter().enumerate() {
        let word = json!({ "text": text, "color": tone.color(), "index": index });
        options.insert((*value).to_owned(), word);
    }
    json!([{ "type": "value", "options": options }])
}

/// 1 and 0 as an answer.
pub(crate) const YES_NO: Words<'static> = &[("1", "yes", Tone::Good), ("0", "no", Tone::Bad)];

/// The figures of `backup:source:severity`.
pub(crate) const SEVERITIES: Words<'static> = &[
    ("0", "fine", Tone::Good),
    ("1", "warning", Tone::Warning),
    ("2", "critical", Tone::Bad),
];

/// The label `severity`.
pub(crate) const SEVERITY_LABEL: Words<'static> = &[
    ("info", "info", Tone::Plain),
    ("warning", "warning", Tone::Warning),
    ("critical", "critical", Tone::Bad),
];
