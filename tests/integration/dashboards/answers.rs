//! What queries of the dashboards answer, tried by promtool's unit tests: the filters of owners, and
//! what a source had under a former name.

use std::fs;

use serde_json::{Value, json};
use tests::require;

use crate::alerts::rules::{directory, promtool};

/// The last minute of each story, which is the end of what a dashboard shows.
const END_MINUTE: u32 = 100;

/// A panel's query, with its variables replaced.
fn query(uid: &str, panel: &str, variables: &[(&str, &str)]) -> String {
    let queries = dashboards::queries();
    let mut of_panel = queries
        .iter()
        .filter(|it| it.uid == uid && it.panel == panel);
    let mut expr = of_panel.next().unwrap().query.expr.clone();
    for (name, value) in variables {
        expr = expr.replace(&format!("${name}"), value);
    }
    // promtool asks at a time and not over a range.
    let end = format!("@ {}", END_MINUTE * 60);
    expr.replace("@ end()", &end)
}

/// A series of an exporter.
fn series(name: &str, labels: &str, values: &str) -> Value {
    let series = format!("{name}{{job=\"e\", instance=\"1\", engine=\"redis\", {labels}}}");
    json!({ "series": series, "values": values })
}

/// A question at a minute, and the samples that answer it.
fn asked(minute: u32, expr: &str, samples: &[(&str, f64)]) -> Value {
    let samples = samples.iter();
    let samples: Vec<_> = samples
        .map(|(labels, value)| json!({ "labels": labels, "value": value }))
        .collect();
    json!({ "eval_time": format!("{minute}m"), "expr": expr, "exp_samples": samples })
}

#[track_caller]
fn answered(series: &[Value], asked: &[Value]) {
    let rules = ["recording.yaml", "evidence.yaml"].map(|file| directory().join(file));
    let test = json!({
        "rule_files": rules,
        "evaluation_interval": "1m",
        "tests": [{ "interval": "1m", "input_series": series, "promql_expr_test": asked }],
    });
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("answers.yaml");
    fs::write(&file, test.to_string()).unwrap();
    promtool(&["test", "rules"], &[file]);
}

#[test]
fn alerts_are_those_of_the_chosen_owners_and_those_of_no_source() {
    require!(promtool);
    let mut stories = vec![series(
        "backup_repository_concern",
        r#"repository="local", concern="unreachable", severity="warning""#,
        "1x100",
    )];
    for (source, owner) in [("cache", "shop"), ("till", "bank")] {
        let labels = format!("source=\"{source}\"");
        let info = format!("{labels}, repository=\"local\", owner=\"{owner}\"");
        stories.push(series("backup_source_info", &info, "1x100"));
        let survey = "backup_source_survey_timestamp_seconds";
        stories.push(series(survey, &labels, "0+60x100"));
        let stale = r#"concern="stale", witness="evidence", severity="critical""#;
        let concern = format!("{labels}, {stale}");
        stories.push(series("backup_concern", &concern, "1x100"));
    }
    let of = |source: &str, owner: &str| {
        format!(
            "{{alertname=\"BackupTooOld\", severity=\"critical\", witness=\"evidence\", \
             source=\"{source}\", owner=\"{owner}\", repository=\"local\"}}"
        )
    };
    let (cache, till) = (of("cache", "shop"), of("till", "bank"));
    let [warning, critical] = ["warning", "critical"].map(|severity| {
        format!(
            "{{alertname=\"BackupRepositoryUnreachable\", severity=\"{severity}\", \
             witness=\"evidence\", repository=\"local\"}}"
        )
    });
    // They fire since the first minute.
    let since = |labels: &[&str]| labels.iter().map(|it| ((*it).to_owned(), 0.0)).collect();
    let ask = |panel: &str, owner: &str, samples: Vec<(String, f64)>| {
        let variables = [("owner", owner), ("engine", ".*")];
        let samples: Vec<_> = samples
            .iter()
            .map(|(it, value)| (it.as_str(), *value))
            .collect();
        asked(40, &query("backup-overview", panel, &variables), &samples)
    };
    let number = |value: f64| vec![("{}".to_owned(), value)];
    let questions = [
        ask(
            "Firing alerts",
            ".*",
            since(&[&cache, &till, &warning, &critical]),
        ),
        ask(
            "Firing alerts",
            "shop",
            since(&[&cache, &warning, &critical]),
        ),
        ask("Critical alerts", "shop", number(2.0)),
        ask("Critical alerts", "nobody", number(1.0)),
        ask("Warnings", "shop", number(1.0)),
    ];
    answered(&stories, &questions);
}

#[test]
fn a_source_goes_on_with_what_it_had_under_its_former_name() {
    require!(promtool);
    let size = |source: &str, values: &str| {
        let labels = format!("source=\"{source}\"");
        series("backup_last_size_bytes", &labels, values)
    };
    let stories = [
        size("old", "7x59 stale"),
        size("new", "_x59 9x100"),
        size("other", "900x200"),
        series(
            "backup_source_formerly_info",
            r#"source="new", formerly="old""#,
            "_x59 1x100",
        ),
    ];
    let expr = query("backup-source", "Size of snapshots", &[("source", "new")]);
    let questions = [
        asked(30, &expr, &[("{}", 7.0)]),
        asked(END_MINUTE, &expr, &[("{}", 9.0)]),
    ];
    answered(&stories, &questions);
}
