//! Services without a runtime, for tests.

use std::{cell::RefCell, fs};

use catalog::config::load_file;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use toolkit::clock::Clock;

use super::{OpenedConfig, Verifier};
use crate::console::Outside;

thread_local! {
    /// `XDG_STATE_HOME` of the test that runs.
    static HOME: RefCell<String> = const { RefCell::new(String::new()) };
}

fn env(name: &str) -> Option<String> {
    match name {
        "XDG_STATE_HOME" => Some(HOME.with_borrow(Clone::clone)),
        "DOCKER_HOST" => Some("unix:///nowhere/docker.sock".into()),
        _ => None,
    }
}

/// A verifier under this configuration, which is written to `backups.yaml`, and its stop. Its
/// runtime is Docker, and none runs.
pub(crate) fn service(
    place: &TempDir,
    config: &str,
    now: Timestamp,
) -> (Verifier, CancellationToken) {
    let file = place.path().join("backups.yaml");
    fs::write(&file, config).expect("written");
    HOME.set(place.path().display().to_string());
    let stop = CancellationToken::new();
    let outside = Outside {
        clock: Clock::starting_at(now),
        cancelled: stop.clone(),
        env,
        compares_clocks: false,
    };
    let config = load_file(&file).expect("a configuration").config;
    let opened = OpenedConfig::new(config, &outside).expect("a world");
    (Verifier::new(file, outside, opened), stop)
}

/// An empty snapshot of Redis, whole but without keys.
pub(crate) const NOTHING_IN_IT: &[u8] = b"REDIS0011\xff\0\0\0\0\0\0\0\0";
