//! `<key>.manifest.json`: what the producer says of the object it wrote, uploaded last.
//!
//! A manifest is a witness of integrity that an object store's entity tag is not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Suffix of the key of a manifest.
pub const SUFFIX: &str = ".manifest.json";

/// Largest manifest that is read, in bytes.
pub const SIZE_MAX: u64 = 64 * 1024;

/// The manifest of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always 1.
    pub schema: u32,
    /// Of the object beside it.
    pub size_bytes: Option<u64>,
    /// Lower-case hexadecimal, of the object beside it.
    pub sha256: Option<String>,
    /// Recovery point.
    pub taken_at: Option<Timestamp>,
    /// Counted by the producer when it took the snapshot, e.g. `keys`.
    #[serde(default)]
    pub items: BTreeMap<String, u64>,
    /// Who wrote it.
    pub producer: Option<String>,
    /// Of the server the snapshot comes from.
    pub engine_version: Option<String>,
}
