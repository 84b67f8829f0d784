//! What is so of the source now, against what was promised.

use crate::{
    pages::shared::belongs,
    panel::{
        Panel,
        stat::{against_promise, stat},
        table::{figure, label, rows, table},
    },
    tone::YES_NO,
    unit::Unit,
};

pub(super) fn panels() -> Vec<Panel> {
    let mut panels: Vec<_> = recoverable().into();
    panels.extend(recovery());
    panels.push(about());
    panels
}

/// An age or length of the source as a part of one of its objectives.
fn part_of(expr: &str, objective: &str) -> String {
    format!(
        "({expr}) / max(backup_objective_seconds{{source=\"$source\",objective=\"{objective}\"}})"
    )
}

fn recoverable() -> [Panel; 5] {
    let last = r#"time() - max(
        backup_verification_timestamp_seconds{source="$source",verdict="verified"}
    )"#;
    [
        stat(
            "Recoverable",
            "Whether a snapshot that lies there was really restored within its objective, and \
             nothing critical is known.",
            Unit::Words,
            r#"max(backup:source:recoverable{source="$source"})"#,
        )
        .words(YES_NO)
        .without_value("not known"),
        stat(
            "Since",
            "Since when that is so, as far as Prometheus knows.",
            Unit::Moment,
            r#"1000 * max(backup:source:recoverable:since{source="$source"})"#,
        ),
        against_promise(
            stat(
                "Newest snapshot",
                "Age of the newest complete snapshot, and the part of objectives.recovery_point \
                 that it is.",
                Unit::Length,
                r#"max(backup:source:age:seconds{source="$source"})"#,
            ),
            r#"max(backup:source:age:ratio{source="$source"})"#,
        ),
        stat(
            "Could be got back",
            "Age of the newest snapshot that was really restored and lies there unchanged.",
            Unit::Length,
            r#"max(backup:source:verified:seconds{source="$source"})"#,
        )
        .without_value("nothing"),
        against_promise(
            stat(
                "Last verified",
                "How long ago a verification ended as verified, and the part of \
                 objectives.verification that it is.",
                Unit::Length,
                last,
            )
            .without_value("never"),
            &part_of(last, "verification"),
        ),
    ]
}

fn recovery() -> [Panel; 3] {
    let took = r#"max(backup_verification_recovery_seconds{source="$source"})"#;
    let forecast = r#"max(backup_verification_recovery_forecast_seconds{source="$source"})"#;
    [
        against_promise(
            stat(
                "Recovery took",
                "How long the newest verified snapshot took until it was usable, in its sandbox, \
                 and the part of objectives.recovery_time that it is.",
                Unit::Length,
                took,
            )
            .without_value("not known"),
            &part_of(took, "recovery_time"),
        ),
        against_promise(
            stat(
                "Recovery will take",
                "How long the newest full backup is expected to take, by past verifications, and \
                 the part of objectives.recovery_time that it is.",
                Unit::Length,
                forecast,
            )
            .without_value("not known"),
            &part_of(forecast, "recovery_time"),
        ),
        stat(
            "Recovery too long",
            "When the recovery is expected to take longer than objectives.recovery_time, at the \
             present growth of the backups.",
            Unit::Moment,
            r#"1000 * max(
                backup_verification_objective_break_timestamp_seconds{source="$source"}
            )"#,
        )
        .without_value("not foreseen"),
    ]
}

fn about() -> Panel {
    let moment = |title, metric: &str| {
        let expr = format!("1000 * max by (source) ({metric}{{source=\"$source\"}})");
        figure(title, Unit::Moment, &expr)
    };
    let mut columns = vec![label("source", "Source")];
    columns.extend(belongs());
    columns.extend([
        rows(
            r#"max by (source, engine, repository, owner) (
                backup:source:info{source="$source"}
            )"#,
        ),
        figure(
            "Former names",
            Unit::Count,
            r#"count by (source) (
                max by (source, formerly) (backup_source_formerly_info{source="$source"})
            )"#,
        )
        .without_value("none"),
        moment("Known since", "backup:source:since"),
        moment("Surveyed", "backup_source_survey_timestamp_seconds"),
        moment("Next snapshot", "backup_next_expected_timestamp_seconds"),
        moment(
            "Next verification",
            "backup_verifier_next_due_timestamp_seconds",
        ),
    ]);
    table(
        "The source",
        "To whom the source belongs, when it was seen last, and what is expected next.",
        ("Source", false),
        columns,
    )
    .sized(24, 4)
}
