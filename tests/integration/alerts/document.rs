//! The table of docs/alerts.md, made from the rules.

use std::{fmt::Write as _, fs};

use super::rules::{FILES, Rule, directory, of};

/// Sections of the page, by file.
const TITLES: [(&str, &str); 4] = [
    ("intent.yaml", "Intent: whether the producer ran"),
    ("evidence.yaml", "Evidence: what lies in the repository"),
    ("proof.yaml", "Proof: what was restored"),
    ("ourselves.yaml", "Exporter, verifier and rules"),
];

#[test]
fn docs_alerts_is_made_from_the_rules() {
    let path = directory().join("../docs/alerts.md");
    let page = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- rules -->\n", "<!-- end -->");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, behind) = rest.split_once(end).unwrap();
    let expected = format!("{before}{begin}{}\n{end}{behind}", tables());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert!(page == expected, "UPDATE_DOCS=1 makes docs/alerts.md anew");
    }
}

fn tables() -> String {
    let mut text = String::new();
    for (file, title) in TITLES {
        assert!(FILES.contains(&file));
        let _ = write!(
            text,
            "\n## {title}\n\n| alert | fires when | after | severity |\n"
        );
        text += "|---|---|---|---|\n";
        for rule in of(&directory().join(file)) {
            let alert = rule.alert.as_deref().unwrap();
            let link = format!("[{alert}](../alerts/runbooks/{alert}.md)");
            let after = rule.wait.as_deref().unwrap_or("at once");
            let (meaning, severity) = (meaning(&rule), rule.severity());
            let _ = writeln!(text, "| {link} | {meaning} | {after} | {severity} |");
        }
    }
    text
}

/// The summary, in which labels are words.
fn meaning(rule: &Rule) -> String {
    let mut said = rule.annotations["summary"].clone();
    for label in ["source", "repository", "drill", "receiver", "instance"] {
        said = said.replace(&format!("{{{{ $labels.{label} }}}}"), &format!("*{label}*"));
    }
    said.replace("{{ $labels.rule_group }}", "*group*")
}
