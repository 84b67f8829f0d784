//! What a source may expect of its Redis snapshots: the keys behind `verify.expect`.
//!
//! Only what was written; what it means is the verifier's to judge.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Duration;

use crate::format::expectation::{Bounds, Change, ChecksumRule};

/// `verify.expect` of a source of engine `redis`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedisExpect {
    /// Keys in the file, over all databases. Nothing at all is an error unless `min: 0` is written.
    pub keys: Bounds,
    /// Keys in the file, by number of the database.
    pub databases: BTreeMap<u64, Bounds>,
    /// Against the nearest earlier verified recovery point, and against the manifest.
    pub change: Change,
    /// A key that the producer writes the time into.
    pub canary: Option<RedisCanary>,
    /// Whether a file that nothing vouches for may be verified.
    pub checksum: ChecksumRule,
}

/// A key whose value is a time: epoch seconds, epoch milliseconds or RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisCanary {
    /// Its name.
    pub key: String,
    /// Number of its database.
    #[serde(default)]
    pub database: u64,
    /// How old its value may have been when the snapshot was taken.
    pub max_age: Option<Duration>,
}
