//! The crates depend on each other in one direction only (architecture, "Workspace").

use std::process::Command;

use serde_json::Value;

use crate::{Complaint, clean, tree};

/// What each crate may use of the others, in tests as well.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("settings", &[]),
    ("catalog", &["settings"]),
    ("toolkit", &["settings"]),
    ("alerts", &["settings", "toolkit"]),
    ("exporter", &["settings", "catalog", "toolkit", "alerts"]),
    ("verifier", &["settings", "catalog", "toolkit", "alerts"]),
    (
        "tests",
        &[
            "settings",
            "catalog",
            "toolkit",
            "alerts",
            "exporter",
            "verifier",
            "dashboards",
        ],
    ),
    // It measures the programs from outside.
    ("bench", &[]),
    // Names of metrics are text to it; `tests` holds them against the tables.
    ("dashboards", &[]),
];

/// Each links the whole tree, so each costs everybody's time.
const TEST_EXECUTABLES: usize = 5;

#[test]
fn crates_depend_in_one_direction() {
    clean(&against_the_direction(&metadata()));
    let bad = serde_json::json!({ "packages": [
        { "name": "settings", "dependencies": [{ "name": "catalog" }] },
        { "name": "exporter", "dependencies": [{ "name": "verifier" }, { "name": "serde" }] },
        { "name": "helpers", "dependencies": [] },
    ]});
    assert_eq!(against_the_direction(&bad).len(), 3);
}

#[test]
fn there_are_few_test_executables() {
    clean(&too_many_executables(&metadata()));
    let target = serde_json::json!({ "kind": ["test"], "name": "one" });
    let bad = serde_json::json!({ "packages": [{ "targets": vec![target; TEST_EXECUTABLES + 1] }]});
    assert_eq!(too_many_executables(&bad).len(), 1);
}

fn against_the_direction(metadata: &Value) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for package in list(metadata, "packages") {
        let name = text(package, "name");
        let Some((_, allowed)) = MAY_USE.iter().find(|(of, _)| *of == name) else {
            complaints.push(format!(
                "{name}: a crate that the architecture does not know"
            ));
            continue;
        };
        let ours = list(package, "dependencies")
            .iter()
            .map(|dependency| text(dependency, "name"));
        let wrong = ours
            .filter(|other| MAY_USE.iter().any(|(of, _)| of == other) && !allowed.contains(other));
        complaints.extend(wrong.map(|other| format!("{name}: must not depend on {other}")));
    }
    complaints
}

fn too_many_executables(metadata: &Value) -> Vec<Complaint> {
    let targets = list(metadata, "packages")
        .iter()
        .flat_map(|package| list(package, "targets"));
    let count = targets
        .filter(|target| list(target, "kind").iter().any(|k| k == "test"))
        .count();
    (count > TEST_EXECUTABLES)
        .then(|| format!("{count} test executables, more than {TEST_EXECUTABLES}: make modules"))
        .into_iter()
        .collect()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(tree::root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
