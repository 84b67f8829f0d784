//! Samples and recordings become blocks of a Prometheus, by `promtool`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::{END, LENGTH, SCRAPED_EVERY};
use crate::prometheus_server::PrometheusServer;

/// One block is as long as it can be: a short one costs another reading of the whole file.
const BLOCK: &str = "--max-block-duration=1500h";

/// What is remembered, and of which series it tells since when it is there: recordings that hold
/// on to a time, which promtool cannot make, and the times that Prometheus keeps of alerts.
const REMEMBERED: [(&str, &str); 3] = [
    (
        "backup:source:since",
        "group by (source) (backup_source_info EARLIER)",
    ),
    (
        "backup:source:recoverable:since",
        "count_values by (source) (\"recoverable\", backup:source:recoverable EARLIER)",
    ),
    ("ALERTS_FOR_STATE", "ALERTS EARLIER"),
];

/// Rules as `alerts/` has them.
#[derive(Debug, Serialize, Deserialize)]
struct RuleFile {
    groups: Vec<RuleGroup>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RuleGroup {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rule {
    #[serde(default, skip_serializing)]
    alert: Option<String>,
    #[serde(default)]
    record: String,
    expr: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Puts the samples of an `OpenMetrics` text into blocks below `into`.
pub(crate) fn samples(text: &Path, into: &Path) {
    promtool(
        Command::new("promtool")
            .args([
                "tsdb",
                "create-blocks-from",
                "--quiet",
                BLOCK,
                "openmetrics",
            ])
            .args([text, into]),
    );
    fs::remove_file(text).expect("it was there");
}

/// Starts a Prometheus on the blocks in `folder`, with blocks of all recordings, and of `ALERTS`
/// while the condition of an alert held (its `for` is passed over).
///
/// Each round records what reads only earlier rounds: promtool asks a Prometheus that is there.
///
/// # Panics
/// When a recording reads itself and is not known to be remembered.
pub(super) fn recordings(mut folder: TempDir) -> PrometheusServer {
    let mut open = rules();
    loop {
        let server = PrometheusServer::with_blocks(folder, "global: {}");
        let reads_open = |rule: &Rule| open.iter().any(|other| rule.reads(&other.record));
        let (later, now): (Vec<_>, Vec<_>) = open.iter().cloned().partition(reads_open);
        if now.is_empty() {
            assert!(later.is_empty(), "what each reads is there: {later:?}");
            return server;
        }
        record(&server, now);
        folder = server.stop();
        open = later;
    }
}

impl Rule {
    /// True if its expression has this name.
    fn reads(&self, name: &str) -> bool {
        let between = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
        self.expr.split(between).any(|word| word == name)
    }

    /// The recording that tells since when each of these series is there.
    fn remembered((record, series): (&str, &str)) -> Self {
        let (now, before) = (
            series.replace("EARLIER", ""),
            series.replace("EARLIER", "offset 5m"),
        );
        let days = LENGTH.as_hours() / 24;
        let begun = format!("({now}) unless ({before})");
        Self {
            alert: None,
            record: record.into(),
            expr: format!("max_over_time((({begun}) * 0 + time())[{days}d:5m]) and ({now})"),
            labels: BTreeMap::new(),
        }
    }

    /// A recording `A or …last_over_time(itself[1h])…` without itself: `A` of the hour before is
    /// what it remembers. So a thing is remembered for an hour, and not for days.
    fn unrolled(mut self) -> Self {
        let itself = format!("last_over_time({}[1h])", self.record);
        if let Some((first, _)) = self.expr.split_once("\nor ") {
            let before = format!("last_over_time(({first})[1h:5m])");
            self.expr = self.expr.replace(&itself, &before);
        }
        self
    }

    /// An alert as the recording that Prometheus makes of it.
    fn recorded(mut self) -> Self {
        if let Some(alert) = self.alert.take() {
            self.record = "ALERTS".into();
            self.expr = format!("({}) * 0 + 1", self.expr);
            let further = [("alertname", alert), ("alertstate", "firing".into())];
            self.labels
                .extend(further.map(|(label, value)| (label.into(), value)));
        }
        self
    }
}

/// All rules of `alerts/`, alerts as recordings.
fn rules() -> Vec<Rule> {
    let alerts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../alerts");
    let files = fs::read_dir(alerts).expect("there are rules");
    let paths = files.map(|file| file.expect("a file").path());
    let is_rules = |path: &PathBuf| path.extension().is_some_and(|it| it == "yaml");
    let mut rules: Vec<Rule> = REMEMBERED.map(Rule::remembered).into();
    for path in paths.filter(is_rules) {
        let text = fs::read_to_string(path).expect("rules");
        let file: RuleFile = serde_saphyr::from_str(&text).expect("rules");
        let of_it = file.groups.into_iter().flat_map(|group| group.rules);
        let is_made = |rule: &Rule| REMEMBERED.iter().all(|(name, _)| *name != rule.record);
        let recorded = of_it.map(Rule::recorded).map(Rule::unrolled);
        rules.extend(recorded.filter(is_made));
    }
    rules
}

/// Adds blocks of these recordings to what `server` has; it sees them once it is started again.
fn record(server: &PrometheusServer, rules: Vec<Rule>) {
    let groups = vec![RuleGroup {
        name: "month".into(),
        rules,
    }];
    // What JSON is, is YAML too.
    let text = serde_json::to_string(&RuleFile { groups }).expect("rules");
    let file = server.folder().join("recordings.yaml");
    fs::write(&file, text).expect("a file");
    let (begin, end) = (END - LENGTH, END);
    promtool(
        Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "--quiet", BLOCK, "rules"])
            .arg(format!("--url=http://{}", server.address()))
            .arg(format!("--start={}", begin.as_second()))
            .arg(format!("--end={}", end.as_second()))
            .arg(format!("--eval-interval={}s", SCRAPED_EVERY.as_secs()))
            .arg("--output-dir")
            .arg(server.folder())
            .arg(file),
    );
}

fn promtool(command: &mut Command) {
    let output = command.output().expect("promtool runs");
    assert!(output.status.success(), "{command:?}: {output:?}");
}
