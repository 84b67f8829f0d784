use std::{collections::BTreeSet, fs, path::Path};

use toolkit::exposition::{Kind, is_label_name, is_metric_name};

use super::*;

#[test]
fn names_are_valid_unique_and_of_this_program() {
    let mut seen = BTreeSet::new();
    for metric in Metric::ALL {
        let name = metric.name();
        assert!(
            is_metric_name(name) && name.starts_with("backup_"),
            "{name}"
        );
        assert!(seen.insert(name), "{name} is there twice");
        assert!(
            metric.labels().iter().all(|label| is_label_name(label)),
            "{name}"
        );
        assert_eq!(
            metric.kind() == Kind::Counter,
            name.ends_with("_total"),
            "{name}"
        );
        assert!(metric.help().ends_with('.'), "{name}");
    }
}

/// The heading behind which the document is the other program's.
const OTHERS: &str = "\n## backup-verifier\n";

#[test]
fn docs_metrics_is_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let written = fs::read_to_string(&file).unwrap_or_default();
    let (ours, others) = match written.find(OTHERS) {
        Some(at) => written.split_at(at),
        None => (written.as_str(), ""),
    };
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, document() + others).unwrap();
    } else {
        let how = "UPDATE_DOCS=1 cargo test -p exporter docs_metrics";
        assert!(
            ours == document(),
            "docs/metrics.md is stale; write it anew: {how}"
        );
    }
}
