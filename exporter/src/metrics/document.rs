//! The part of docs/metrics.md that is about this program, written from the table.

use toolkit::exposition::markdown;

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

";

/// The part of docs/metrics.md that is about this program, as Markdown.
pub fn document() -> String {
    HEAD.to_owned() + &markdown(Metric::ALL)
}
