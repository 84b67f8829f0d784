//! Tables of plans, drills and messages.

use crate::{
    pages::shared::{belongs, source},
    panel::{
        Panel,
        table::{Column, figure, label, rows, table},
    },
    promql::chosen,
    tone::{Tone, YES_NO},
    unit::Unit,
};

/// What became of the newest recovery point, as a figure.
const VERDICT: &str = r#"
    max by (source) (backup_verification_status{verdict="failed"} == 1) * 2
    or max by (source) (backup_verification_status{verdict="inconclusive"} == 1)
    or max by (source) (backup_verification_status{verdict="verified"} == 1) * 0"#;

pub(super) fn plans() -> Vec<Panel> {
    vec![sources(), repositories()]
}

fn sources() -> Panel {
    let of_chosen = |title, unit, expr: &str| figure(title, unit, &chosen(expr));
    let ended = |title, verdict: &str| {
        let expr = format!(
            "1000 * max by (source) (backup_verification_timestamp_seconds{{verdict=\"{verdict}\"}})"
        );
        of_chosen(title, Unit::Moment, &expr)
    };
    let mut columns = vec![
        source(),
        rows(
            r#"max by (source, engine, repository, owner) (
                backup:source:info{owner=~"$owner",engine=~"$engine"}
            )"#,
        ),
        of_chosen(
            "Due",
            Unit::Moment,
            "1000 * max by (source) (backup_verifier_next_due_timestamp_seconds)",
        )
        .without_value("not known"),
        of_chosen(
            "May take",
            Unit::Length,
            "max by (source) (backup_verifier_deadline_seconds)",
        ),
        of_chosen("Verdict", Unit::Words, VERDICT)
            .words(&[
                ("0", "verified", Tone::Good),
                ("1", "inconclusive", Tone::Warning),
                ("2", "failed", Tone::Bad),
            ])
            .without_value("none"),
        ended("Verified", "verified"),
        ended("Inconclusive", "inconclusive"),
        ended("Failed", "failed"),
        of_chosen(
            "Records intact",
            Unit::Words,
            "min by (source) (backup_evidence_intact)",
        )
        .words(YES_NO),
    ];
    columns.extend(belongs());
    table(
        "Plan by source",
        "One row for each chosen source: when its newest snapshot is to be verified and how long \
         that may take, the verdict on its newest recovery point that was judged, and when a \
         verification last ended with each verdict.",
        ("Due", false),
        columns,
    )
    .sized(16, 12)
}

fn repositories() -> Panel {
    table(
        "Plan by repository",
        "Whether the verifier could survey each repository and read the records of its sources \
         when it last looked, and when that was.",
        ("Looked", true),
        vec![
            label("repository", "Repository"),
            figure(
                "Could plan",
                Unit::Words,
                "max by (repository) (backup_verifier_last_plan_successful)",
            )
            .words(YES_NO),
            figure(
                "Looked",
                Unit::Moment,
                "1000 * max by (repository) (backup_verifier_last_plan_timestamp_seconds)",
            ),
        ],
    )
    .sized(8, 12)
}

pub(super) fn drills_and_messages() -> Vec<Panel> {
    vec![drills(), messages()]
}

fn drills() -> Panel {
    let ended = |title, verdict: &str| {
        let expr = format!(
            "1000 * max by (drill) (backup_drill_timestamp_seconds{{verdict=\"{verdict}\"}})"
        );
        figure(title, Unit::Moment, &expr).without_value("never")
    };
    let concern = |title, name: &str| -> Column {
        let expr = format!("max by (drill) (backup_drill_concern{{concern=\"{name}\"}})");
        figure(title, Unit::Words, &expr)
            .words(&[("1", "yes", Tone::Warning), ("0", "no", Tone::Good)])
    };
    table(
        "Drills",
        "Recovery exercises over several sources: when each last ended with which result, how long \
         the last good one took, and whether it is overdue, took longer than its objective, or \
         failed.",
        ("Drill", false),
        vec![
            label("drill", "Drill"),
            concern("Overdue", "overdue"),
            concern("Over time", "over_time"),
            concern("Last one failed", "failed"),
            figure(
                "Recovery took",
                Unit::Length,
                r#"max by (drill) (backup_drill_recovery_seconds{verdict="verified"})"#,
            )
            .without_value("not known"),
            ended("Verified", "verified"),
            ended("Inconclusive", "inconclusive"),
            ended("Failed", "failed"),
        ],
    )
    .sized(16, 7)
}

fn messages() -> Panel {
    table(
        "Receivers",
        "Messages that are due and did not arrive, by receiver of the configuration, and since \
         when.",
        ("Not delivered", true),
        vec![
            label("receiver", "Receiver"),
            figure(
                "Not delivered",
                Unit::Count,
                "max by (receiver) (backup_verifier_undelivered_messages)",
            )
            .steps(Tone::Good, &[(1.0, Tone::Bad)]),
            figure(
                "Since",
                Unit::Moment,
                "1000 * min by (receiver) \
                 (backup_verifier_undelivered_messages_oldest_timestamp_seconds)",
            )
            .without_value("all arrived"),
        ],
    )
    .sized(8, 7)
}
