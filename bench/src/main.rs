//! `make bench`: the released programs beside what else does the same work, as ratios of one run.
//!
//! It measures whole processes from outside and knows nothing of their code; what it prints is the
//! table of docs/performance.md.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a measuring program starts others, looks at the clock, rounds and prints"
)]

mod child;
mod docker;
mod graph;
mod inspector;
mod metrics;
mod quiet;
mod report;
mod samples;
mod survey;
mod verification;

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail};

use report::Row;

/// Where everything is that a measurement needs.
struct Bench {
    /// The directory of the released programs, this one among them.
    programs: PathBuf,
    /// For samples and repositories, on a real disk; removed at the end.
    work: PathBuf,
    /// How often each command is timed.
    runs: usize,
    /// Bytes of the large sample; the goals are set for 1 GiB.
    large: u64,
    /// Another build of `backup-exporter`, to be measured beside ours.
    before: Option<PathBuf>,
}

impl Bench {
    fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }
}

type Measurement = fn(&Bench) -> Result<Vec<Row>>;

/// Every measurement, in the order of the table.
const MEASUREMENTS: [(&str, Measurement); 6] = [
    ("inspector", inspector::measure),
    ("verification", verification::measure),
    ("graph", graph::measure),
    ("survey", survey::measure),
    ("metrics", metrics::measure),
    ("quiet", quiet::measure),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // This program is also one of those that are measured.
    match arguments.as_slice() {
        [command, file] if command == inspector::PEER => return inspector::peer(file.as_ref()),
        [command, file] if command == inspector::READ => return inspector::read(file.as_ref()),
        _ => {}
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|it| it == name);
    let known = |name: &String| MEASUREMENTS.iter().any(|(known, _)| known == name);
    if let Some(unknown) = arguments.iter().find(|name| !known(name)) {
        let names: Vec<_> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no measurement {unknown:?}; there are {}",
            names.join(", ")
        );
    }
    let own = env::current_exe()?;
    let programs = own.parent().context("a program lies in a directory")?;
    let work = tempfile::Builder::new()
        .prefix("backup-witness-bench.")
        .tempdir()?;
    let bench = Bench {
        programs: programs.to_owned(),
        work: work.path().to_owned(),
        runs: number("RUNS", 5)?,
        large: u64::try_from(number("LARGE_MIB", 1024)?)? << 20,
        before: env::var_os("BEFORE").map(PathBuf::from),
    };
    let mut rows = Vec::new();
    for (name, measure) in MEASUREMENTS {
        if wanted(name) {
            eprintln!("== {name}");
            rows.extend(measure(&bench).with_context(|| format!("cannot measure {name}"))?);
        }
    }
    print!("{}", report::table(&rows, bench.runs));
    Ok(())
}

fn number(variable: &str, default: usize) -> Result<usize> {
    match env::var(variable) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{variable}={text} is no number")),
        Err(_) => Ok(default),
    }
}
