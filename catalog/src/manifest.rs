//! `<key>.manifest.json`: what the producer says of the object it wrote, uploaded last.
//!
//! A manifest is a witness of integrity that an object store's entity tag is not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Suffix of the key of a manifest.
pub const SUFFIX: &str = ".manifest.json";

/// Largest manifest that is read, in bytes.
pub const SIZE_MAX: u64 = 64 * 1024;

/// The manifest of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always 1.
    pub schema: u32,
    /// Size in bytes of the object that the manifest belongs to.
    pub size_bytes: Option<u64>,
    /// SHA-256 of that object, as 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// Recovery point of that object.
    pub taken_at: Option<Timestamp>,
    /// Counts that the producer made when it took the snapshot, by item, e.g. `keys`.
    #[serde(default)]
    pub items: BTreeMap<String, u64>,
    /// Name of the producer that wrote that object.
    pub producer: Option<String>,
    /// Version of the server that the snapshot comes from.
    pub engine_version: Option<String>,
}

/// Why a manifest says nothing.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// The text is not JSON, or JSON of another shape.
    #[error("it is not a manifest")]
    Json(#[from] serde_json::Error),
    /// Another schema than 1, e.g. of a newer producer.
    #[error("its schema is {0} and not 1")]
    Schema(u32),
    /// The manifest is larger than [`SIZE_MAX`]; its size in bytes.
    #[error("it has {0} bytes, more than {SIZE_MAX}")]
    Size(u64),
    /// Its `sha256` is not 64 hexadecimal digits.
    #[error("its sha256 is no digest")]
    Digest,
}

impl Manifest {
    /// Reads one whole manifest; unknown members are ignored. Errs if the text is no manifest, if
    /// it has another schema, or if its `sha256` is no digest.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_slice(bytes)?;
        if manifest.schema != 1 {
            return Err(ManifestError::Schema(manifest.schema));
        }
        let is_digest = |digest: &String| {
            digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if !manifest.sha256.as_ref().is_none_or(is_digest) {
            return Err(ManifestError::Digest);
        }
        let sha256 = manifest.sha256.map(|digest| digest.to_ascii_lowercase());
        Ok(Self { sha256, ..manifest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_says_what_its_producer_knew() {
        let digest = "A".repeat(64);
        let text = format!(
            r#"{{"schema":1,"size_bytes":9,"sha256":"{digest}","taken_at":"2026-11-22T01:00:00Z",
                "items":{{"keys":3}},"later":[1]}}"#
        );
        let manifest = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(manifest.size_bytes, Some(9));
        assert_eq!(manifest.sha256, Some(digest.to_lowercase()));
        assert_eq!(manifest.items["keys"], 3);
        assert_eq!(
            Manifest::parse(br#"{"schema":1}"#).unwrap().size_bytes,
            None
        );
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for (text, expected) in [
            ("", "it is not a manifest"),
            (r#"{"schema":1"#, "it is not a manifest"),
            (r#"{"size_bytes":1}"#, "it is not a manifest"),
            (r#"{"schema":1,"size_bytes":-1}"#, "it is not a manifest"),
            (r#"{"schema":2}"#, "its schema is 2 and not 1"),
            (r#"{"schema":1,"sha256":"abc"}"#, "its sha256 is no digest"),
        ] {
            let error = Manifest::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }
}
