//! Services without a runtime, for tests.

use std::{cell::RefCell, fs, path::Path};

use catalog::config::{Config, load_file};
use tokio_util::sync::CancellationToken;
use toolkit::clock::Clock;

use super::{OpenedConfig, Verifier};
use crate::console::{Outside, Refusal};

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
#[cfg(test)]
pub(crate) fn service(
    place: &tempfile::TempDir,
    config: &str,
    now: jiff::Timestamp,
) -> (Verifier, CancellationToken) {
    let clock = Clock::starting_at(now);
    let opened = |config, outside: &Outside| OpenedConfig::new(config, outside);
    service_of(place.path(), config, &clock, opened)
}

/// The same by this clock, opened by the caller.
pub(crate) fn service_of(
    place: &Path,
    config: &str,
    clock: &Clock,
    opened: impl FnOnce(Config, &Outside) -> Result<OpenedConfig, Refusal>,
) -> (Verifier, CancellationToken) {
    let file = place.join("backups.yaml");
    fs::write(&file, config).expect("written");
    HOME.set(place.display().to_string());
    let stop = CancellationToken::new();
    let outside = Outside {
        clock: clock.clone(),
        cancelled: stop.clone(),
        env,
        compares_clocks: false,
    };
    let config = load_file(&file).expect("a configuration").config;
    let opened = opened(config, &outside).expect("a world");
    (Verifier::new(file, outside, opened), stop)
}

/// An empty snapshot of Redis, whole but without keys.
#[cfg(test)]
pub(crate) const NOTHING_IN_IT: &[u8] = b"REDIS0011\xff\0\0\0\0\0\0\0\0";
