//! `backup-verifier` with its fault points: the program that the end-to-end tests run and kill.

use std::{env, io, process::ExitCode};

fn main() -> ExitCode {
    verifier::run(env::args_os(), &mut io::stdout(), &mut io::stderr()).into()
}
