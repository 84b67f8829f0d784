//! Storage: what lies in the repositories, how it grows, and when they are full.

mod charts;

use super::shared::{belongs, source};
use crate::{
    dashboard::{Dashboard, Section},
    panel::{
        Panel,
        stat::stat,
        table::{figure, label, rows, table},
    },
    promql::{chosen, count, each_time},
    tone::{Tone, Words},
    unit::Unit,
    variable::{Choice, DATA_SOURCE, Variable, engine, owner, several},
};

/// The answer where yes is bad.
const TROUBLE: Words<'static> = &[("1", "yes", Tone::Bad), ("0", "no", Tone::Good)];

/// The dashboard.
pub(crate) fn dashboard() -> Dashboard {
    let repositories = "label_values(backup_repository_up, repository)";
    let price = Variable {
        name: "price",
        label: "Price of a GB a month",
        choice: Choice::Number("0.023"),
    };
    Dashboard {
        uid: "backup-storage",
        title: "Backups: storage",
        description: "What lies in the repositories, of which class and state and of which source; \
            how it grows, when a repository will be full, and what it costs at the price entered.",
        shows: "30d",
        variables: vec![
            DATA_SOURCE,
            owner(),
            engine(),
            several("repository", "Repository", repositories),
            price,
        ],
        sections: vec![
            Section {
                title: "Now",
                panels: figures(),
            },
            Section {
                title: "Repositories",
                panels: vec![repositories_now()],
            },
            Section {
                title: "Usage and growth",
                panels: charts::usage(),
            },
            Section {
                title: "Sources",
                panels: vec![sources()],
            },
            Section {
                title: "Surveys",
                panels: charts::surveys(),
            },
        ],
    }
}

fn figures() -> Vec<Panel> {
    let mut panels: Vec<_> = amounts().into();
    panels.extend(troubles());
    panels
}

fn amounts() -> [Panel; 5] {
    [
        stat(
            "Stored",
            "All bytes that lie in the chosen repositories, whatever they belong to.",
            Unit::Bytes,
            r#"sum(backup:repository:bytes{repository=~"$repository"})"#,
        ),
        stat(
            "Objects",
            "All objects that lie in the chosen repositories.",
            Unit::Count,
            r#"sum(max by (repository, source, engine, storage_class, state) (
                backup_storage_objects{repository=~"$repository"}
            ))"#,
        ),
        stat(
            "Fits no source",
            "Bytes of objects that belong to no source: left over, or of others.",
            Unit::Bytes,
            r#"sum(backup:storage:bytes{repository=~"$repository",source=""}) or vector(0)"#,
        ),
        stat(
            "Growth in 7 days",
            "How much more, or less, lies there than a week ago.",
            Unit::Bytes,
            r#"sum(backup:repository:bytes{repository=~"$repository"}
                - backup:repository:bytes{repository=~"$repository"} offset 7d)"#,
        ),
        stat(
            "Cost",
            "What the chosen repositories cost a month at the price entered above: so much a \
             gigabyte (10^9 bytes), whatever its class. Requests and traffic are not in it.",
            Unit::Cost,
            r#"sum(backup:repository:bytes{repository=~"$repository"}) / 1e9 * $price"#,
        ),
    ]
}

