//! The missing ranges of one object: a few at a time, pinned, each tried again where that may help.
//!
//! Memory is bounded by [`PARALLEL`] pieces; what is interrupted at any point has noted every range
//! that was whole.

use std::{ops::Range, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use catalog::{
    model::Pin,
    storage::{Operation, READ_MAX, Storage, StorageError, StorageReason},
};
use futures::{Stream, StreamExt as _, stream};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::{
    blocking::{blocking, joined},
    error::FetchError,
    part::{self, Part},
};
use crate::stream::OnBytes;

/// Ranges in flight: 32 MiB of memory, and enough to fill the line to an object store.
const PARALLEL: usize = 4;

/// Waits before a range is tried again; after the last one it has failed. A driver over a network
/// has been patient already.
const WAITS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// Reads what the part misses, in pieces of at most `piece` bytes. Whatever it comes to, nothing
/// writes to the part any more when it is done: the next one to open it finds it unlocked.
pub(super) async fn fill(
    part: &mut Part,
    storage: &dyn Storage,
    pin: &Pin,
    piece: u64,
    on_bytes: &OnBytes,
) -> Result<(), FetchError> {
    let writes = TaskTracker::new();
    let missing = part.missing(pin.size_bytes, piece.min(READ_MAX));
    let filled = {
        let (file, path) = (Arc::clone(&part.file), part.paths.part.clone());
        let reads = missing.map(|range| {
            let (file, path, writes) = (Arc::clone(&file), path.clone(), &writes);
            async move {
                let bytes = patiently(storage, pin, &range).await?;
                let at = range.start;
                let write = writes.spawn_blocking(move || {
                    let written = part::write(&file, at, &bytes);
                    written.map_err(|error| FetchError::local("write", &path, error))
                });
                joined(write).await.map(|()| range)
            }
        });
        note_all(
            part,
            stream::iter(reads).buffer_unordered(PARALLEL),
            pin,
            on_bytes,
        )
        .await
    };
    writes.close();
    writes.wait().await;
    filled
}

async fn note_all(
    part: &mut Part,
    written: impl Stream<Item = Result<Range<u64>, FetchError>>,
    pin: &Pin,
    on_bytes: &OnBytes,
) -> Result<(), FetchError> {
    let mut written = pin!(written);
    on_bytes(part.bytes(), pin.size_bytes);
    while let Some(range) = written.next().await {
        blocking(part.noting(&range?)).await?;
        on_bytes(part.bytes(), pin.size_bytes);
    }
    Ok(())
}

async fn patiently(
    storage: &dyn Storage,
    pin: &Pin,
    range: &Range<u64>,
) -> Result<Bytes, StorageError> {
    for wait in WAITS {
        match exactly(storage, pin, range).await {
            Err(error) if error.reason.is_transient() => {
                tracing::debug!(%error, ?range, "a range is tried again");
                sleep(wait).await;
            }
            answer => return answer,
        }
    }
    exactly(storage, pin, range).await
}

/// A driver promises the bytes asked for; that nothing is put where it does not belong is ours.
async fn exactly(
    storage: &dyn Storage,
    pin: &Pin,
    range: &Range<u64>,
) -> Result<Bytes, StorageError> {
    let bytes = storage.read(pin, range.clone()).await?;
    if bytes.len() as u64 == range.end - range.start {
        return Ok(bytes);
    }
    Err(StorageError {
        operation: Operation::Read,
        subject: pin.key.to_string(),
        reason: StorageReason::Truncated,
        hint: String::new(),
        source: None,
    })
}
