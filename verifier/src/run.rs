//! The whole program as a function: words and streams in, an exit code out.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _, Write},
    time::Duration,
};

use clap::Parser as _;
use toolkit::{clock::Clock, exit::Exit, log, signals::Signals};

use crate::{cli::Cli, commands, console::Console};

/// Longest time that a thread hanging in a file system may hold up the end of the process: nobody
/// waits any more for what it does. A server is given as long to stop.
const END_GRACE: Duration = Duration::from_secs(5);

/// Runs one command line and returns its exit code; what goes wrong is told on `err`. Never ends
/// the process: `main` does, with what this returns.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, out, err),
    };
    log::init(&cli.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return told(err, &format!("cannot start: {error}"), Exit::Unknown),
    };
    let exit = runtime.block_on(async {
        let signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => return told(err, &format!("cannot start: {error}"), Exit::Unknown),
        };
        let mut console = Console {
            out,
            err,
            config_file: cli.config,
            err_is_terminal: io::stderr().is_terminal(),
            env: |name| std::env::var(name).ok(),
            clock: Clock::system(),
            cancelled: signals.stop,
            reload: signals.reload,
        };
        let outcome = commands::dispatch(&cli.command, &cli.web, &mut console).await;
        match outcome {
            Ok(exit) => exit,
            Err(refusal) if refusal.located => {
                let _ = write!(console.err, "{}", refusal.message);
                refusal.exit
            }
            Err(refusal) => told(console.err, &refusal.message, refusal.exit),
        }
    });
    runtime.shutdown_timeout(END_GRACE);
    exit
}

/// Writes what clap has to say: `--help` and `--version` are data, everything else is a mistake.
fn usage(error: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        return told(err, text.to_string().trim_end(), Exit::Usage);
    }
    // A closed standard output leaves nobody to tell.
    let _ = write!(out, "{text}");
    Exit::Fine
}

fn told(err: &mut (impl Write + ?Sized), message: &str, exit: Exit) -> Exit {
    let prefix = if message.starts_with("error") {
        ""
    } else {
        "error: "
    };
    let _ = writeln!(err, "{prefix}{message}");
    exit
}
