//! An hour of `serve` with many sources in which nothing is due.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{Bench, report::Row};

const SOURCES: u64 = 1_000;

/// Records of each source: a month of nightly verifications.
const RECORDS: u64 = 30;

/// The goals of the issue: seconds of processor, and MiB.
const GOAL: (f64, f64) = (1.0, 64.0);

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let (seconds, grown, _) = quiet(bench, None)?;
    let directory = bench.work.join("quiet");
    let (beside, _, whole) = quiet(bench, Some(&directory))?;
    let row = |what: &str, seconds: f64, mib: f64, goal| Row {
        what: format!("`serve`, a quiet hour, {SOURCES} sources of {RECORDS} records, {what}"),
        ours: format!("{mib:.1} MiB"),
        theirs: "–".into(),
        figure: format!("{seconds:.2} s of processor"),
        goal,
    };
    let is_met = seconds < GOAL.0 && grown < GOAL.1;
    let goal = format!("< {} s, < {} MiB", GOAL.0, GOAL.1);
    Ok(vec![
        row(
            "all in memory; growth",
            seconds,
            grown,
            Some((goal, is_met)),
        ),
        row("in directories, 10 snapshots each", beside, whole, None),
    ])
}

/// Seconds of processor, and MiB by which the process grew and had at most.
fn quiet(bench: &Bench, directory: Option<&std::path::Path>) -> Result<(f64, f64, f64)> {
    let mut command = Command::new(bench.program("examples/quiet-hour"));
    command
        .args([SOURCES.to_string(), RECORDS.to_string()])
        .args(directory);
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}",
        output.status
    );
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let mut next = || {
        numbers
            .next()
            .context("three numbers are printed")?
            .context("a number")
    };
    Ok((next()?, next()? / 1024.0, next()? / 1024.0))
}
