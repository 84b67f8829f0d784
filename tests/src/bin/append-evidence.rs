//! Appends one record to the evidence in a directory and prints its sequence number; with `prune`,
//! prunes it as of that evening instead and prints how many records went: the program that the
//! crash tests kill.

use std::{io::Write, time::Duration};

use anyhow::Context;
use catalog::ledger::{DirectoryRecords, Ledger, append, fixtures, prune};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments
        .next()
        .context("usage: append-evidence DIRECTORY [prune]")?;
    let evidence = DirectoryRecords::new(directory);
    let runtime = tokio::runtime::Runtime::new()?;
    let mut out = std::io::stdout();
    if arguments.next().is_some() {
        let ledger = runtime.block_on(Ledger::load(&evidence, &fixtures::cache()))?;
        let (keep, now) = (Duration::from_hours(1), fixtures::at("23:00:00"));
        let pruned = runtime.block_on(prune(&evidence, &ledger, keep, now))?;
        writeln!(out, "{pruned:?}")?;
    } else {
        let draft = fixtures::verified(fixtures::at("01:00:00"));
        let appended = runtime.block_on(append(&evidence, &fixtures::cache(), draft))?;
        writeln!(out, "{}", appended.record.sequence)?;
    }
    Ok(())
}
