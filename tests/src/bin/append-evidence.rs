//! Appends one record to the evidence in a directory and prints its sequence number: the program
//! that the crash tests kill.

use std::io::Write;

use anyhow::Context;
use catalog::evidence::{DirectoryEvidence, append, fixtures};

fn main() -> anyhow::Result<()> {
    let directory = std::env::args()
        .nth(1)
        .context("usage: append-evidence DIRECTORY")?;
    let evidence = DirectoryEvidence::new(directory);
    let draft = fixtures::verified(fixtures::at("01:00:00"));
    let runtime = tokio::runtime::Runtime::new()?;
    let appended = runtime.block_on(append(&evidence, &fixtures::cache(), draft))?;
    writeln!(std::io::stdout(), "{}", appended.record.sequence)?;
    Ok(())
}
