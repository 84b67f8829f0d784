//! What lies in the repository, against what was promised of it.

use super::words_over_time;
use crate::{
    panel::{Panel, lines::lines},
    promql::history,
    query::Query,
    tone::Tone,
    unit::Unit,
};

pub(super) fn panels() -> Vec<Panel> {
    let mut panels: Vec<_> = against_promises().into();
    panels.extend(counts());
    panels
}

/// A promise of the source over time.
pub(super) fn promise(objective: &str, legend: &str) -> Query {
    let expr =
        format!("max(backup_objective_seconds{{source=\"$source\",objective=\"{objective}\"}})");
    Query::over_time(&expr, legend)
}

fn against_promises() -> [Panel; 4] {
    let oldest = history("", "backup_oldest_timestamp_seconds", "");
    [
        lines(
            "Age of the newest snapshot",
            "The age of the newest complete snapshot, beside what was promised \
             (objectives.recovery_point) and the age from which on it is critical \
             (objectives.alert_after).",
            Unit::Seconds,
            [
                Query::over_time(&history("", "backup_age_seconds", ""), "age"),
                promise("recovery_point", "promised"),
                promise("alert_after", "critical"),
            ],
        )
        .colored("age", Tone::Plain)
        .promise("promised", Tone::Warning)
        .promise("critical", Tone::Bad),
        lines(
            "Size of snapshots",
            "The size of the newest complete snapshot as stored, beside the median of all complete \
             ones and the smallest that is accepted (objectives.minimum_size).",
            Unit::Bytes,
            [
                Query::over_time(&history("", "backup_last_size_bytes", ""), "newest"),
                Query::over_time(&history("", "backup_typical_size_bytes", ""), "typical"),
                Query::over_time(
                    r#"max(backup_objective_bytes{source="$source",objective="minimum_size"})"#,
                    "minimum",
                ),
            ],
        )
        .promise("minimum", Tone::Bad),
        lines(
            "Longest gap",
            "The longest time between two neighboring complete snapshots, beside the longest time \
             between two slots of the schedule.",
            Unit::Seconds,
            [
                Query::over_time(
                    &history("", "backup_longest_gap_seconds", ""),
                    "longest gap",
                ),
                promise("gap", "of the schedule"),
            ],
        )
        .promise("of the schedule", Tone::Warning),
        lines(
            "How far back snapshots reach",
            "The age of the oldest complete snapshot, beside how long snapshots are to be kept \
             (retention). Below the line they are gone too soon, or the source is young.",
            Unit::Seconds,
            [
                Query::over_time(&format!("time() - ({oldest})"), "oldest"),
                promise("retention", "promised"),
            ],
        )
        .promise("promised", Tone::Warning),
    ]
}

fn counts() -> [Panel; 5] {
    let third = |panel: Panel| panel.sized(8, 8);
    [
        third(lines(
            "Snapshots by state",
            "How many snapshots lie in the repository, by their state.",
            Unit::Count,
            [Query::over_time(
                &history("by (state)", "backup_snapshots", ""),
                "{{state}}",
            )],
        ))
        .stacked(),
        third(lines(
            "Missed runs and gaps",
            "Slots of the schedule missed in a row up to now, and holes in the series since the \
             source began.",
            Unit::Count,
            [
                Query::over_time(&history("", "backup_missed_runs", ""), "missed in a row"),
                Query::over_time(&history("", "backup_gaps", ""), "gaps"),
            ],
        )),
        third(lines(
            "Stored bytes",
            "Bytes of the source that lie in the repository, by their state: of current and of \
             older versions of objects.",
            Unit::Bytes,
            [Query::over_time(
                r#"sum by (state) (backup:storage:bytes{source="$source"})"#,
                "{{state}}",
            )],
        ))
        .stacked(),
        words_over_time(
            "State of the newest snapshot",
            "The state of the newest snapshot, complete or not. A row for each state that it was \
             in.",
            ("backup_last_status", "status"),
            &[
                ("complete", "complete", Tone::Good),
                ("in_progress", "being written", Tone::Plain),
                ("partial", "partial", Tone::Warning),
                ("failed|invalid|missing", "no backup", Tone::Bad),
            ],
        )
        .sized(16, 7),
        lines(
            "Heads that could not be read",
            "Snapshots whose first bytes the last survey could not read, by reason: their age is \
             taken from what else is known.",
            Unit::Count,
            [Query::over_time(
                r#"max by (reason) (backup_source_unread_heads{source="$source"}) > 0"#,
                "{{reason}}",
            )],
        )
        .sized(8, 7),
    ]
}
