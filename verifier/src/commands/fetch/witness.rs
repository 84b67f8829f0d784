//! Who knows what the bytes of an object should be: records of having read it, and its manifest.
//! Pure.

use catalog::{evidence::Ledger, model::Snapshot};

use crate::report;

/// One who has seen the object, or made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Witness {
    /// As a part of a sentence.
    pub(super) who: String,
    /// Lower-case hexadecimal.
    pub(super) sha256: String,
}

/// Of one artifact of a snapshot.
pub(super) fn witnesses(snapshot: &Snapshot, index: usize, ledger: &Ledger) -> Vec<Witness> {
    let artifact = &snapshot.artifacts[index];
    let record = ledger
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
