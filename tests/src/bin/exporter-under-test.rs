//! `backup-exporter` as a process of its own, whose log can be captured.

use std::{
    io::{stderr, stdout},
    process::ExitCode,
    sync::Arc,
};

use exporter::program::{Console, run};
use toolkit::{clock::Clock, signals::Signals};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut console = Console {
        out: &mut stdout(),
        err: &mut stderr(),
        clock: Clock::system(),
        jitter: Arc::new(|| 0.0),
        signals: Signals::listen()?,
        listening: None,
    };
    Ok(run(std::env::args_os(), &mut console).await.into())
}
