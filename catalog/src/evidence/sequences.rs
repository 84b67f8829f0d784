//! All sequence numbers of a source, however many come at once.

use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use super::{EvidenceError, EvidenceRead};
use crate::model::SourceName;

/// Every one above `after`, ascending, those written meanwhile included. Ends after its first
/// error.
pub fn sequences<'a>(
    evidence: &'a dyn EvidenceRead,
    source: &'a SourceName,
    after: u64,
) -> BoxStream<'a, Result<u64, EvidenceError>> {
    let pages = stream::try_unfold(after, move |after| async move {
        let page = evidence.list(source, after).await?;
        let last = page.last().copied();
        Ok(last.map(|last| (stream::iter(page).map(Ok), last)))
    });
    pages.try_flatten().boxed()
}
