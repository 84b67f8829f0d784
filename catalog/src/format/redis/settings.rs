//! The settings of a Redis source: the keys behind its `verify.expect`.
//!
//! They hold only what was written; the verifier judges by them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Duration;

use crate::format::expectation::{Bounds, Change, ChecksumRule};

/// `verify.expect` of a source of engine `redis`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedisExpect {
    /// Number of keys in the file, over all databases. None at all is an error unless `min: 0` is
    /// written.
    pub keys: Bounds,
    /// Number of keys in the file, by number of the database.
    pub databases: BTreeMap<u64, Bounds>,
    /// How far the number of keys may drop below that of the nearest earlier verified recovery
    /// point, and below that in the manifest.
    pub change: Change,
    /// A key that the producer writes the time into.
    pub canary: Option<RedisCanary>,
    /// Whether a file may be verified whose bytes no checksum covers.
    pub checksum: ChecksumRule,
}

/// A key whose value is a time: epoch seconds, epoch milliseconds or RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisCanary {
    /// Name of the key.
    pub key: String,
    /// Number of the database that holds the key.
    #[serde(default)]
    pub database: u64,
    /// How old the key's value may have been when the snapshot was taken.
    pub max_age: Option<Duration>,
}
