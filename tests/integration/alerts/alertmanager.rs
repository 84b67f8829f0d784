//! The example for Alertmanager: who is told of which alert, and which alert silences which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use serde::Deserialize;
use tempfile::TempDir;
use tests::require;

use super::{
    rules::{Rule, all, directory},
    scripted::scripted,
};

/// The example, as `scripts/rules` writes it for receivers of a test.
fn example() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let output = scripted(
        &["--receivers", "http://127.0.0.1:9/test"],
        directory.path(),
    );
    assert!(output.status.success(), "{output:?}");
    directory
}

/// What amtool prints, without its last line break.
#[track_caller]
fn amtool(words: &[&str]) -> String {
    let output = Command::new("amtool").args(words).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}{complaint}");
    said.trim_end().to_owned()
}

#[test]
fn amtool_understands_the_example() {
    require!(alertmanager);
    let written = example();
    let file = written.path().join("alertmanager/alertmanager.yml");
    let said = amtool(&["check-config", file.to_str().unwrap()]);
    assert!(said.contains("1 templates"), "{said}");
}

/// Who is told of an alert of this name and severity.
fn expected(alert: &str, severity: &str, owner: &str) -> &'static str {
    let is_said_by_the_verifier = matches!(
        alert,
        "BackupVerificationFailed" | "BackupVerificationInconclusive"
    );
    let has_a_channel = owner == "payments" && !is_said_by_the_verifier;
    match (alert, severity, has_a_channel) {
        ("BackupWatchdog", _, _) => "dead-mans-switch",
        (_, "critical", true) => "pager,payments",
        (_, "critical", false) => "pager",
        (_, _, true) => "payments",
        (_, _, false) => "platform",
    }
}

#[test]
fn every_alert_reaches_somebody_and_every_critical_one_the_pager() {
    require!(alertmanager);
    let written = example();
    let file = written.path().join("alertmanager/alertmanager.yml");
    let config = format!("--config.file={}", file.display());
    let told = |labels: &[&str]| {
        let words = [&["config", "routes", "test", &config][..], labels].concat();
        amtool(&words)
    };
    for rule in all() {
        let Some(alert) = &rule.alert else { continue };
        let severity = rule.severity();
        for owner in ["payments", "shop"] {
            let labels = [
                format!("alertname={alert}"),
                format!("severity={severity}"),
                format!("owner={owner}"),
            ];
            let labels: Vec<_> = labels.iter().map(String::as_str).collect();
            let expected = expected(alert, &severity, owner);
            assert_eq!(told(&labels), expected, "{labels:?}");
        }
    }
    let foreign = ["alertname=DiskFull", "severity=critical", "owner=payments"];
    assert_eq!(told(&foreign), "platform");
}

#[derive(Debug, Deserialize)]
struct Example {
    inhibit_rules: Vec<Pair>,
}

/// A cause and what it silences.
#[derive(Debug, Deserialize)]
struct Pair {
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
    #[serde(default)]
    equal: Vec<String>,
}

/// Alerts that these matchers name or leave, of those that exist.
fn named(matchers: &[String], rules: &[Rule]) -> BTreeSet<String> {
    let all = rules.iter().filter_map(|rule| rule.alert.clone());
    let of_names = matchers.iter().filter(|it| it.starts_with("alertname"));
    of_names.fold(all.collect(), |left: BTreeSet<_>, matcher| {
        let word = |c: char| !(c.is_ascii_alphanumeric() || c == '(' || c == '|' || c == ')');
        let pattern = matcher.trim_end_matches('"').rsplit('"').next().unwrap();
        if pattern == "Backup.+" {
            return left;
        }
        assert!(!pattern.contains(word), "{matcher}");
        let (prefix, rest) = pattern.split_once('(').unwrap_or((pattern, ""));
        let each = rest.trim_end_matches(')').split('|');
        let listed: BTreeSet<_> = each.map(|it| format!("{prefix}{it}")).collect();
        assert!(listed.is_subset(&left), "{matcher} names what is no alert");
        let is_negative = matcher.contains("!=") || matcher.contains("!~");
        let keeps = |alert: &String| listed.contains(alert) != is_negative;
        left.into_iter().filter(keeps).collect()
    })
}

#[test]
fn alerts_silence_named_alerts_of_their_own_witness() {
    let text = fs::read_to_string(directory().join("alertmanager/alertmanager.yml")).unwrap();
    let example: Example = serde_saphyr::from_str(&text).unwrap();
    let rules = all();
    let mut witnesses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for rule in &rules {
        let Some(alert) = &rule.alert else { continue };
        let known = witnesses.entry(alert.clone()).or_default();
        known.insert(rule.witness());
    }
    assert!(!example.inhibit_rules.is_empty());
    for pair in &example.inhibit_rules {
        let causes = named(&pair.source_matchers, &rules);
        assert_eq!(causes.len(), 1, "{pair:?}");
        let witness = &witnesses[causes.first().unwrap()];
        let of_witness = |witness: &String| format!("witness=\"{witness}\"");
        if !pair
            .target_matchers
            .contains(&of_witness(witness.first().unwrap()))
        {
            for target in named(&pair.target_matchers, &rules) {
                assert_eq!(&witnesses[&target], witness, "{target} in {pair:?}");
            }
        }
        for label in &pair.equal {
            let present = format!("{label}!=\"\"");
            assert!(pair.source_matchers.contains(&present), "{pair:?}");
            assert!(pair.target_matchers.contains(&present), "{pair:?}");
        }
        // A warning silences no page.
        let is = |matchers: &[String], severity: &str| {
            let alerts = named(matchers, &rules);
            let is_of = |rule: &&Rule| rule.alert.as_ref().is_some_and(|it| alerts.contains(it));
            matchers.contains(&format!("severity=\"{severity}\""))
                || rules
                    .iter()
                    .filter(is_of)
                    .all(|it| it.severity() == severity)
        };
        let cause_pages = is(&pair.source_matchers, "critical");
        let only_warnings = is(&pair.target_matchers, "warning");
        assert!(cause_pages || only_warnings, "{pair:?}");
    }
}
