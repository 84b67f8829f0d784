//! The table of docs/performance.md.

use std::{fmt::Write, thread};

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) what: String,
    /// What we took.
    pub(crate) ours: String,
    /// What the other took, and who that is.
    pub(crate) theirs: String,
    /// The figure that the goal is about.
    pub(crate) figure: String,
    /// The goal, and whether it was met.
    pub(crate) goal: Option<(String, bool)>,
}

/// As Markdown.
pub(crate) fn table(rows: &[Row], runs: usize) -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let mut table = format!(
        "Median of {runs} runs each, ours and the other's in turn, {cores} cores.\n\n\
         | measured | ours | beside it | figure | goal |\n|---|---|---|---|---|\n"
    );
    for row in rows {
        let goal = match &row.goal {
            None => "–".into(),
            Some((goal, true)) => format!("{goal}: met"),
            Some((goal, false)) => format!("{goal}: **missed**"),
        };
        let Row {
            what,
            ours,
            theirs,
            figure,
            ..
        } = row;
        let _ = writeln!(table, "| {what} | {ours} | {theirs} | {figure} | {goal} |");
    }
    table
}

/// Bytes as MiB.
pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
