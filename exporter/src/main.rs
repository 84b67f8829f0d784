//! `backup-exporter`: hands the process to [`exporter::program::run`].

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    io::{stderr, stdout},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use exporter::program::{Console, run};
use toolkit::{clock::Clock, signals::Signals};

/// Longest time that a thread which hangs in the file system holds up the end of the process.
const END_GRACE: Duration = Duration::from_millis(500);

fn main() -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let exit = runtime.block_on(async {
        let mut console = Console {
            out: &mut stdout(),
            err: &mut stderr(),
            clock: Clock::system(),
            jitter: Arc::new(random_part),
            signals: Signals::listen()?,
            listening: None,
        };
        anyhow::Ok(run(std::env::args_os(), &mut console).await)
    })?;
    runtime.shutdown_timeout(END_GRACE);
    Ok(exit.into())
}

/// A random number from 0 to 1. The standard library keys every hasher at random; nothing more is
/// needed here.
fn random_part() -> f64 {
    let [high, low, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX)
}
