//! docs/metrics.md as far as it is about this program, written from the table.

use toolkit::exposition::markdown;

use super::Metric;

/// Head of this program's part. Its first line is empty; the second, the heading, is where the
/// document is divided.
pub(super) const HEAD: &str = "
## backup-verifier

<!-- Generated from verifier/src/metrics.rs; do not edit. To write it anew:
     UPDATE_DOCS=1 cargo test -p verifier docs_metrics -->

What `backup-verifier serve` publishes at `/metrics`: how it does itself, and `process_*`. What was
proven of a source is in the evidence, from which `backup-exporter` publishes it. A scrape is
answered from memory. The counters begin anew with the process; the evidence does not.

";

/// The part of docs/metrics.md that is this program's, as Markdown.
pub fn document() -> String {
    HEAD.to_owned() + &markdown(Metric::ALL)
}
