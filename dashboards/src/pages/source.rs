//! One source: all that its three witnesses tell of it.

mod evidence;
mod figures;
mod proof;

use super::shared::{alerts, concerns};
use crate::{
    dashboard::{Dashboard, Section},
    panel::{Panel, timeline::timeline},
    promql::{FIRING, history},
    query::Query,
    tone::{Tone, Words},
    variable::{Choice, DATA_SOURCE, Variable, engine, owner},
};

/// The dashboard.
pub(crate) fn dashboard() -> Dashboard {
    let source = Variable {
        name: "source",
        label: "Source",
        choice: Choice::One(
            "label_values(backup:source:info{owner=~\"$owner\",engine=~\"$engine\"}, source)"
                .to_owned(),
        ),
    };
    Dashboard {
        uid: "backup-source",
        title: "Backups: source",
        description: "One source: its snapshots against what was promised, and what was restored \
            of them. Charts go on with what the source had under its former names.",
        shows: "30d",
        variables: vec![DATA_SOURCE, owner(), engine(), source],
        sections: vec![
            Section {
                title: "Now",
                panels: figures::panels(),
            },
            Section {
                title: "Concerns",
                panels: reasons().into(),
            },
            Section {
                title: "Evidence: what lies in the repository",
                panels: evidence::panels(),
            },
            Section {
                title: "Proof: what was restored",
                panels: proof::panels(),
            },
        ],
    }
}

fn reasons() -> [Panel; 3] {
    let standing = r#"
        max by (concern) (backup:concern{source="$source",severity="critical"} == 1) * 2
        or max by (concern) (backup:concern{source="$source",severity="warning"} == 1)
        or max by (concern) (backup:concern{source="$source",severity="info"} == 1) * 0"#;
    [
        alerts(
            "Alerts about this source that fire. The name of an alert leads to its runbook.",
            &FIRING.replace('}', ",source=\"$source\"}"),
        )
        .sized(12, 7),
        concerns(
            "Every reason why this source may not be recoverable, also those that only inform.",
            r#"backup:concern:owned{source="$source"}"#,
        )
        .sized(12, 7),
        timeline(
            "Concerns over time",
            "When each concern of the source stood. What never stood in this time has no row.",
            Query::over_time(standing, "{{concern}}"),
            &[
                ("0", "info", Tone::Plain),
                ("1", "warning", Tone::Warning),
                ("2", "critical", Tone::Bad),
            ],
        )
        .sized(24, 8),
    ]
}

/// When a state set of the source, a metric with this label, had each of its values. `words` are
/// patterns of values, each with its word and colour; there is a row for each value.
fn words_over_time(
    title: &'static str,
    description: &'static str,
    (metric, label): (&str, &str),
    words: Words<'_>,
) -> Panel {
    let numbers: Vec<_> = (0..words.len()).map(|it| it.to_string()).collect();
    let meant = words.iter().zip(&numbers);
    let standing: Vec<_> = meant
        .map(|((values, ..), number)| {
            let set = history(
                &format!("by ({label})"),
                metric,
                &format!(",{label}=~\"{values}\""),
            );
            format!("{number} * (({set}) == 1)")
        })
        .collect();
    let query = Query::over_time(&standing.join(" or "), &format!("{{{{{label}}}}}"));
    let meant = words.iter().zip(&numbers);
    let words: Vec<_> = meant
        .map(|((_, word, tone), number)| (&**number, *word, *tone))
        .collect();
    timeline(title, description, query, &words)
}
