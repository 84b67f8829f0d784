//! A server of the Prometheus family as a process of its own: it logs where it listens.

use std::{
    io::{self, BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, ChildStderr, Command, Stdio},
    thread,
};

/// A running program; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    child: Child,
    address: SocketAddr,
}

impl Listening {
    /// Starts the program, and waits until its log has told its address and `ready`.
    ///
    /// # Panics
    /// When the program is not there, or ends before; the message has its log.
    pub(crate) fn start(program: &mut Command, ready: &str) -> Self {
        let mut child = program
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program:?}: {error}"));
        let log = child.stderr.take().expect("its log is piped");
        match address(log, ready) {
            Ok(address) => Self { child, address },
            Err(log) => {
                end(&mut child);
                panic!("{program:?} does not answer:\n{log}");
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads the log until it has told both; returns the address, or the whole log if it ends before.
/// What follows is read and dropped, or the server would wait for a reader.
fn address(log: ChildStderr, ready: &str) -> Result<SocketAddr, String> {
    let mut log = BufReader::new(log);
    let (mut text, mut address) = (String::new(), None);
    loop {
        let begin = text.len();
        if log.read_line(&mut text).unwrap_or_default() == 0 {
            return Err(text);
        }
        let line = &text[begin..];
        address = address.or_else(|| told(line));
        if let (Some(address), true) = (address, line.contains(ready)) {
            thread::spawn(move || io::copy(&mut log, &mut io::sink()));
            return Ok(address);
        }
    }
}

/// The address in a line like `msg="Listening on" address=127.0.0.1:9090`.
fn told(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("msg=\"Listening on\"")?;
    let (_, address) = rest.split_once("address=")?;
    address.split_whitespace().next()?.parse().ok()
}
