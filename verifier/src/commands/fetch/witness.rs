//! Who knows what the bytes of an object should be: records of having read it, its manifest, and
//! the store, where it keeps a checksum of all that was uploaded.

use catalog::{
    ledger::Ledger,
    model::{Artifact, Snapshot},
    storage::UploadChecksum,
};

use jiff::Timestamp;

use super::{error::FetchError, part::Hashed};
use crate::report;

/// One who has seen the object, or made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Witness {
    /// The witness, as a part of a sentence.
    pub(super) who: String,
    /// SHA-256 that the witness knows, lower-case hexadecimal.
    pub(super) sha256: String,
}

/// Returns who knows the SHA-256 of one artifact: a record of having read it, and its manifest.
pub(super) fn witnesses(
    snapshot: &Snapshot,
    artifact: &Artifact,
    ledger: &Ledger,
    now: Timestamp,
) -> Vec<Witness> {
    let record = ledger
        .until(now)
        .read_whole(&artifact.meta)
        .map(|(run, sha256)| Witness {
            who: format!(
                "the verification of {}, {}",
                run.ended_at,
                report::headline(run)
            ),
            sha256: sha256.into(),
        });
    let manifest = snapshot.manifests.get(&artifact.meta.key);
    let manifest = manifest.and_then(|manifest| manifest.sha256.clone());
    let manifest = manifest.map(|sha256| Witness {
        who: "its manifest".into(),
        sha256,
    });
    record.into_iter().chain(manifest).collect()
}

/// Everybody who knows what the bytes of one object should be.
#[derive(Debug)]
pub(super) struct Witnesses {
    pub(super) seen: Vec<Witness>,
    pub(super) upload: Option<UploadChecksum>,
}

impl Witnesses {
    /// Returns the contradiction of the first witness that saw other bytes.
    pub(super) fn contradiction(&self, key: &str, found: &Hashed) -> Option<FetchError> {
        let mut seen = self.seen.iter();
        if let Some(witness) = seen.find(|it| it.sha256 != found.sha256) {
            return Some(FetchError::Mismatch {
                key: key.into(),
                found: found.sha256.clone(),
                expected: witness.sha256.clone(),
                witness: witness.who.clone(),
            });
        }
        let upload = self.upload.as_ref();
        let upload = upload.filter(|_| found.as_uploaded == Some(false))?;
        Some(FetchError::NotAsUploaded {
            key: key.into(),
            algorithm: upload.algorithm(),
        })
    }

    /// The sentence about an object that nobody contradicts.
    pub(super) fn vouched(&self, name: &str) -> String {
        let who: Vec<_> = self.seen.iter().map(|it| it.who.as_str()).collect();
        let seen = (!who.is_empty())
            .then(|| format!("the SHA-256 that is known from {}", who.join(" and from ")));
        let upload = self.upload.as_ref().map(|upload| {
            let algorithm = upload.algorithm();
            format!("the {algorithm} that the store keeps of its upload")
        });
        let known: Vec<_> = seen.into_iter().chain(upload).collect();
        if known.is_empty() {
            return format!(
                "nobody vouches for {name}: no record of having read it, no manifest with its \
                 digest, no checksum of its upload\n\
                 hint: Verify the snapshot, and fetch it with --verified."
            );
        }
        format!("{name} has {}", known.join(" and "))
    }
}
