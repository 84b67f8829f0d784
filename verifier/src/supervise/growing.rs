//! Whether an object that was found cut off may still be growing.
//!
//! | cut off, and modified | is |
//! |---|---|
//! | less than `settle` ago | inconclusive: due again once that has passed |
//! | earlier, and is another one or gone by now | inconclusive |
//! | earlier, and is the same still | shown a second time like any other damage |

use catalog::{evidence::Reason, model::ObjectMeta, settle::is_young, storage::StorageReason};
use jiff::SignedDuration;

use super::attempt::{Attempt, Kept};
use crate::engine::Stopped;

/// Doubts that what was read last is all that there will be, if it was cut off.
pub(super) async fn settled(run: &Attempt, kept: &Kept) -> Result<(), Stopped> {
    let Some((at, read)) = kept.last_read() else {
        return Ok(());
    };
    if !read.inspection.truncated {
        return Ok(());
    }
    let objects = run.objects()?;
    let Some(object) = objects.get(at) else {
        return Ok(());
    };
    let settle = run.assignment.settle;
    let waits = SignedDuration::try_from(settle).unwrap_or(SignedDuration::MAX);
    if is_young(object.modified_at, waits, run.context.clock.now()) {
        let settle = settings::Duration::from(settle);
        let message = format!(
            "it is cut off, in an object modified less than settle ({settle}) ago: it may still be \
             being written\nhint: It is due again once that has passed."
        );
        return Err(Stopped::new(Reason::UnstableRead, message));
    }
    // A version never changes.
    if object.version_id.is_some() {
        return Ok(());
    }
    let storage = &run.assignment.storage;
    let look = run.guard(async { Ok(storage.head(&object.key).await) });
    match look.await? {
        Ok(now) if is_unchanged(object, &now) => Ok(()),
        Ok(_) => {
            let message = "it is cut off, and another object lies there by now\nhint: Look at what \
                           writes it; it is chosen again at the next run.";
            Err(Stopped::new(Reason::UnstableRead, message))
        }
        Err(error) if error.reason == StorageReason::NotFound => Err(error.into()),
        // Not to be told so is no doubt: the second reading asks for the same bytes again.
        Err(_) => Ok(()),
    }
}

/// By the entity tag where both looks have one, else by the time.
fn is_unchanged(before: &ObjectMeta, now: &ObjectMeta) -> bool {
    let same = match (&before.etag, &now.etag) {
        (Some(before), Some(now)) => before == now,
        _ => before.modified_at == now.modified_at,
    };
    same && before.size_bytes == now.size_bytes
}
