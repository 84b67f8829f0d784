//! Keys behind `verify.expect` that sources of several engines share.
//!
//! They hold only what was written; the verifier judges by them.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Percent;

/// Smallest and largest count that is allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Smallest count allowed.
    pub min: Option<u64>,
    /// Largest count allowed.
    pub max: Option<u64>,
}

impl Bounds {
    /// True if `count` lies within the bounds.
    pub fn hold(self, count: u64) -> bool {
        self.min.is_none_or(|min| count >= min) && self.max.is_none_or(|max| count <= max)
    }

    /// True if a bound was written.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// How far a count may drop below an earlier one, or below the one in a manifest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// Largest share of the other count that may be missing.
    pub max_drop: Option<Percent>,
}

/// What becomes of a snapshot whose bytes no checksum covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumRule {
    /// The snapshot is inconclusive.
    #[default]
    Required,
    /// The snapshot is accepted, with a warning.
    Optional,
}
