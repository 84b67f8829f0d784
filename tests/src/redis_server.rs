//! A `redis-server` of this machine on a socket of its own, to write real files of any size.
//!
//! It must not be the server that restores: that one is started by the programs under test.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// For whatever a server does at its start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends with the value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: TempDir,
}

impl Server {
    /// With further flags; it answers once this returns.
    ///
    /// # Panics
    /// When there is none, or it does not answer within ten seconds.
    pub fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket", "socket"])
            .arg("--dir")
            .arg(folder.path())
            .args(flags)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        let server = Self { child, folder };
        server.ask(&["PING"]);
        server
    }

    /// Sends one command; returns the first line of the reply.
    ///
    /// # Panics
    /// When the server does not understand it.
    pub fn ask(&self, words: &[&str]) -> String {
        ask(&self.folder.path().join("socket"), words)
    }

    /// Where `SAVE` puts the file.
    pub fn dump(&self) -> PathBuf {
        self.folder.path().join("dump.rdb")
    }
}

/// Sends one command to the server at this socket, once it has loaded its data; returns the first
/// line of the reply.
///
/// # Panics
/// When nobody answers there within ten seconds, or does not understand it.
pub fn ask(socket: &Path, words: &[&str]) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let line = reply(socket, words);
        let is_loading = line.starts_with("-LOADING") && Instant::now() < deadline;
        if !is_loading {
            assert!(!line.starts_with('-'), "{line}");
            return line[1..].trim_end().to_owned();
        }
    }
}

/// The first line of the reply to one command, an error too.
fn reply(socket: &Path, words: &[&str]) -> String {
    let mut stream = connect(socket);
    let parts = words
        .iter()
        .map(|word| format!("${}\r\n{word}\r\n", word.len()));
    let command = format!("*{}\r\n{}", words.len(), parts.collect::<String>());
    stream
        .write_all(command.as_bytes())
        .expect("the server listens");
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .expect("the server answers");
    line
}

fn connect(socket: &Path) -> UnixStream {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < deadline, "no server: {error}"),
        }
        std::thread::yield_now();
    }
}

/// A hundred mebibytes that a server saved without a checksum, compressed to a hundred kilobytes:
/// more comes out of it than any look at its size foretells, and only a complete file decides.
///
/// # Panics
/// When there is no server or no `gzip`.
pub fn swelling() -> Vec<u8> {
    let server = Server::start(&["--rdbcompression", "no", "--rdbchecksum", "no"]);
    server.ask(&["SETRANGE", "zeros", "104857599", "x"]);
    server.ask(&["SAVE"]);
    let gzip = Command::new("gzip").arg("-1c").arg(server.dump()).output();
    let gzip = gzip.expect("gzip runs");
    assert!(gzip.status.success(), "{gzip:?}");
    gzip.stdout
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
