//! The overview: which sources could be recovered now, and which could not.

use super::shared::{alerts, belongs, concerns, source};
use crate::{
    dashboard::{Dashboard, Section},
    panel::{
        Panel,
        lines::lines,
        stat::stat,
        table::{figure, rows, table},
    },
    promql::{FIRING, OTHERS, count, greatest},
    query::Query,
    tone::{SEVERITIES, Tone, YES_NO},
    unit::Unit,
    variable::{DATA_SOURCE, engine, owner},
};

/// The dashboard.
pub(crate) fn dashboard() -> Dashboard {
    Dashboard {
        uid: "backup-overview",
        title: "Backups: overview",
        description: "Which sources could be recovered now, and what the three witnesses say: \
            the producer (intent), the repository (evidence), the verifier's records (proof).",
        shows: "7d",
        variables: vec![DATA_SOURCE, owner(), engine()],
        sections: vec![
            Section {
                title: "Now",
                panels: figures().into(),
            },
            Section {
                title: "Sources",
                panels: vec![sources(), firing(), standing()],
            },
            Section {
                title: "Over time",
                panels: charts().into(),
            },
        ],
    }
}

fn figures() -> [Panel; 8] {
    let [recoverable, lost, unknown] = sources_by_answer();
    [
        stat(
            "Recoverable",
            "Sources of which a snapshot lies there that was restored within its objective, and of \
             which nothing critical is known.",
            Unit::Count,
            &recoverable,
        )
        .steps(Tone::Plain, &[(1.0, Tone::Good)]),
        stat(
            "Not recoverable",
            "Sources with a critical concern. The table below names them.",
            Unit::Count,
            &lost,
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
        stat(
            "Not known",
            "Sources of which nobody knows: not surveyed, without any proof expected, or without a \
             verified snapshot; or no exporter answers.",
            Unit::Count,
            &unknown,
        )
        .steps(Tone::Good, &[(1.0, Tone::Warning)]),
        stat(
            "Could be got back",
            "Age of the newest snapshot that was really restored, of the source where it is \
             greatest.",
            Unit::Length,
            r#"max(backup:source:verified:seconds{owner=~"$owner",engine=~"$engine"})"#,
        ),
        stat(
            "Of the promise",
            "The age of the newest complete snapshot as a part of objectives.recovery_point, of \
             the source where it is greatest. Above 100 % more would be lost than was promised.",
            Unit::Ratio,
            r#"max(backup:source:age:ratio{owner=~"$owner",engine=~"$engine"})"#,
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
        alerts_of("Critical alerts", "critical", Tone::Bad),
        alerts_of("Warnings", "warning", Tone::Warning),
        stat(
            "Exporters",
            "Exporters that Prometheus reaches. Without one, nothing on this page is known.",
            Unit::Count,
            &count("backup_exporter_build_info"),
        )
        .steps(Tone::Bad, &[(1.0, Tone::Good)]),
    ]
}

/// How many sources are recoverable, are not, and of how many that is not known.
fn sources_by_answer() -> [String; 3] {
    [
        count(r#"backup:source:recoverable{owner=~"$owner",engine=~"$engine"} == 1"#),
        count(r#"backup:source:recoverable{owner=~"$owner",engine=~"$engine"} == 0"#),
        count(
            r#"backup:source:info{owner=~"$owner",engine=~"$engine"}
               unless on (source) backup:source:recoverable"#,
        ),
    ]
}

fn alerts_of(title: &'static str, severity: &str, tone: Tone) -> Panel {
    let firing = format!("{FIRING} unless on (source) {OTHERS}");
    let firing = firing.replace(
        "alertstate=\"firing\"",
        &format!("alertstate=\"firing\",severity=\"{severity}\""),
    );
    stat(
        title,
        "Alerts about backups that fire: those of the chosen sources, and those of no source.",
        Unit::Count,
        &count(&firing),
    )
    .steps(Tone::Good, &[(1.0, tone)])
}

fn sources() -> Panel {
    let witness = |title, name: &str| {
        let severity = r#"max by (source) (
            backup:source:severity{owner=~"$owner",engine=~"$engine",witness="WITNESS"}
        )"#;
        figure(title, Unit::Words, &severity.replace("WITNESS", name))
            .words(SEVERITIES)
            .without_value("not asked")
    };
    let mut columns = vec![
        source(),
        rows(
            r#"max by (source, engine, repository, owner) (
                backup:source:info{owner=~"$owner",engine=~"$engine"}
            )"#,
        ),
        figure(
            "Recoverable",
            Unit::Words,
            r#"max by (source) (backup:source:recoverable{owner=~"$owner",engine=~"$engine"})"#,
        )
        .words(YES_NO)
        .without_value("not known"),
        figure(
            "Since",
            Unit::Moment,
            r#"1000 * max by (source) (
                backup:source:recoverable:since and on (source)
                backup:source:info{owner=~"$owner",engine=~"$engine"}
            )"#,
        ),
        witness("Intent", "intent"),
        witness("Evidence", "evidence"),
        witness("Proof", "proof"),
        figure(
            "Newest snapshot",
            Unit::Length,
            r#"max by (source) (backup:source:age:seconds{owner=~"$owner",engine=~"$engine"})"#,
        ),
        figure(
            "Of the promise",
            Unit::Ratio,
            r#"max by (source) (backup:source:age:ratio{owner=~"$owner",engine=~"$engine"})"#,
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
        figure(
            "Could be got back",
            Unit::Length,
            r#"max by (source) (
                backup:source:verified:seconds{owner=~"$owner",engine=~"$engine"}
            )"#,
        )
        .without_value("nothing"),
    ];
    columns.extend(belongs());
    table(
        "Sources",
        "One row for each source. Recoverable: whether a snapshot that lies there was really \
         restored, and nothing critical is known; since when is told as far as Prometheus knows. \
         Intent, evidence and proof: the worst concern of the producer, of the repository and of \
         the verifier's records. Newest snapshot: its age, and the part of \
         objectives.recovery_point that it is. Could be got back: the age of the newest snapshot \
         that was really restored.",
        ("Recoverable", false),
        columns,
    )
    .sized(24, 14)
}

fn firing() -> Panel {
    alerts(
        "Alerts about backups that fire: those of the chosen sources, and those of no source. The \
         name of an alert leads to its runbook.",
        &format!("{FIRING} unless on (source) {OTHERS}"),
    )
}

fn standing() -> Panel {
    concerns(
        "Every reason why a chosen source may not be recoverable, also those that only inform and \
         alert nobody.",
        r#"backup:concern:owned{owner=~"$owner",engine=~"$engine"}"#,
    )
}

fn charts() -> [Panel; 3] {
    let [recoverable, lost, unknown] = sources_by_answer();
    let worst = |name: &str| {
        let series = format!("{name}{{owner=~\"$owner\",engine=~\"$engine\"}} AT");
        Query::over_time(&greatest("source", &series), "{{source}}")
    };
    [
        lines(
            "Sources that are recoverable",
            "How many of the chosen sources were recoverable, were not, and were not known about.",
            Unit::Count,
            [
                Query::over_time(&recoverable, "recoverable"),
                Query::over_time(&lost, "not recoverable"),
                Query::over_time(&unknown, "not known"),
            ],
        )
        .stacked()
        .colored("recoverable", Tone::Good)
        .colored("not recoverable", Tone::Bad)
        .colored("not known", Tone::Warning)
        .sized(8, 9),
        lines(
            "Age of the newest snapshot, of the promise",
            "The ten sources that are furthest from objectives.recovery_point now. The line at \
             100 % is the promise.",
            Unit::Ratio,
            [worst("backup:source:age:ratio")],
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)])
        .line_at_threshold()
        .sized(8, 9),
        lines(
            "Age of what could be got back",
            "The age of the newest snapshot that was really restored, of the ten sources where it \
             is greatest now. It falls when a newer snapshot is verified.",
            Unit::Seconds,
            [worst("backup:source:verified:seconds")],
        )
        .sized(8, 9),
    ]
}
