//! The most memory that a program ever held.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

/// Runs to a good end; returns the most that the process itself ever held, in bytes. The usage that
/// `wait` tells would be that of its children, too: a server holds the data. Blocks.
///
/// # Panics
/// If the program fails.
pub fn peak(program: &mut Command) -> u64 {
    let quiet = program.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = quiet.spawn().expect("the program runs");
    let status = format!("/proc/{}/status", running.id());
    let mut peak = 0;
    let ended = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let held = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = held.and_then(|it| it.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kibibytes.unwrap_or(0) * 1024);
        if let Some(ended) = running.try_wait().expect("it can be waited for") {
            break ended;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    };
    assert!(ended.success(), "{ended}");
    assert!(peak > 0, "it was seen");
    peak
}
