//! The alert rules: complete, understood by Prometheus, and firing when they should.
//!
//! `alerts/tests` holds the unit tests of what is no concern of a source; those of concerns are
//! made here from the table of concerns.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be read ends the test there"
)]

mod alertmanager;
mod concerns;
mod document;
pub(crate) mod rules;
mod scenarios;
mod scripted;

use std::{collections::BTreeSet, fs};

use catalog::assess::{CONCERNS, Severity};
use tests::{
    require,
    runbook::{self, Runbook},
};

use self::rules::{Rule, all, directory, known_names, names_in, promtool, unit_tests};

#[test]
fn promtool_understands_every_rule() {
    require!(promtool);
    let files = rules::FILES.map(|file| directory().join(file));
    promtool(&["check", "rules", "--lint=all", "--lint-fatal"], &files);
}

#[test]
fn what_is_no_concern_of_a_source_fires_and_ends_as_written() {
    require!(promtool);
    promtool(&["test", "rules"], &unit_tests());
}

#[test]
fn every_concern_has_an_alert_unless_it_only_informs() {
    let rules = all();
    for concern in CONCERNS {
        let mut alerts = rules.iter().filter(|rule| rule.alert.is_some());
        let has_one = alerts.any(|rule| rule.concerns().contains(concern.name));
        assert_eq!(
            has_one,
            concern.severity != Severity::Info,
            "{}",
            concern.name
        );
    }
    let known = |name: &String| CONCERNS.iter().any(|concern| concern.name == name);
    let named: BTreeSet<_> = rules.iter().flat_map(Rule::concerns).collect();
    let unknown: Vec<_> = named.iter().filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// `backup:source:severity` takes a witness for asked where a critical concern of it is there. What
/// producer and repository contradict each other in is told with intent, and is there with it.
#[test]
fn every_witness_has_a_critical_concern() {
    let critical = CONCERNS
        .iter()
        .filter(|it| it.severity == Severity::Critical);
    let witnesses: BTreeSet<_> = critical.map(|it| it.witness().as_label()).collect();
    assert_eq!(witnesses, BTreeSet::from(["evidence", "joined", "proof"]));
}

#[test]
fn every_alert_says_what_to_do_and_is_tested() {
    let texts = unit_tests().map(|file| fs::read_to_string(file).unwrap());
    for rule in all() {
        let Some(alert) = &rule.alert else { continue };
        assert!(
            alert.starts_with("Backup"),
            "{alert}: names of others stay theirs"
        );
        for annotation in ["summary", "description"] {
            assert!(
                rule.annotations.contains_key(annotation),
                "{alert}: {annotation}"
            );
        }
        let url = &rule.annotations["runbook_url"];
        assert_eq!(*url, format!("{}{alert}", rules::RUNBOOKS));
        leads_to_a_dashboard(&rule);
        let runbook = directory().join(format!("runbooks/{alert}.md"));
        let runbook = fs::read_to_string(&runbook).unwrap_or_else(|_| panic!("{runbook:?}"));
        assert!(runbook.starts_with(&format!("# {alert}\n")), "{alert}");
        for heading in ["Meaning", "Impact", "Confirm", "Mend", "Prevent"] {
            let heading = format!("\n## {heading}\n");
            assert!(runbook.contains(&heading), "{alert}: {heading}");
        }
        if alert != "BackupWatchdog" {
            assert_eq!(rule.keep_firing_for.as_deref(), Some("15m"), "{alert}");
            assert!(rule.wait.is_some(), "{alert} has a `for`");
        }
        let quoted = format!("\"{alert}\"");
        let is_written = texts.iter().any(|text| text.contains(&quoted));
        let is_tested = is_written || !rule.concerns().is_empty();
        assert!(is_tested, "{alert} has a test");
    }
}

/// The link to a dashboard is to one that exists, and sets a variable of it by a label that the
/// summary names too; an alert about a source leads to the page of the source.
fn leads_to_a_dashboard(rule: &Rule) {
    let (url, summary) = (
        &rule.annotations["dashboard_url"],
        &rule.annotations["summary"],
    );
    let page = url.strip_prefix(rules::DASHBOARDS).unwrap();
    let (uid, query) = page.split_once('?').unwrap_or((page, ""));
    let pages = dashboards::all();
    let page = pages.iter().find(|page| page.uid == uid).unwrap();
    let is_of_source = summary.contains("{{ $labels.source }}");
    assert_eq!(is_of_source, uid == "backup-source", "{url}");
    let Some((variable, label)) = query.split_once('=') else {
        assert!(!is_of_source, "{url}");
        return;
    };
    let name = variable.strip_prefix("var-").unwrap();
    assert!(page.variables.iter().any(|it| it.name == name), "{url}");
    assert_eq!(label, format!("{{{{ $labels.{name} }}}}"));
    assert!(summary.contains(label), "{url}");
}

#[test]
fn every_runbook_is_of_an_alert() {
    let alerts: BTreeSet<String> = all().into_iter().filter_map(|rule| rule.alert).collect();
    for page in Runbook::all(&runbook::directory()) {
        assert!(alerts.contains(&page.name), "{}", page.name);
    }
}

#[test]
fn rules_name_only_metrics_that_exist() {
    let known = known_names();
    for rule in all() {
        for name in names_in(&rule.expr) {
            assert!(known.contains(name), "{name} in {}", rule.expr);
        }
    }
}
