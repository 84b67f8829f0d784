//! Charts of what lies in the repositories and of their surveys.

use super::{TREND, USED};
use crate::{
    panel::{Panel, lines::lines},
    promql::{OTHERS, greatest},
    query::Query,
    tone::Tone,
    unit::Unit,
};

pub(super) fn usage() -> Vec<Panel> {
    let mut panels: Vec<_> = by_repository().into();
    panels.extend(by_kind());
    panels
}

fn by_repository() -> [Panel; 3] {
    let of_repositories =
        |expr: &str| Query::over_time(&greatest("repository", expr), "{{repository}}");
    [
        lines(
            "Stored by repository",
            "Bytes that lie in each repository, whatever they belong to: the ten fullest now.",
            Unit::Bytes,
            [of_repositories(
                r#"backup:repository:bytes{repository=~"$repository"} AT"#,
            )],
        )
        .sized(8, 9),
        lines(
            "Used of the capacity",
            "The part of the configured capacity that each repository holds: the ten fullest now. \
             The line is all of it.",
            Unit::Ratio,
            [of_repositories(USED)],
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)])
        .line_at_threshold()
        .sized(8, 9),
        lines(
            "Trend: what lies there 30 days later",
            "What each repository would hold 30 days later, if it went on as in the 30 days before: \
             a straight line. The exporter's own forecast, in the table above, knows schedules and \
             retention.",
            Unit::Bytes,
            [of_repositories(TREND)],
        )
        .sized(8, 9),
    ]
}

fn by_kind() -> [Panel; 3] {
    let sum = |by: &str| {
        format!(
            "sum by ({by}) (backup:storage:bytes{{repository=~\"$repository\"}} \
             unless on (source) {OTHERS})"
        )
    };
    let class = format!(
        "label_replace({}, \"storage_class\", \"no class told\", \"storage_class\", \"\")",
        sum("storage_class")
    );
    let sources = r#"sum by (source) (
            backup:storage:bytes{repository=~"$repository",source!=""} AT
        ) and on (source) backup:source:info{owner=~"$owner",engine=~"$engine"} AT"#;
    let third = |panel: Panel| panel.sized(8, 9);
    [
        third(lines(
            "Stored by class",
            "Bytes of the chosen sources, and of what fits no source, by the storage class that \
             the store tells.",
            Unit::Bytes,
            [Query::over_time(&class, "{{storage_class}}")],
        ))
        .stacked(),
        third(lines(
            "Stored by state",
            "Bytes of the chosen sources, and of what fits no source, by what they are: current \
             objects, older versions, or nothing that is recognised.",
            Unit::Bytes,
            [Query::over_time(&sum("state"), "{{state}}")],
        ))
        .stacked(),
        third(lines(
            "Stored by source",
            "Bytes of each chosen source: the ten greatest now.",
            Unit::Bytes,
            [Query::over_time(&greatest("source", sources), "{{source}}")],
        )),
    ]
}

pub(super) fn surveys() -> Vec<Panel> {
    let duration = r#"max by (repository) (
        backup_repository_survey_duration_seconds{repository=~"$repository"} AT
    )"#;
    let dropped = r#"max by (reason) (
        backup_repository_dropped_entries{repository=~"$repository"}
    ) > 0"#;
    vec![
        lines(
            "Duration of surveys",
            "How long the last survey of each repository took: the ten slowest now.",
            Unit::Seconds,
            [Query::over_time(
                &greatest("repository", duration),
                "{{repository}}",
            )],
        )
        .sized(6, 8),
        lines(
            "Requests",
            "Requests that exporters make to the chosen repositories, by operation.",
            Unit::PerSecond,
            [Query::over_time(
                r#"sum by (operation) (rate(
                    backup_repository_requests_total{repository=~"$repository"}[$__rate_interval]
                ))"#,
                "{{operation}}",
            )],
        )
        .sized(6, 8),
        lines(
            "Failed requests",
            "Requests that failed, by the reason that the store gave.",
            Unit::PerSecond,
            [Query::over_time(
                r#"sum by (reason) (rate(
                    backup_repository_errors_total{repository=~"$repository"}[$__rate_interval]
                ))"#,
                "{{reason}}",
            )],
        )
        .sized(6, 8),
        lines(
            "Entries passed over",
            "Entries of listings that the last surveys passed over, by reason.",
            Unit::Count,
            [Query::over_time(dropped, "{{reason}}")],
        )
        .sized(6, 8),
    ]
}
