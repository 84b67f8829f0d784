//! The runbooks of scenarios, and the commands of all runbooks.
//!
//! `tests/e2e/restored.rs` executes the pages that restore a server.

use std::{collections::BTreeSet, path::Path};

use clap::Parser as _;
use tests::runbook::{self, Runbook};
use verifier::cli::Cli;

use super::rules::all;

/// What a page says of blocks that no test executes.
const NOT_EXECUTED: &str = "not executed yet";

/// What calls of the verifier have in common before the command.
const CONFIGURED: [&str; 2] = ["--config.file", "backups.yaml"];

fn scenarios() -> Vec<Runbook> {
    let pages = Runbook::all(&runbook::directory().join("scenarios"));
    assert!(pages.len() >= 7, "{}", pages.len());
    pages
}

#[test]
fn every_scenario_begins_with_the_last_verified_snapshot_and_has_its_sections() {
    for page in scenarios() {
        let Runbook { name, text } = &page;
        assert!(text.starts_with(&format!("# {name}\n")), "{name}");
        let first = page.blocks().remove(0).commands;
        assert!(first.contains(" latest --source "), "{name}: {first}");
        assert!(first.contains(" --verified"), "{name}: {first}");
        let (head, _) = text.split_once("\n## Meaning\n").unwrap();
        for said in ["gone", "sha256", "aws s3 cp"] {
            assert!(head.to_lowercase().contains(said), "{name}: {said}");
        }
        let mut rest = text.as_str();
        for heading in ["Meaning", "Impact", "Confirm", "Steps", "Check", "Prevent"] {
            let heading = format!("\n## {heading}\n");
            let found = rest.split_once(&heading);
            rest = found.unwrap_or_else(|| panic!("{name}: {heading}")).1;
        }
    }
}

#[test]
fn what_no_test_executes_is_said_so() {
    for page in scenarios() {
        let (head, _) = page.text.split_once("\n## ").unwrap();
        let is_said_of_all = head.contains(NOT_EXECUTED);
        for block in page.blocks().iter().filter(|block| block.mark.is_none()) {
            let is_said = is_said_of_all || block.introduced_by.contains(NOT_EXECUTED);
            assert!(is_said, "{}: {}", page.name, block.commands);
        }
    }
}

#[test]
fn every_call_of_the_verifier_in_a_runbook_is_understood() {
    let pages = Runbook::all(&runbook::directory()).into_iter();
    let mut calls = 0;
    for page in pages.chain(scenarios()) {
        for words in page.calls() {
            calls += 1;
            let configured = CONFIGURED.iter().filter(|_| words[0] != CONFIGURED[0]);
            let program = ["backup-verifier"].into_iter().chain(configured.copied());
            let words = program.chain(words.iter().map(String::as_str));
            let words: Vec<&str> = words.collect();
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{}: {words:?}: {error}", page.name);
            }
        }
    }
    assert!(calls > 150, "only {calls} are found");
}

#[test]
fn every_alert_and_every_page_that_runbooks_name_is_there() {
    let alerts: BTreeSet<String> = all().into_iter().filter_map(|rule| rule.alert).collect();
    let directory = runbook::directory();
    let mut linked = BTreeSet::new();
    let pages = Runbook::all(&directory).into_iter();
    let pages = pages.map(|page| (page, directory.clone()));
    let others = scenarios().into_iter();
    let others = others.map(|page| (page, directory.join("scenarios")));
    for (page, beside) in pages.chain(others) {
        let words = page.text.split(|c: char| !c.is_ascii_alphanumeric());
        let is_alert = |word: &&str| {
            let rest = word.strip_prefix("Backup").unwrap_or_default();
            rest.starts_with(|c: char| c.is_ascii_uppercase())
        };
        for alert in words.filter(is_alert) {
            assert!(alerts.contains(alert), "{}: {alert}", page.name);
        }
        for link in links(&page.text) {
            let is_there = beside.join(link).is_file();
            assert!(is_there, "{}: {link}", page.name);
            let is_of_alert = beside == directory;
            linked.extend(is_of_alert.then(|| link.to_owned()));
        }
    }
    for page in scenarios() {
        let link = format!("scenarios/{}.md", page.name);
        assert!(
            linked.contains(&link),
            "no runbook of an alert leads to {link}"
        );
    }
}

/// The pages that a page leads to.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split(')').next());
    targets.filter(|target| Path::new(target).extension().is_some_and(|it| it == "md"))
}
