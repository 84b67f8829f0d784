//! The chunks of an asynchronous stream as a blocking [`Read`].

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use catalog::digest::Sha256;
use tokio::sync::mpsc;

use crate::runtime::FeedItem;

/// A reader that hashes what it hands out. It ends only after an explicit [`FeedItem::End`]: a
/// channel that closes without one reads as [`io::ErrorKind::ConnectionAborted`].
pub(super) struct ChunkReader {
    chunks: mpsc::Receiver<FeedItem>,
    current: Bytes,
    digest: Sha256,
    at_end: bool,
}

impl ChunkReader {
    pub(super) fn new(chunks: mpsc::Receiver<FeedItem>) -> Self {
        Self {
            chunks,
            current: Bytes::new(),
            digest: Sha256::new(),
            at_end: false,
        }
    }

    /// True if the explicit end was read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// SHA-256 of everything that was read, in lower-case hexadecimal.
    pub(super) fn finish(self) -> String {
        self.digest.finish()
    }
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.at_end {
            match self.chunks.blocking_recv() {
                Some(FeedItem::Chunk(chunk)) => {
                    self.digest.update(&chunk);
                    self.current = chunk;
                }
                Some(FeedItem::End { .. }) => self.at_end = true,
                None => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
