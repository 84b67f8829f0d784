//! Recovery points that evidence knows of objects, by the exact bytes they were read from.

use std::collections::BTreeMap;

use catalog::{
    evidence::{ArtifactEvidence, Ledger},
    model::{Pin, SourceName, TakenAtFrom},
};
use jiff::Timestamp;

use crate::state::State;

/// Looked up once for every snapshot of a survey, so it is an index.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<SourceName, BTreeMap<String, Vec<(ArtifactEvidence, Timestamp)>>>);

impl Known {
    /// Everything in the ledgers of a state.
    pub(super) fn new(state: &State) -> Self {
        let ledgers = state.sources.iter();
        let ledgers = ledgers.filter_map(|(name, it)| Some((name, it.evidence.ledger.as_deref()?)));
        Self(
            ledgers
                .map(|(name, ledger)| (name.clone(), index(ledger)))
                .collect(),
        )
    }

    /// What the newest record of these very bytes says.
    pub(super) fn of(&self, source: &SourceName, pin: &Pin) -> Option<Timestamp> {
        let mut records = self.0.get(source)?.get(pin.key.as_str())?.iter().rev();
        records
            .find(|(artifact, _)| is_same(artifact, pin))
            .map(|(_, taken_at)| *taken_at)
    }
}

/// Only what was read from the bytes themselves or their manifest: a name or a modification time
/// says no more in a record than it does in the listing.
fn index(ledger: &Ledger) -> BTreeMap<String, Vec<(ArtifactEvidence, Timestamp)>> {
    let mut index = BTreeMap::<_, Vec<_>>::new();
    for record in ledger.verifications() {
        if matches!(
            record.snapshot.taken_at_from,
            TakenAtFrom::Content | TakenAtFrom::Manifest
        ) {
            for artifact in &record.snapshot.artifacts {
                let known = (artifact.clone(), record.snapshot.taken_at);
                index.entry(artifact.key.clone()).or_default().push(known);
            }
        }
    }
    index
}

/// The version decides where both know it, else the entity tag; without either nothing does.
fn is_same(artifact: &ArtifactEvidence, pin: &Pin) -> bool {
    let same = match (
        &artifact.version_id,
        &pin.version_id,
        &artifact.etag,
        &pin.etag,
    ) {
        (Some(written), Some(listed), ..) | (_, _, Some(written), Some(listed)) => {
            written == listed
        }
        _ => false,
    };
    same && artifact.size_bytes == pin.size_bytes
}

#[cfg(test)]
mod tests {
    use catalog::model::Key;

    use super::*;
    use crate::fixtures::{at, fresh, proven, source};

    #[test]
    fn evidence_is_believed_only_of_the_very_same_bytes() {
        let mut state = fresh();
        proven(
            &mut state,
            [catalog::evidence::fixtures::verified(at("04:00:00"))],
        );
        let known = Known::new(&state);
        let pin = |key: &str, etag: &str, size_bytes| Pin {
            key: Key::new(key),
            version_id: None,
            etag: Some(etag.into()),
            size_bytes,
            modified_at: at("04:00:00"),
        };
        let (key, etag) = ("redis/20261122-0400.rdb", "tag-20261122-0400");
        let check = |name, pin: Pin, expected: Option<&str>| {
            assert_eq!(known.of(&source(name), &pin), expected.map(at), "{pin:?}");
        };
        check("cache", pin(key, etag, 1000), Some("04:00:00"));
        check("cache", pin(key, etag, 1001), None);
        check("cache", pin(key, "other", 1000), None);
        check("cache", pin("redis/other.rdb", etag, 1000), None);
        check("secrets", pin(key, etag, 1000), None);
        check(
            "cache",
            Pin {
                etag: None,
                ..pin(key, etag, 1000)
            },
            None,
        );
    }
}
