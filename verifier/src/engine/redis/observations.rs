//! Names of the observations of a restored Redis: written while it runs, read by the checks.

use jiff::Timestamp;

use crate::engine::{Observation, Observed, common_checks::CanarySeen};

pub(super) const LOADED: &str = "loaded";
pub(super) const EXPIRED: &str = "expired";
pub(super) const SKIPPED: &str = "skipped";
/// Keys of all databases together.
pub(super) const LIVE_KEYS: &str = "live_keys";
pub(super) const FUNCTIONS: &str = "functions";
pub(super) const EVICTED: &str = "evicted";
pub(super) const USED_MEMORY: &str = "used_memory";
pub(super) const SERVER: &str = "server";
/// The server that the image announces, if it announces a version: without one the server accuses
/// nobody.
pub(super) const IMAGE: &str = "image";
/// Sentence about modules that the configuration names and that were not loaded, with a hint.
pub(super) const WITHOUT: &str = "without";
pub(super) const TIME: &str = "time";
pub(super) const CANARY: &str = "canary";

/// The observations by name; `None` if a thing was not asked for or not answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RedisObservations {
    pub(super) loaded: Option<u64>,
    pub(super) expired: Option<u64>,
    pub(super) skipped: Option<u64>,
    pub(super) functions: Option<u64>,
    pub(super) evicted: Option<u64>,
    pub(super) used_memory: Option<u64>,
    pub(super) server: Option<String>,
    pub(super) without: Option<String>,
    pub(super) time: Option<Timestamp>,
    pub(super) canary: Option<CanarySeen>,
    pub(super) live_keys: Option<u64>,
}

impl RedisObservations {
    /// Sorts observations; unknown ones are ignored.
    pub(super) fn of(observations: &[Observation]) -> Self {
        let mut seen = Self::default();
        for Observation { name, value } in observations {
            match (name.as_str(), value) {
                (LOADED, Observed::Count(count)) => seen.loaded = Some(*count),
                (EXPIRED, Observed::Count(count)) => seen.expired = Some(*count),
                (SKIPPED, Observed::Count(count)) => seen.skipped = Some(*count),
                (LIVE_KEYS, Observed::Count(count)) => seen.live_keys = Some(*count),
                (FUNCTIONS, Observed::Count(count)) => seen.functions = Some(*count),
                (EVICTED, Observed::Count(count)) => seen.evicted = Some(*count),
                (USED_MEMORY, Observed::Count(count)) => seen.used_memory = Some(*count),
                (SERVER, Observed::Word(word)) => seen.server = Some(word.clone()),
                (WITHOUT, Observed::Word(word)) => seen.without = Some(word.clone()),
                (TIME, Observed::Time(at)) => seen.time = Some(*at),
                (CANARY, Observed::Time(at)) => seen.canary = Some(CanarySeen::At(*at)),
                (CANARY, _) => seen.canary = Some(CanarySeen::NoTime),
                _ => {}
            }
        }
        seen
    }
}
