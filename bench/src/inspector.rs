//! The native reading of a snapshot beside `redis-check-rdb` and the `rdb` crate.

use std::{
    env,
    fs::File,
    io::{BufReader, Read},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};
use rdb::{Filter, RdbDecoder};

use crate::{
    Bench,
    child::{Took, paired, run},
    report::{Row, mib},
    samples::{self, Sample},
};

/// The command by which this program reads a file with the `rdb` crate.
pub(crate) const PEER: &str = "read-with-the-rdb-crate";

/// The command by which this program reads a file and looks at nothing: no inspection of whole
/// processes can be quicker.
pub(crate) const READ: &str = "read-only";

/// Passes over every value without decoding it: the crate's cheapest way to the end of a file.
struct Nothing;

impl Filter for Nothing {
    fn matches_db(&self, _: u32) -> bool {
        true
    }
    fn matches_type(&self, _: u8) -> bool {
        true
    }
    fn matches_key(&self, _: &[u8]) -> bool {
        false
    }
}

/// Reads the file to its end with the `rdb` crate.
pub(crate) fn peer(file: &Path) -> Result<()> {
    let input = BufReader::with_capacity(1 << 20, File::open(file)?);
    for item in RdbDecoder::new(input, Nothing)? {
        item?;
    }
    Ok(())
}

/// Reads the file to its end in pieces as large as an inspection's.
pub(crate) fn read(file: &Path) -> Result<()> {
    let (mut input, mut piece) = (File::open(file)?, vec![0; 1 << 20]);
    while input.read(&mut piece)? > 0 {}
    Ok(())
}

/// A program that reads the same file, and the goal against it.
type Other<'a> = (&'a str, &'a dyn Fn() -> Result<Took>, Option<f64>);

/// Goals of the issues: how many times faster than `redis-check-rdb`, and than the `rdb` crate.
const GOALS: [(Sample, Option<f64>, Option<f64>); 3] = [
    (Sample::SmallStrings, Some(3.0), None),
    (Sample::SmallHashes, None, Some(1.0)),
    (Sample::LargeValues, Some(10.0), None),
];

/// Of a sample: so much that the start of a process weighs little.
const BYTES: u64 = 512 << 20;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (sample, goal, goal_of_crate) in GOALS {
        let file = bench.work.join("sample.rdb");
        samples::make(sample, BYTES, &file)?;
        let bytes = file.metadata()?.len();
        let inspect = || {
            let mut command = Command::new(bench.program("backup-verifier"));
            run(command.arg("inspect").arg(&file), 0)
        };
        let check = || run(Command::new("redis-check-rdb").arg(&file), 0);
        let this = env::current_exe().context("this program")?;
        let decode = || run(Command::new(&this).arg(PEER).arg(&file), 0);
        let alone = || run(Command::new(&this).arg(READ).arg(&file), 0);
        let others: [Other<'_>; 3] = [
            ("redis-check-rdb", &check, goal),
            ("the rdb crate", &decode, goal_of_crate),
            ("reading alone", &alone, None),
        ];
        for (name, other, goal) in others {
            let (ours, theirs) = paired(bench.runs, inspect, other)?;
            let ratio = theirs.wall.as_secs_f64() / ours.wall.as_secs_f64();
            rows.push(Row {
                what: format!("inspect {sample}, {}", mib(bytes)),
                ours: speed(bytes, ours),
                theirs: format!("{name}: {}", speed(bytes, theirs)),
                figure: format!("{ratio:.1} × its speed"),
                goal: goal.map(|goal| (format!("≥ {goal} ×"), ratio >= goal)),
            });
        }
    }
    Ok(rows)
}

fn speed(bytes: u64, took: Took) -> String {
    let speed = bytes as f64 / 1e6 / took.wall.as_secs_f64();
    format!("{speed:.0} MB/s, {}", mib(took.memory))
}
