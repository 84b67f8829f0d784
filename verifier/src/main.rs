//! `backup-verifier`: see the library.

use std::{env, io, process::ExitCode};

fn main() -> ExitCode {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    verifier::run(env::args_os(), &mut out, &mut err).into()
}
