//! The programs stay small, however large the snapshot is.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tests::{redis_server::Server, require};

use crate::bench::Bench;

const MIB: u64 = 1 << 20;

/// What a verifier may ever hold, its queues and windows together. Seen, in a build without
/// optimization and at either size: 27 MiB by `verify`, 15 MiB by `inspect`.
const PEAK_MAX: u64 = 64 * MIB;

/// Between two runs of the same command; which buffers lie about at the same time is chance.
const NOISE: u64 = 16 * MIB;

/// So many mebibytes that a real server saved as they are.
fn saved(server: &Server, mib: u64, to: &Path) {
    let fill = "for i = 1, ARGV[1] / 32 do \
                redis.call('SET', i, string.rep('0123456789abcdef', 2 * 1024 * 1024)) end";
    server.ask(&["EVAL", fill, "0", &mib.to_string()]);
    server.ask(&["SAVE"]);
    let dump = server.dump();
    assert!(fs::metadata(&dump).unwrap().len() > mib * MIB);
    // Beside each other, mostly; a link costs no second copy.
    fs::remove_file(to).unwrap();
    if fs::hard_link(&dump, to).is_err() {
        fs::copy(&dump, to).unwrap();
    }
}

/// Runs to a good end; returns the most memory that the process itself ever held, in bytes.
/// The usage that `wait` tells would be that of its children, too: a server holds the data.
fn peak(program: &mut Command) -> u64 {
    let quiet = program.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = quiet.spawn().unwrap();
    let status = format!("/proc/{}/status", running.id());
    let mut peak = 0;
    let ended = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let held = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = held.and_then(|it| it.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kibibytes.unwrap_or(0) * 1024);
        if let Some(ended) = running.try_wait().unwrap() {
            break ended;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    };
    assert!(ended.success(), "{ended}");
    assert!(peak > 0, "it was seen");
    peak
}

#[test]
fn eight_times_the_snapshot_needs_no_more_memory() {
    require!(redis);
    let bench = Bench::new("process");
    let server = Server::start(&["--rdbcompression", "no"]);
    let file = bench.snapshot(1);
    let name = file.to_str().unwrap();
    let measured = [64, 512].map(|mib| {
        saved(&server, mib, &file);
        let verify = peak(&mut bench.program(&["verify"]));
        (verify, peak(&mut bench.program(&["inspect", name])))
    });
    let [(verify, inspect), (verify_more, inspect_more)] = measured;
    for (less, more) in [(verify, verify_more), (inspect, inspect_more)] {
        assert!(more <= PEAK_MAX, "{measured:?}");
        assert!(more <= less + NOISE, "{measured:?}");
    }
}
