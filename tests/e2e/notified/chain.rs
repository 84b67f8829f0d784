//! Everything between a repository and the person who is told.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde_json::Value;
use tests::{
    alertmanager_server::AlertmanagerServer,
    message_receiver::{MessageReceiver, Sent},
    prometheus_server::PrometheusServer,
    rdb_bytes,
};

use crate::{
    bench::{Bench, within_a_minute},
    served::Served,
};

/// How much shorter rules and Alertmanager wait. Ten minutes without an exporter are nine seconds:
/// a Prometheus that starts scrapes nothing for five.
const SCALE: &str = "0.015";

/// Beats of the dead man's switch, one a second, after which whatever is sent has arrived: more than
/// a group waits before its first message, and between two.
const SETTLED: usize = 6;

/// Two sources, one of them in a repository that can go away.
const CONFIG: &str = "schema: 1
repositories:
  - { name: local, directory: repository }
  - { name: away, directory: away }
sources:
  - name: cache
    owner: payments
    engine: redis
    repository: local
    path: \"redis/%Y%m%d-%H%M%S.rdb\"
    schedule: \"0 * * * *\"
    settle: 0s
  - name: queue
    owner: payments
    engine: redis
    repository: away
    path: \"%Y%m%d-%H%M%S.rdb\"
    schedule: \"0 * * * *\"
    settle: 0s
exporter: { refresh: 1s }
";

/// Programs from the exporter to the receiver; ended when this is dropped.
pub(super) struct Chain {
    exporter: Option<Served>,
    alertmanager: AlertmanagerServer,
    _prometheus: PrometheusServer,
    receiver: MessageReceiver,
    bench: Bench,
    /// What people were told and no test asked for yet.
    news: Vec<String>,
    /// Messages to the dead man's switch.
    beats: usize,
}

impl Chain {
    /// The newest snapshot of `cache` is three days old, that of `queue` is new.
    pub(super) fn start() -> Self {
        let bench = Bench::new("process");
        fs::create_dir(bench.path("away")).unwrap();
        fs::write(bench.path("backups.yaml"), CONFIG).unwrap();
        save(&bench.path("repository/redis"), Duration::from_hours(72));
        save(&bench.path("away"), Duration::ZERO);
        let receiver = MessageReceiver::new("200 OK");
        let rules = write_rules(&bench, receiver.url());
        let exporter = Served::exporter(&bench, None);
        let alertmanager = AlertmanagerServer::start(&rules.join("alertmanager"));
        let prometheus = PrometheusServer::start(&format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: [\"{}/*.yaml\"]\n\
             alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: [\"{}\"] }}] }}] }}\n\
             scrape_configs:\n\
             - {{ job_name: backup, static_configs: [{{ targets: [\"{}\"] }}] }}\n",
            rules.display(),
            alertmanager.address(),
            exporter.addresses[0],
        ));
        Self {
            exporter: Some(exporter),
            alertmanager,
            _prometheus: prometheus,
            receiver,
            bench,
            news: Vec::new(),
            beats: 0,
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.bench.path(name)
    }

    /// Waits until people were told this, and then until anything else would have arrived: nothing
    /// else was told.
    #[track_caller]
    pub(super) fn told(&mut self, expected: &[&str]) {
        let mut until = None;
        let came = within_a_minute(|| {
            self.read();
            let is_told = |wanted: &&str| self.news.iter().any(|told| told == wanted);
            if until.is_none() && expected.iter().all(is_told) {
                until = Some(self.beats + SETTLED);
            }
            until.is_some_and(|until| self.beats >= until)
        });
        let beats = self.beats;
        assert!(came, "{expected:?}: {:?} and {beats} beats", self.news);
        let mut told = std::mem::take(&mut self.news);
        let mut expected = expected.to_vec();
        told.sort();
        expected.sort_unstable();
        assert_eq!(told, expected);
    }

    fn read(&mut self) {
        for sent in self.receiver.requests() {
            match told(&sent) {
                None => self.beats += 1,
                Some(told) => self.news.push(told),
            }
        }
    }

    /// Tells Alertmanager of a warning that is not ours and has no label of ours.
    #[expect(
        clippy::disallowed_methods,
        reason = "the alert comes from a tool of Alertmanager's"
    )]
    pub(super) fn add_foreign_alert(&self, summary: &str) {
        let mut amtool = Command::new("amtool");
        amtool.arg(format!(
            "--alertmanager.url=http://{}",
            self.alertmanager.address()
        ));
        amtool.args(["alert", "add", "Foreign", "severity=warning"]);
        amtool.arg(format!("--annotation=summary={summary}"));
        let output = amtool.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Ends the exporter and starts another one at the same address.
    pub(super) fn restart_exporter(&mut self) {
        let before = self.exporter.take().unwrap();
        let address = before.addresses[0];
        assert_eq!(before.stop().code(), Some(0));
        self.exporter = Some(Served::exporter(&self.bench, Some(address)));
    }

    /// Puts a new snapshot of `cache` there.
    pub(super) fn save_snapshot(&self) {
        save(&self.path("repository/redis"), Duration::ZERO);
    }
}

/// Puts a snapshot there that was taken and uploaded so long ago.
#[expect(
    clippy::disallowed_methods,
    reason = "a file is named by its time, and has it"
)]
fn save(directory: &Path, ago: Duration) {
    let taken = SystemTime::now() - ago;
    let name = Timestamp::try_from(taken).unwrap();
    let path = directory.join(name.strftime("%Y%m%d-%H%M%S.rdb").to_string());
    fs::write(&path, rdb_bytes::two_keys()).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(taken).unwrap();
}

/// Rules and the example for Alertmanager, as `scripts/rules` writes them.
#[expect(
    clippy::disallowed_methods,
    reason = "the script is run as a user does"
)]
fn write_rules(bench: &Bench, receivers: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/rules");
    let directory = bench.path("rules");
    let mut rules = Command::new(script);
    rules.args(["--for-scale", SCALE, "--receivers", receivers]);
    let output = rules.arg(&directory).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    directory
}

/// Who was told what; none for a beat of the dead man's switch.
fn told(sent: &Sent) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (receiver, said) = match &*sent.path {
        "/slack" => {
            let message = &sent.body["attachments"][0];
            assert!(text(&message["text"]).contains(" UTC"), "{message}");
            (text(&sent.body["channel"]), text(&message["title"]))
        }
        "/pager" => {
            let said = text(&sent.body["payload"]["summary"]);
            let is_resolved = said.starts_with("RESOLVED");
            let action = if is_resolved { "resolve" } else { "trigger" };
            assert_eq!(sent.body["event_action"], action, "{}", sent.body);
            ("pager".to_owned(), said)
        }
        "/dead-mans-switch" => return None,
        other => panic!("{other} was asked"),
    };
    Some(format!("{receiver}: {said}"))
}
