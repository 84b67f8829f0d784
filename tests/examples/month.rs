//! `month`: a Prometheus that has a month of five sources. It prints its address and when the month
//! ended, in seconds since 1970, and runs until its input ends. `scripts/dashboard-pictures` draws
//! what it answers, and a person can look around.

#![allow(clippy::print_stdout, reason = "the address is what it is asked for")]

use std::io;

fn main() -> io::Result<()> {
    let server = tests::month::serve();
    let ended_at = tests::month::END.as_second();
    println!("http://{} {ended_at}", server.address());
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