fn troubles() -> [Panel; 3] {
    let standing = |concern: &str| {
        count(&format!(
            "max by (repository) (backup_repository_concern{{repository=~\"$repository\",\
             concern=\"{concern}\"}}) == 1"
        ))
    };
    [
        stat(
            "Nearly full",
            "Repositories that hold more of their capacity than they should.",
            Unit::Count,
            &standing("capacity"),
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
        stat(
            "Not reachable",
            "Repositories whose last survey failed: what is shown of them is old.",
            Unit::Count,
            &standing("unreachable"),
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
        stat(
            "First one full",
            "When the first of the repositories will be full, as the exporter expects by schedules \
             and retention.",
            Unit::Moment,
            r#"1000 * min(backup_storage_full_timestamp_seconds{repository=~"$repository"})"#,
        )
        .without_value("not foreseen"),
    ]
}

fn repositories_now() -> Panel {
    let concern = |title, name: &str| {
        let expr = r#"max by (repository) (
            backup_repository_concern{repository=~"$repository",concern="CONCERN"}
        )"#;
        figure(title, Unit::Words, &expr.replace("CONCERN", name)).words(TROUBLE)
    };
    table(
        "Repositories",
        "One row for each repository. Used is the part of the configured capacity. In 30 days: what \
         will lie there if it goes on as in the last 30 days (a straight line). Full: when the \
         exporter expects it by schedules and retention.",
        ("Stored", true),
        vec![
            label("repository", "Repository"),
            figure(
                "Stored",
                Unit::Bytes,
                r#"max by (repository) (backup:repository:bytes{repository=~"$repository"})"#,
            ),
            figure(
                "Capacity",
                Unit::Bytes,
                r#"max by (repository) (backup_storage_capacity_bytes{repository=~"$repository"})"#,
            )
            .without_value("not configured"),
            figure("Used", Unit::Ratio, &each_time(USED)),
            concern("Nearly full", "capacity"),
            figure(
                "In 7 days",
                Unit::Bytes,
                r#"backup:repository:bytes{repository=~"$repository"}
                    - backup:repository:bytes{repository=~"$repository"} offset 7d"#,
            ),
            figure("In 30 days", Unit::Bytes, &each_time(TREND)),
            figure(
                "Full",
                Unit::Moment,
                r#"1000 * min by (repository) (
                    backup_storage_full_timestamp_seconds{repository=~"$repository"}
                )"#,
            )
            .without_value("not foreseen"),
            figure(
                "Cost",
                Unit::Cost,
                r#"backup:repository:bytes{repository=~"$repository"} / 1e9 * $price"#,
            ),
            concern("Not reachable", "unreachable"),
            figure(
                "Surveyed",
                Unit::Moment,
                r#"1000 * max by (repository) (
                    backup_repository_survey_timestamp_seconds{repository=~"$repository"}
                )"#,
            ),
        ],
    )
    .sized(24, 8)
}

/// The part of its capacity that each repository holds.
const USED: &str = r#"backup:repository:bytes{repository=~"$repository"} AT / on (repository)
    max by (repository) (backup_storage_capacity_bytes{repository=~"$repository"} AT)"#;

/// What each repository will hold in 30 days, by a straight line through the last 30.
const TREND: &str = r#"clamp_min(predict_linear(
    backup:repository:bytes{repository=~"$repository"}[30d] AT, 30 * 86400), 0)"#;

fn sources() -> Panel {
    let bytes =
        r#"sum by (source) (backup:storage:bytes{repository=~"$repository",source!=""}NOW)"#;
    let now = bytes.replace("NOW", "");
    let earlier = bytes.replace("NOW", " offset 7d");
    let chosen = |title, unit, expr: &str| figure(title, unit, &chosen(expr));
    let mut columns = vec![
        source(),
        rows(
            r#"max by (source, engine, repository, owner) (
                backup:source:info{owner=~"$owner",engine=~"$engine",repository=~"$repository"}
            )"#,
        ),
        chosen("Stored", Unit::Bytes, &now),
        chosen(
            "Objects",
            Unit::Count,
            r#"sum by (source) (max by (repository, source, storage_class, state) (
                backup_storage_objects{repository=~"$repository",source!=""}
            ))"#,
        ),
        chosen(
            "Snapshots",
            Unit::Count,
            r#"max by (source) (backup_snapshots{state="complete"})
                and on (source) backup:source:info{repository=~"$repository"}"#,
        ),
        chosen(
            "Newest",
            Unit::Bytes,
            r#"max by (source) (backup_last_size_bytes)
                and on (source) backup:source:info{repository=~"$repository"}"#,
        ),
        chosen(
            "Growth in 7 days",
            Unit::Bytes,
            &format!("{now} - {earlier}"),
        ),
        chosen("Cost", Unit::Cost, &format!("{now} / 1e9 * $price")),
    ];
    columns.extend(belongs());
    table(
        "Sources",
        "One row for each chosen source: what of it lies in the chosen repositories, how many \
         complete snapshots, and what it costs a month at the price entered above.",
        ("Stored", true),
        columns,
    )
    .sized(24, 12)
}
