//! Asks a store whether a proven snapshot that is no longer listed can still be read as an older
//! version; both programs ask here.

use super::{OldVersions, Proofs, Sameness};
use crate::{
    model::Key,
    storage::{Storage, StorageReason},
};

/// Asks the store for the object versions that the last proof of a source names, once a whole
/// survey no longer lists its snapshot. `None` if there is nothing to ask: the snapshot is listed,
/// or its record does not name a version of every object.
///
/// It makes one request for each object of the record, until one is not answered with exactly that
/// object.
pub async fn old_versions(storage: &dyn Storage, proofs: &Proofs) -> Option<OldVersions> {
    let lost = proofs.lost()?;
    for (written, version) in lost.versions()? {
        let key = Key::new(&written.key);
        match storage.head_version(&key, version).await {
            Ok(found) if written.sameness(&found) == Sameness::Same => {}
            Ok(_) => return Some(lost.answer(Some(false))),
            Err(error) if error.reason == StorageReason::NotFound => {
                return Some(lost.answer(Some(false)));
            }
            Err(error) => {
                let hint = &error.hint;
                tracing::warn!(%error, hint, "nobody knows whether a proven version is there");
                return Some(lost.answer(None));
            }
        }
    }
    Some(lost.answer(Some(true)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{
            ArtifactRecord, Draft, Ledger, Verification,
            fixtures::{at, cache, sealed, verification},
        },
        model::SourceInventory,
        storage::{
            Counted, Operation,
            memory::{Fault, MODIFIED_AT, Memory},
        },
    };

    /// A verification of two objects of four bytes that are kept as `v1`.
    fn run() -> Verification {
        let mut run = verification(at("04:00:00"), None);
        let written = |key: &str| ArtifactRecord {
            key: key.into(),
            version_id: Some("v1".into()),
            size_bytes: 4,
            modified_at: MODIFIED_AT,
            ..run.snapshot.artifacts[0].clone()
        };
        run.snapshot.artifacts = vec![written("a"), written("b")];
        run
    }

    /// The answer after this change, and the number of requests.
    async fn asked(change: impl FnOnce(&Memory, &mut Verification)) -> (Option<Option<bool>>, u64) {
        let memory = Memory::default();
        for key in ["a", "b"] {
            memory.put(key, "body");
            memory.keep_version(key, "v1");
            memory.remove(key);
        }
        let mut run = run();
        change(&memory, &mut run);
        let mut ledger = Ledger::new(cache());
        for text in sealed([Draft::Verification(Box::new(run))]) {
            ledger.take(1, Ok(&text));
        }
        let nothing = SourceInventory::default();
        let proofs = Proofs::new(&ledger, &nothing, None, at("12:00:00"));
        let counted = Counted::new(std::sync::Arc::new(memory));
        let answer = old_versions(&counted, &proofs).await;
        let calls = counted.requests().calls;
        let heads = calls.get(&Operation::Head).copied().unwrap_or_default();
        (answer.map(|it| it.are_there), heads)
    }

    #[tokio::test]
    async fn every_object_of_the_record_is_asked_for_until_one_is_not_there() {
        assert_eq!(asked(|_, _| ()).await, (Some(Some(true)), 2));
        let second = asked(|memory, _| memory.expire_version("b", "v1")).await;
        assert_eq!(second, (Some(Some(false)), 2));
        let first = asked(|memory, _| memory.expire_version("a", "v1")).await;
        assert_eq!(first, (Some(Some(false)), 1));
        let longer = asked(|_, run| run.snapshot.artifacts[0].size_bytes = 5).await;
        assert_eq!(longer, (Some(Some(false)), 1));
    }

    #[tokio::test]
    async fn a_store_that_does_not_answer_says_nothing_and_without_versions_it_is_not_asked() {
        for reason in [StorageReason::AccessDenied, StorageReason::Unreachable] {
            let at = Operation::Head;
            let refused = asked(|memory, _| memory.fail(Fault::Refuse { at, reason })).await;
            assert_eq!(refused, (Some(None), 1), "{reason:?}");
        }
        let unversioned = asked(|_, run| run.snapshot.artifacts[1].version_id = None).await;
        assert_eq!(unversioned, (None, 0));
        let failed = asked(|_, run| run.verdict = crate::ledger::Verdict::Failed).await;
        assert_eq!(failed, (None, 0));
    }
}
