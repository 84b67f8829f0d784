//! Snapshots to measure with, saved by a real server.

use std::{
    fmt,
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};

/// What a snapshot is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sample {
    /// Keys and values of about 16 bytes.
    SmallStrings,
    /// Hashes of five short fields, each in one listpack.
    SmallHashes,
    /// Values of 1 MiB, stored as they are.
    LargeValues,
    /// Values of 512 bytes: what a cache holds.
    Mixed,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SmallStrings => "small strings",
            Self::SmallHashes => "small hashes",
            Self::LargeValues => "values of 1 MiB",
            Self::Mixed => "values of 512 bytes",
        })
    }
}

impl Sample {
    /// Bytes one key takes in the file, roughly; and the script that writes key `i`.
    const fn shape(self) -> (u64, &'static str) {
        match self {
            Self::SmallStrings => (32, "redis.call('SET', 'key:'..i, 'value:'..i)"),
            Self::SmallHashes => (
                76,
                "redis.call('HSET', 'key:'..i, 'name', 'n'..i, 'mail', 'm'..i, 'age', i % 99, \
                 'city', 'c'..(i % 999), 'score', i)",
            ),
            Self::LargeValues => (
                1 << 20,
                "redis.call('SET', 'key:'..i, string.rep('0123456789abcdef', 65536))",
            ),
            Self::Mixed => (
                524,
                "redis.call('SET', 'key:'..i, string.rep('0123456789abcdef', 32))",
            ),
        }
    }
}

/// The smallest whole RDB file, version 10, without a checksum: for where only names count.
pub(crate) const EMPTY: &[u8] = b"REDIS0010\xff\0\0\0\0\0\0\0\0";

/// Keys one script writes: a script holds up everything else.
const BATCH: u64 = 20_000;

/// Longest wait for a server.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long ago a sample seems to have been written: a snapshot younger than ten seconds is looked
/// at twice before it is verified, and one a bit older than what it says of itself is nothing
/// special.
const AGE: Duration = Duration::from_mins(2);

/// Has a server save about so many bytes to `file`.
pub(crate) fn make(sample: Sample, bytes: u64, file: &Path) -> Result<()> {
    let directory = file.parent().context("a file lies in a directory")?;
    let name = file.file_name().context("a file has a name")?;
    let _ = fs::remove_file(file);
    let socket = directory.join("redis.sock");
    let mut server = Command::new("redis-server");
    server.args([
        "--port",
        "0",
        "--save",
        "",
        "--rdbcompression",
        "no",
        "--loglevel",
        "warning",
    ]);
    server
        .arg("--unixsocket")
        .arg(&socket)
        .arg("--dir")
        .arg(directory);
    let server = server
        .arg("--dbfilename")
        .arg(name)
        .stdout(Stdio::null())
        .spawn();
    let mut server = server.context("redis-server; apt-get install redis-server")?;
    let saved = fill_and_save(sample, bytes, &socket, &mut server);
    let _ = server.kill();
    server.wait()?;
    saved?;
    let written = SystemTime::now() - AGE;
    Ok(File::options()
        .write(true)
        .open(file)?
        .set_modified(written)?)
}

fn fill_and_save(sample: Sample, bytes: u64, socket: &Path, server: &mut Child) -> Result<()> {
    let ask = |words: &[&str]| -> Result<String> {
        let output = Command::new("redis-cli")
            .arg("-s")
            .arg(socket)
            .args(words)
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let deadline = Instant::now() + PATIENCE;
    while ask(&["PING"])? != "PONG" {
        ensure!(server.try_wait()?.is_none(), "redis-server ended");
        ensure!(Instant::now() < deadline, "redis-server does not answer");
        thread::sleep(Duration::from_millis(20));
    }
    let (each, script) = sample.shape();
    let script = format!("for i = ARGV[1], ARGV[2] do {script} end return 'ok'");
    let keys = bytes / each;
    for first in (0..keys).step_by(usize::try_from(BATCH)?) {
        let last = (first + BATCH).min(keys) - 1;
        let answer = ask(&["EVAL", &script, "0", &first.to_string(), &last.to_string()])?;
        ensure!(answer == "ok", "a script failed: {answer}");
    }
    match ask(&["SAVE"])?.as_str() {
        "OK" => Ok(()),
        answer => bail!("SAVE: {answer}"),
    }
}
