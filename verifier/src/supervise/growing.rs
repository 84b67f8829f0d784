//! The doubt whether an object that was found cut off is still growing.
//!
//! | the object that was cut off | is |
//! |---|---|
//! | is a version, which never changes | shown a second time like any other damage |
//! | was modified less than `settle` ago, where it may grow | inconclusive: due again after that |
//! | is another one or gone by now | inconclusive |
//! | is the same still | shown a second time like any other damage |
//!
//! The first line that fits counts. An object may grow unless it lies in S3 or has a manifest that
//! is no older.

use catalog::{
    ledger::Reason,
    model::{ObjectMeta, Snapshot, SnapshotState},
    settle::is_young,
    storage::StorageReason,
};
use jiff::SignedDuration;

use super::{outcome::RunOutcome, run::Run};
use crate::engine::Stopped;

/// Errs if the object that was read last was cut off, and may still be growing.
pub(super) async fn settled(run: &Run, kept: &RunOutcome) -> Result<(), Stopped> {
    let Some((object, read)) = run.objects().into_iter().zip(&kept.read).next_back() else {
        return Ok(());
    };
    // A version never changes.
    if !read.inspection.truncated || object.version_id.is_some() {
        return Ok(());
    }
    let storage = &run.assignment.storage;
    let may_grow = storage.grows() && !is_witnessed(&run.assignment.snapshot, object);
    let settle = run.assignment.settle;
    let waits = SignedDuration::try_from(settle).unwrap_or(SignedDuration::MAX);
    if may_grow && is_young(object.modified_at, waits, run.context.clock.now()) {
        let settle = settings::Duration::from(settle);
        let message = format!(
            "it is cut off, in an object modified less than settle ({settle}) ago: it may still be \
             being written\nhint: It is due again once that has passed."
        );
        return Err(Stopped::new(Reason::UnstableRead, message));
    }
    let look = run.guard(async { Ok(storage.head(&object.key).await) });
    match look.await? {
        Ok(now) if object.pin().is_still(&now) => Ok(()),
        Ok(_) => {
            let message = "it is cut off, and another object lies there by now\nhint: Look at what \
                           writes it; it is chosen again at the next run.";
            Err(Stopped::new(Reason::UnstableRead, message))
        }
        Err(error) if error.reason == StorageReason::NotFound => Err(error.into()),
        // A look that fails is no doubt: the second reading asks for the same bytes again.
        Err(_) => Ok(()),
    }
}

/// True if a manifest that is no older than the object says that its writer has ended.
fn is_witnessed(snapshot: &Snapshot, object: &ObjectMeta) -> bool {
    // A snapshot whose manifest is older is in progress as long as it is young.
    snapshot.state == SnapshotState::Complete && snapshot.manifests.contains_key(&object.key)
}
