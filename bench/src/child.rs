//! One command as a whole process: how long it took, on the processor and on the clock, and how
//! much memory it held at most.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use wait4::Wait4;

/// What one run took; of the process itself, not of what it started in containers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    /// On the clock.
    pub(crate) wall: Duration,
    /// On the processor, user and system.
    pub(crate) cpu: Duration,
    /// Most memory held at once (`ru_maxrss` of getrusage(2)), in bytes.
    pub(crate) memory: u64,
}

impl Took {
    /// Of something of which only that is known: its processor and memory are zero.
    pub(crate) const fn by_the_clock(wall: Duration) -> Self {
        Self {
            wall,
            cpu: Duration::ZERO,
            memory: 0,
        }
    }
}

/// Runs it to its end, which must be `code`.
pub(crate) fn run(command: &mut Command, code: i32) -> Result<Took> {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let used = child.wait4()?;
    let wall = began.elapsed();
    ensure!(
        used.status.code() == Some(code),
        "{command:?} ended with {}",
        used.status
    );
    let rusage = used.rusage;
    Ok(Took {
        wall,
        cpu: rusage.utime + rusage.stime,
        memory: rusage.maxrss,
    })
}

/// Runs both in turn, so that both meet the same moods of the machine, after one run each that does
/// not count; the medians.
pub(crate) fn paired(
    runs: usize,
    mut one: impl FnMut() -> Result<Took>,
    mut other: impl FnMut() -> Result<Took>,
) -> Result<(Took, Took)> {
    one()?;
    other()?;
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        ones.push(one()?);
        others.push(other()?);
    }
    Ok((median(ones), median(others)))
}

/// By the clock; memory is the most of all runs.
fn median(mut runs: Vec<Took>) -> Took {
    runs.sort_by_key(|took| took.wall);
    let memory = runs.iter().map(|took| took.memory).max().unwrap_or(0);
    Took {
        memory,
        ..runs[runs.len() / 2]
    }
}
