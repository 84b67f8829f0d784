//! Every query of every dashboard and every rule, asked of a real Prometheus that has a month.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be read ends the test there"
)]

mod boards;
mod choices;
mod units;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::{
    month::{self, END, SCRAPED_EVERY},
    prometheus_server::PrometheusServer,
    require,
};

use self::{
    boards::{Board, Panel, Query, boards},
    choices::{Choice, Choices},
};

/// Most series that a person can tell apart in one panel.
const SERIES_MAX: usize = 20;

/// Points of a graph that is half a screen wide.
const POINTS: u64 = 500;

/// Queries that are rightly without an answer: dashboard, panel, query, and why.
const EMPTY: [(&str, &str, &str, &str); 2] = [
    (
        "Backups: overview",
        "Sources",
        "D",
        "no producer is configured, so nothing is said of intent",
    ),
    (
        "Backups: storage",
        "Entries passed over",
        "A",
        "a repository in memory lists nothing that a driver would pass over",
    ),
];

/// Alerts whose condition held in the month. No exporter answers before its first scrape.
const FIRED: [&str; 17] = [
    "BackupDrillFailed",
    "BackupEvidenceUnreadable",
    "BackupExporterDown",
    "BackupMessagesUndelivered",
    "BackupMissingDaily",
    "BackupRecoveryPointExceeded",
    "BackupRepositoryUnreachable",
    "BackupRetentionShort",
    "BackupSourceNotSurveyed",
    "BackupStorageHigh",
    "BackupTooOld",
    "BackupVerificationFailed",
    "BackupVerificationInconclusive",
    "BackupVerificationStale",
    "BackupVerifierPlanFailing",
    "BackupVerifierSilent",
    "BackupWatchdog",
];

#[tokio::test]
async fn every_query_has_an_answer_and_few_series_and_the_alerts_of_the_month_fired() {
    require!(prometheus);
    require!(promtool);
    let server = month::serve();
    let mut complaints = Vec::new();
    for board in boards() {
        for choices in choices::of(&server, &board).await {
            complaints.extend(asked(&server, &board, &choices).await);
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(fired(&server).await, FIRED);
}

/// Complaints about queries of a dashboard: refused, too many series, or empty in every choice.
async fn asked(server: &PrometheusServer, board: &Board, choices: &Choices) -> BTreeSet<String> {
    let mut complaints = BTreeSet::new();
    for panel in &board.panels {
        for query in &panel.queries {
            let place = format!("{}, {}, {}", board.title, panel.title, query.name);
            let mut most = 0;
            for choice in &choices.each {
                match ask(server, board, query, choice).await {
                    Ok(series) => most = most.max(series),
                    Err(why) => drop(complaints.insert(format!("{place}: {why}"))),
                }
            }
            if most == 0 && !is_rightly_empty(board, panel, query) {
                complaints.insert(format!(
                    "{place}: empty with {}: {}",
                    choices.what, query.expr
                ));
            }
            if panel.is_graph() && most > SERIES_MAX && !query.expr.contains("topk") {
                complaints.insert(format!("{place}: {most} series with {}", choices.what));
            }
        }
    }
    complaints
}

fn is_rightly_empty(board: &Board, panel: &Panel, query: &Query) -> bool {
    let place = (&*board.title, &*panel.title, &*query.name);
    EMPTY
        .iter()
        .any(|(board, panel, query, _)| (*board, *panel, *query) == place)
}

/// Number of series in the answer to a query, as Grafana asks it.
async fn ask(
    server: &PrometheusServer,
    board: &Board,
    query: &Query,
    choice: &Choice,
) -> Result<usize, String> {
    let scraped = SCRAPED_EVERY.unsigned_abs().as_secs();
    let range = board.seconds;
    let step = (range / POINTS).max(scraped);
    let mut values = choice.clone();
    // What Grafana sets besides: a rate needs four scrapes.
    for (name, seconds) in [
        ("__interval", step),
        ("__rate_interval", (step + scraped).max(4 * scraped)),
        ("__range", range),
    ] {
        values.insert(name.into(), format!("{seconds}s"));
    }
    let expr = choices::substituted(&query.expr, &values);
    let end = END.as_second().unsigned_abs();
    let [begin, end, step] = [end - range, end, step].map(|seconds| seconds.to_string());
    let answer = if query.instant {
        server
            .ask("query", &[("query", &expr), ("time", &end)])
            .await?
    } else {
        let times = [("start", &*begin), ("end", &*end), ("step", &*step)];
        let asked = [&[("query", &*expr)], &times[..]].concat();
        server.ask("query_range", &asked).await?
    };
    Ok(answer["result"].as_array().map_or(0, Vec::len))
}

/// Alerts that fired in the month, sorted.
async fn fired(server: &PrometheusServer) -> Vec<String> {
    let expr = "group by (alertname) (last_over_time(ALERTS[30d]))";
    let end = END.as_second().to_string();
    let answer = server
        .ask("query", &[("query", expr), ("time", &end)])
        .await
        .unwrap();
    let name = |series: &Value| series["metric"]["alertname"].as_str().unwrap().to_owned();
    let names: BTreeSet<_> = answer["result"]
        .as_array()
        .unwrap()
        .iter()
        .map(name)
        .collect();
    names.into_iter().collect()
}

#[test]
fn units_are_those_of_what_is_asked() {
    let boards = boards();
    let found = |board: &Board| -> Vec<String> {
        let queries = board.panels.iter().flat_map(|panel| {
            let each = panel.queries.iter();
            each.filter_map(|query| units::complaint(panel, query))
        });
        queries
            .map(|why| format!("{}: {why}", board.title))
            .collect()
    };
    let complaints: Vec<_> = boards.iter().flat_map(found).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let asked: BTreeMap<_, _> = boards
        .iter()
        .map(|it| (&it.title, it.panels.len()))
        .collect();
    assert!(
        asked.len() >= 4 && asked.values().all(|panels| *panels > 5),
        "{asked:?}"
    );
}
