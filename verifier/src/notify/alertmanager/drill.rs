//! A drill as an alert: firing where it did not go as it should, else resolved.

use jiff::Timestamp;
use serde_json::Value;

use super::{Pairs, Single, group, line};
use crate::notify::drill::{DrillNews, is_well};

/// Most lines in a description.
const LINES_MAX: usize = 40;

/// The webhook's payload of what became of a drill.
pub(crate) fn payload(news: &DrillNews, receiver: &str, is_test: bool) -> Value {
    let told = told(news);
    let severity = if told.is_firing && !is_test {
        "warning"
    } else {
        "info"
    };
    let mut labels = Pairs::from([
        ("alertname", "BackupDrill".into()),
        ("drill", news.drill().to_string()),
        ("severity", severity.into()),
    ]);
    if is_test {
        labels.insert("test", "true".into());
    }
    let test = if is_test { "TEST " } else { "" };
    let summary = format!("{test}drill {}: {}", news.drill(), told.summary);
    let lines = told.lines.iter().take(LINES_MAX).map(|it| line(it));
    let annotations = Pairs::from([
        ("summary", line(&summary)),
        ("description", lines.collect::<Vec<_>>().join("\n")),
    ]);
    let alert = Single {
        labels,
        annotations,
        is_firing: told.is_firing,
        since: told.since,
        at: told.at,
    };
    group(&[alert], receiver)
}

/// What is told of a drill.
struct ToldDrill {
    summary: String,
    lines: Vec<String>,
    is_firing: bool,
    since: Timestamp,
    at: Timestamp,
}

fn told(news: &DrillNews) -> ToldDrill {
    match news {
        DrillNews::Made {
            outcome,
            brief,
            kept,
            ..
        } => {
            let facts = brief.facts.iter();
            let facts = facts.map(|(label, value)| format!("{label}: {value}"));
            let kept = match kept {
                Ok(path) => format!("the report is {path}"),
                Err(why) => format!("no report was written: {why}"),
            };
            let lines = brief.sources.iter().chain(&brief.deviations).cloned();
            ToldDrill {
                summary: brief.summary.clone(),
                lines: lines.chain(facts).chain([kept]).collect(),
                is_firing: !is_well(outcome),
                since: outcome.began_at,
                at: outcome.ended_at,
            }
        }
        DrillNews::Missed { why, since, .. } => ToldDrill {
            summary: "not carried out".into(),
            lines: why.split('\n').map(Into::into).collect(),
            is_firing: true,
            since: *since,
            at: *since,
        },
    }
}
