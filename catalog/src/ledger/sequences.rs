//! All sequence numbers of a source, however many come at once.

use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use super::{LedgerError, RecordReader};
use crate::model::SourceName;

/// Streams every sequence number above `after`, ascending, including those written meanwhile. Ends
/// after its first error.
pub fn sequences<'a>(
    records: &'a dyn RecordReader,
    source: &'a SourceName,
    after: u64,
) -> BoxStream<'a, Result<u64, LedgerError>> {
    let pages = stream::try_unfold(after, move |after| async move {
        let page = records.list(source, after).await?;
        let last = page.last().copied();
        Ok(last.map(|last| (stream::iter(page).map(Ok), last)))
    });
    pages.try_flatten().boxed()
}
