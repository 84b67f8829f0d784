//! What sources of more than one engine may expect, behind `verify.expect`.
//!
//! Only what was written; what it means is the verifier's to judge.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Percent;

/// How many there must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// At least so many.
    pub min: Option<u64>,
    /// At most so many.
    pub max: Option<u64>,
}

impl Bounds {
    /// Whether `count` lies within.
    pub fn hold(self, count: u64) -> bool {
        self.min.is_none_or(|min| count >= min) && self.max.is_none_or(|max| count <= max)
    }

    /// Whether anything was written.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// How much may be gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// Largest share of what was counted that may be missing.
    pub max_drop: Option<Percent>,
}

/// What a file without any checksum leads to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumRule {
    /// It is inconclusive.
    #[default]
    Required,
    /// It is accepted, with a warning.
    Optional,
}
