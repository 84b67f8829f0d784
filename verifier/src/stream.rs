//! One pass over a snapshot's bytes: hashed, inspected and fed to a sandbox at the same time.
//!
//! Memory is constant at any size: every hand-over is a bounded channel of chunks. A stream of ours
//! that breaks off never looks like the end of a snapshot. Here it ends in an error, in the
//! inspection it is aborted, and in the sandbox it is a feed without its end.

mod reader;
mod upload;

use std::sync::Arc;

use bytes::Bytes;
use catalog::{
    digest::Sha256,
    format::{Format, Inspection},
    storage::{ByteStream, StorageError},
};
use futures::StreamExt;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::runtime::{Feed, FeedItem};

use reader::ChunkReader;
pub use upload::{AsUploaded, upload_checksum, watched};

/// Chunks that wait between storage and inspection, and again between inspection and sandbox: a
/// driver's chunk is at most 1 MiB, so that both queues together stay below 16 MiB.
pub const QUEUE_CHUNKS: usize = 8;

/// Most bytes handed to a sandbox in one piece; what the inspector tees is cut to this.
const FEED_CHUNK_BYTES: usize = 256 * 1024;

/// Callback that is told how many bytes were read, of how many; called at most once per chunk.
pub type OnBytes = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Result of one whole pass.
#[derive(Debug, Clone)]
pub struct ReadThrough {
    /// SHA-256 of the bytes as stored, in lower-case hexadecimal.
    pub sha256: String,
    /// SHA-256 of the restorable bytes: the same unless a wrapper was undone. `None` if nobody was
    /// to compare them.
    pub restorable_sha256: Option<String>,
    /// Number of restorable bytes; all of them were offered to the feed, up to its limit.
    pub restorable_bytes: u64,
    /// Result of the native reading of every byte.
    pub inspection: Inspection,
    /// True if the bytes are those that the store took in; `None` if it keeps no checksum of them.
    pub as_uploaded: Option<bool>,
    /// Version of the object that the bytes are of, where the store told it.
    pub version_id: Option<String>,
}

/// Why a pass did not reach the last byte: never the snapshot's fault.
#[derive(Debug, Error)]
pub enum PassError {
    /// The storage refused, failed or broke off.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The stream ended well, but not after the pinned number of bytes.
    #[error("read {read} bytes of an object pinned at {pinned}")]
    Length {
        /// Number of bytes that arrived.
        read: u64,
        /// Number of bytes that the pin promised.
        pinned: u64,
    },
    /// The inspection panicked or left bytes unread: a bug of ours.
    #[error("the inspection broke off after {0} restorable bytes")]
    Inspection(u64),
}

/// Destination of the restorable bytes of a pass, with a limit.
#[derive(Debug)]
pub struct Fed {
    /// Sending end of the feed; the sandbox holds the other.
    pub items: mpsc::Sender<FeedItem>,
    /// Most bytes to send. What is more is no longer sent, and no end either: a small object may
    /// unwrap to more than any disk holds.
    pub bytes_max: u64,
    /// True if what arrived will be compared with what was sent, by its SHA-256.
    pub is_compared: bool,
}

impl From<mpsc::Sender<FeedItem>> for Fed {
    /// A destination without a limit.
    fn from(items: mpsc::Sender<FeedItem>) -> Self {
        Self {
            items,
            bytes_max: u64::MAX,
            is_compared: true,
        }
    }
}

/// Makes a bounded feed for [`pass`], and its receiving end for a sandbox.
pub fn feed() -> (mpsc::Sender<FeedItem>, Feed) {
    let (sender, items) = mpsc::channel(QUEUE_CHUNKS);
    (sender, Feed { items })
}

/// Reads `input` to its last byte, `pinned` bytes in all. A `feed` whose receiver goes away early
/// is no longer fed: hash and inspection run to the end all the same. Errs if the input or the
/// inspection does not reach its end, or the length is another one.
pub async fn pass(
    mut input: ByteStream,
    pinned: u64,
    format: &'static dyn Format,
    feed: Option<Fed>,
    on_bytes: OnBytes,
) -> Result<ReadThrough, PassError> {
    let (chunks, waiting) = mpsc::channel(QUEUE_CHUNKS);
    let reading = tokio::task::spawn_blocking(move || read(waiting, format, feed));
    let mut bytes = 0;
    while let Some(chunk) = input.next().await {
        let chunk = chunk?;
        bytes += chunk.len() as u64;
        if bytes > pinned || chunks.send(FeedItem::Chunk(chunk)).await.is_err() {
            break;
        }
        on_bytes(bytes, pinned);
    }
    if bytes != pinned && !chunks.is_closed() {
        return Err(PassError::Length {
            read: bytes,
            pinned,
        });
    }
    // A send that fails means that the reading side ended early; joining it tells why.
    let _ = chunks.send(FeedItem::End { bytes }).await;
    reading.await.unwrap_or(Err(PassError::Inspection(0)))
}

/// Inspects the chunks. This blocking half runs on a thread of its own until the last chunk, or
/// until it is cut off.
fn read(
    chunks: mpsc::Receiver<FeedItem>,
    format: &'static dyn Format,
    feed: Option<Fed>,
) -> Result<ReadThrough, PassError> {
    let mut reader = ChunkReader::new(chunks);
    let is_compared = feed.as_ref().is_some_and(|feed| feed.is_compared);
    let mut tee = Tee {
        feed,
        digest: is_compared.then(Sha256::new),
        bytes: 0,
    };
    let inspection = format.inspect(&mut reader, &mut |bytes| tee.write(bytes));
    if !reader.is_at_end() {
        return Err(PassError::Inspection(tee.bytes));
    }
    tee.end();
    Ok(ReadThrough {
        sha256: reader.finish(),
        restorable_sha256: tee.digest.map(Sha256::finish),
        restorable_bytes: tee.bytes,
        inspection,
        as_uploaded: None,
        version_id: None,
    })
}

/// The restorable bytes on their way into a sandbox.
struct Tee {
    feed: Option<Fed>,
    digest: Option<Sha256>,
    bytes: u64,
}

impl Tee {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        self.bytes += bytes.len() as u64;
        self.feed = self.feed.take().filter(|feed| self.bytes <= feed.bytes_max);
        for piece in bytes.chunks(FEED_CHUNK_BYTES) {
            self.send(FeedItem::Chunk(Bytes::copy_from_slice(piece)));
        }
    }

    fn end(&mut self) {
        let bytes = self.bytes;
        self.send(FeedItem::End { bytes });
    }

    fn send(&mut self, item: FeedItem) {
        let refused = self
            .feed
            .as_ref()
            .is_some_and(|feed| feed.items.blocking_send(item).is_err());
        if refused {
            self.feed = None;
        }
    }
}

#[cfg(test)]
mod tests;
