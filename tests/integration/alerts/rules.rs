//! The rule files as they are read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use catalog::assess::{CONCERNS, Concern};
use exporter::metrics::Metric as Exported;
use serde::Deserialize;
use verifier::metrics::Metric as Served;

/// The rule files, those of recordings first.
pub(super) const FILES: [&str; 5] = [
    "recording.yaml",
    "intent.yaml",
    "evidence.yaml",
    "proof.yaml",
    "ourselves.yaml",
];

/// Base address of runbooks in the rule files.
pub(crate) const RUNBOOKS: &str = "https://runbooks.example/";

/// Base address of dashboards in the rule files.
pub(super) const DASHBOARDS: &str = "https://dashboards.example/d/";

/// One rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) alert: Option<String>,
    pub(super) record: Option<String>,
    pub(super) expr: String,
    #[serde(rename = "for")]
    pub(super) wait: Option<String>,
    pub(super) keep_firing_for: Option<String>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct RuleGroup {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
struct RuleFile {
    groups: Vec<RuleGroup>,
}

impl Rule {
    /// Concerns of sources that the rule names.
    pub(super) fn concerns(&self) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        for matcher in [
            "backup:concern:owned{concern=\"",
            "backup:concern:owned{concern=~\"",
        ] {
            for (at, found) in self.expr.match_indices(matcher) {
                let rest = &self.expr[at + found.len()..];
                let listed = rest.split('"').next().unwrap();
                named.extend(listed.split('|').map(ToOwned::to_owned));
            }
        }
        named
    }

    /// The label `witness` of an alert.
    pub(super) fn witness(&self) -> String {
        self.label("witness", |concern| concern.witness().as_label())
    }

    /// The label `severity` of an alert.
    pub(super) fn severity(&self) -> String {
        self.label("severity", |concern| concern.severity.as_label())
    }

    /// A label of an alert: that of the rule, else that of its concern.
    fn label(&self, name: &str, of: impl Fn(&Concern) -> &str) -> String {
        let concerns = self.concerns();
        let mut concern = CONCERNS.iter().filter(|it| concerns.contains(it.name));
        let own = self.labels.get(name).map(String::as_str);
        own.unwrap_or_else(|| of(concern.next().unwrap()))
            .to_owned()
    }

    /// `for` in minutes.
    pub(super) fn waits_minutes(&self) -> u32 {
        let text = self.wait.as_deref().unwrap_or("0m");
        let number = |unit| text.strip_suffix(unit).map(|it| it.parse::<u32>().unwrap());
        let hours = || number('h').map(|hours| hours * 60);
        number('m')
            .or_else(hours)
            .unwrap_or_else(|| panic!("{text}"))
    }
}

/// The directory of the rules.
pub(crate) fn directory() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("alerts")
}

/// The unit tests that are written by hand.
pub(super) fn unit_tests() -> [PathBuf; 4] {
    ["days", "ourselves", "recording", "sources"]
        .map(|file| directory().join(format!("tests/{file}.yaml")))
}

/// Runs promtool, which finds nothing wrong.
#[track_caller]
pub(crate) fn promtool(words: &[&str], files: &[PathBuf]) {
    let output = Command::new("promtool").args(words).args(files).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{output:?}");
}

/// Every rule of every file.
pub(super) fn all() -> Vec<Rule> {
    FILES
        .iter()
        .flat_map(|file| of(&directory().join(file)))
        .collect()
}

/// Every rule of one file.
pub(super) fn of(file: &Path) -> Vec<Rule> {
    let text = fs::read_to_string(file).unwrap();
    let read: RuleFile = serde_saphyr::from_str(&text).unwrap();
    let named = read
        .groups
        .iter()
        .all(|group| group.name.starts_with("backup-"));
    assert!(named, "groups of others stay theirs: {}", file.display());
    read.groups
        .into_iter()
        .flat_map(|group| group.rules)
        .collect()
}

/// Every name that an expression may ask for: metrics of both programs, and recordings.
pub(crate) fn known_names() -> BTreeSet<String> {
    let exported = Exported::ALL.iter().map(|it| it.name().to_owned());
    let served = Served::ALL.iter().map(|it| it.name().to_owned());
    let recorded = all().into_iter().filter_map(|rule| rule.record);
    exported.chain(served).chain(recorded).collect()
}

/// Names of ours in an expression, without the beginnings of names in patterns
/// (`backup_(exporter|verifier)_…`).
pub(crate) fn names_in(expr: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
    expr.split(between)
        .filter(|word| word.starts_with("backup_") || word.starts_with("backup:"))
        .filter(|word| !word.ends_with('_'))
}
