//! Variants of the rules that `scripts/rules` writes.

use std::{
    path::Path,
    process::{Command, Output},
};

use tests::require;

use super::rules::{DASHBOARDS, FILES, RUNBOOKS, Rule, all, directory, of, promtool};

pub(super) fn scripted(options: &[&str], into: &Path) -> Output {
    Command::new(directory().join("../scripts/rules"))
        .args(options)
        .arg(into)
        .output()
        .unwrap()
}

fn written(options: &[&str]) -> Vec<Rule> {
    let directory = tempfile::tempdir().unwrap();
    let output = scripted(options, directory.path());
    assert!(output.status.success(), "{output:?}");
    let files = FILES.map(|file| directory.path().join(file));
    if tests::require::program("promtool").is_ok() {
        promtool(&["check", "rules"], &files);
    }
    files.iter().flat_map(|file| of(file)).collect()
}

#[test]
fn without_options_the_rules_are_as_they_are_shipped() {
    let texts = |rules: Vec<Rule>| format!("{rules:?}");
    assert_eq!(texts(written(&[])), texts(all()));
}

#[test]
fn times_addresses_and_severities_are_changed_and_nothing_else() {
    require!(promtool);
    let changed = written(&[
        "--for-scale",
        "0.1",
        "--runbooks",
        "https://wiki.example/runbooks/",
        "--dashboards",
        "https://grafana.example/?org=1&at=",
        "--severity",
        "BackupStuck=critical",
        "--severity",
        "BackupRepositoryUnreachable=page",
        "--severity",
        "BackupMissing=warning",
    ]);
    for (before, after) in all().into_iter().zip(changed) {
        assert_eq!((&before.alert, &before.expr), (&after.alert, &after.expr));
        let Some(alert) = before.alert.as_deref() else {
            continue;
        };
        assert_eq!(after.wait, before.wait.map(|it| tenth(&it)), "{alert}");
        assert_eq!(
            after.keep_firing_for,
            before.keep_firing_for.map(|it| tenth(&it)),
            "{alert}"
        );
        let url =
            before.annotations["runbook_url"].replace(RUNBOOKS, "https://wiki.example/runbooks/");
        assert_eq!(after.annotations["runbook_url"], url);
        let url = before.annotations["dashboard_url"]
            .replace(DASHBOARDS, "https://grafana.example/?org=1&at=/d/");
        assert_eq!(after.annotations["dashboard_url"], url);
        let mut expected = before.labels;
        let severity = match alert {
            "BackupStuck" => Some("critical"),
            "BackupRepositoryUnreachable" => Some("page"),
            "BackupMissing" => Some("warning"),
            _ => None,
        };
        expected.extend(severity.map(|it| ("severity".to_owned(), it.to_owned())));
        assert_eq!(after.labels, expected, "{alert}");
    }
}

/// A tenth of a time like `15m`.
fn tenth(time: &str) -> String {
    let (number, unit) = time.split_at(time.len() - 1);
    let seconds = if unit == "h" { 3600 } else { 60 };
    format!("{}s", number.parse::<u32>().unwrap() * seconds / 10)
}

#[test]
fn what_cannot_be_changed_is_said_and_nothing_is_written() {
    for (options, said) in [
        (
            &["--severity", "BackupStruck=critical"][..],
            "there is no alert BackupStruck",
        ),
        (&["--severity", "BackupStuck"], "is not ALERT=SEVERITY"),
        (&["--for-scale", "fast"], "--for-scale fast is no factor"),
        (&["--runbooks", "wiki"], "--runbooks wiki is no address"),
        (
            &["--receivers", "nowhere"],
            "--receivers nowhere is no address",
        ),
        (
            &["--dashboards", "https://a b"],
            "--dashboards https://a b is no address",
        ),
        (&["--dashboard", "x"], "unknown option --dashboard"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let output = scripted(options, &directory.path().join("rules"));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(said), "{complaint}");
        assert!(!directory.path().join("rules").exists());
    }
}
