//! docs/metrics.md, written from the table.

use std::fmt::Write;

use super::Metric;

const HEAD: &str = "\
# Metrics

<!-- Generated from exporter/src/metrics.rs; do not edit. To write it anew:
     UPDATE_DOCS=1 cargo test -p exporter docs_metrics -->

What `backup-exporter` publishes at `/metrics`. Times are Unix seconds; ages are computed when the
page is rendered; everything marked *cached* is as of the last survey, which runs in the background:
a scrape never touches storage.

**Absent is not zero.** Until the first survey in which a source was wholly seen only its info,
objectives and survey metrics exist. A survey that fails later keeps the last values, while ages go
on growing and `up` is 0. Where evidence cannot be read, the last ledger is kept and
`backup_evidence_up` is 0. Where no proof is expected, the metrics of proof are absent.

**When a repository will be full** is told, where `capacity` is configured, from what lies in it
now: snapshots leave as `retention` promises, and one of the usual size (the median of the newest
thirty) comes in every usual interval (likewise). A series that has reached its retention stands
still; one that is older than its retention is taken to be never pruned; a growth of the snapshots
to come is not guessed at. Nobody can know where a source promises no retention, or has a single
snapshot yet.

Beside these the program publishes `process_*`: its own CPU, memory, file descriptors and threads.

| metric | kind | labels | meaning |
|---|---|---|---|
";

/// The whole document.
pub fn document() -> String {
    let mut text = HEAD.to_owned();
    for metric in Metric::ALL {
        let labels: Vec<_> = metric
            .labels()
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            metric.name(),
            metric.kind().as_str(),
            labels.join(", "),
            metric.help()
        );
    }
    text
}
