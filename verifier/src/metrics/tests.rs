use std::{collections::BTreeSet, fs, path::Path};

use toolkit::exposition::{Kind, is_label_name, is_metric_name};

use super::*;

#[test]
fn names_are_valid_unique_and_of_this_program() {
    let mut seen = BTreeSet::new();
    for metric in Metric::ALL {
        let name = metric.name();
        assert!(is_metric_name(name), "{name}");
        assert!(name.starts_with("backup_verifier_"), "{name}");
        assert!(seen.insert(name), "{name} is there twice");
        let mut labels = metric.labels().iter();
        assert!(labels.all(|label| is_label_name(label)), "{name}");
        let counts = metric.kind() == Kind::Counter;
        assert_eq!(counts, name.ends_with("_total"), "{name}");
        assert!(metric.help().ends_with('.'), "{name}");
    }
}

#[test]
fn docs_metrics_is_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let written = fs::read_to_string(&file).unwrap_or_default();
    let begins = document::HEAD
        .lines()
        .nth(1)
        .expect("the line that divides");
    let (others, ours) = match written.find(&format!("\n{begins}\n")) {
        Some(at) => written.split_at(at),
        None => (written.as_str(), ""),
    };
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, others.to_owned() + &document()).expect("written");
    } else {
        let how = "UPDATE_DOCS=1 cargo test -p verifier docs_metrics";
        assert!(
            ours == document(),
            "docs/metrics.md is stale; write it anew: {how}"
        );
    }
}
