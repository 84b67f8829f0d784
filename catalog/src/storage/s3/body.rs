//! Bytes of a pinned object in order, resumed where a connection broke.
//!
//! It never skips, repeats or makes up a byte: every part is asked for by range and pin, and the
//! end is where the pin says.

use std::{ops::Range, time::Duration};

use aws_sdk_s3::primitives::ByteStream as Part;
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{sleep, timeout};

use super::{Bucket, get::get};
use crate::{
    model::Pin,
    storage::{Operation, StorageError, StorageReason},
};

/// Times in a row that a body may break before it is given up.
const BREAKS_MAX: u32 = 5;

/// Bytes that must come for a break to be forgotten: a store that ends every connection after a few
/// bytes is given up, however many times it goes on.
const PROGRESS_BYTES: u64 = 8 << 20;

/// Longest pause before a body is resumed.
const PAUSE_MAX: Duration = Duration::from_secs(8);

/// What is left of a range.
#[derive(Debug)]
pub(super) struct Body {
    bucket: Bucket,
    operation: Operation,
    pin: Pin,
    left: Range<u64>,
    part: Option<Part>,
    breaks: u32,
    /// Where the body last broke, or began.
    broke_at: u64,
}

impl Body {
    /// Asks for the range; the first answer is there.
    pub(super) async fn open(
        bucket: &Bucket,
        operation: Operation,
        pin: &Pin,
        range: Range<u64>,
    ) -> Result<Self, StorageError> {
        let part = get(bucket, operation, pin, range.clone()).await?;
        Ok(Self {
            bucket: bucket.clone(),
            operation,
            pin: pin.clone(),
            broke_at: range.start,
            left: range,
            part: Some(part),
            breaks: 0,
        })
    }

    /// All of it at once.
    pub(super) async fn collect(mut self) -> Result<Bytes, StorageError> {
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }

    /// Item by item; ends after its first error.
    pub(super) fn stream(self) -> BoxStream<'static, Result<Bytes, StorageError>> {
        stream::try_unfold(self, |mut body| async {
            let bytes = body.next().await?;
            Ok(bytes.map(|bytes| (bytes, body)))
        })
        .boxed()
    }

    /// The next bytes; `None` once all were given.
    async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        let stall = self.bucket.0.patience.stall;
        while !self.left.is_empty() {
            let broken = match self.part().await {
                Ok(part) => match timeout(stall, part.next()).await {
                    Ok(Some(Ok(bytes))) if bytes.is_empty() => continue,
                    Ok(Some(Ok(bytes))) => return self.taken(bytes).map(Some),
                    Ok(Some(Err(error))) => self.broken(StorageReason::Truncated, Some(error)),
                    Ok(None) => self.broken(StorageReason::Truncated, None),
                    Err(_) => self.broken(StorageReason::Timeout, None),
                },
                Err(error) => error,
            };
            self.pause(broken).await?;
        }
        Ok(None)
    }

    async fn part(&mut self) -> Result<&mut Part, StorageError> {
        let part = match self.part.take() {
            Some(part) => part,
            None => get(&self.bucket, self.operation, &self.pin, self.left.clone()).await?,
        };
        Ok(self.part.insert(part))
    }

    fn taken(&mut self, bytes: Bytes) -> Result<Bytes, StorageError> {
        let length = bytes.len() as u64;
        if length > self.left.end - self.left.start {
            let hint = "The store sent more bytes than it announced; look at what answers there.";
            return Err(self.error(StorageReason::Protocol, hint));
        }
        self.left.start += length;
        Ok(bytes)
    }

    /// Rests before the body is resumed, or gives up.
    async fn pause(&mut self, broken: StorageError) -> Result<(), StorageError> {
        self.part = None;
        if self.left.start - self.broke_at >= PROGRESS_BYTES {
            self.breaks = 0;
        }
        self.broke_at = self.left.start;
        self.breaks += 1;
        if self.breaks > BREAKS_MAX || !broken.reason.is_transient() {
            return Err(broken);
        }
        let at = self.left.start;
        tracing::debug!(key = ?self.pin.key.as_str(), at, error = %broken, "resuming a body");
        let doubled = self.bucket.0.patience.backoff * 2u32.pow(self.breaks - 1);
        sleep(doubled.min(PAUSE_MAX)).await;
        Ok(())
    }

    fn broken(
        &self,
        reason: StorageReason,
        source: Option<aws_sdk_s3::primitives::ByteStreamError>,
    ) -> StorageError {
        let at = self.left.start - self.broke_at;
        let hint = format!(
            "The connection broke {BREAKS_MAX} times in a row, last {at} bytes further; look at \
             the store and the way to it."
        );
        StorageError {
            source: source.map(|source| Box::new(source) as _),
            ..self.error(reason, &hint)
        }
    }

    fn error(&self, reason: StorageReason, hint: &str) -> StorageError {
        let whole = self.bucket.whole(self.pin.key.as_str());
        self.bucket
            .asked(self.operation, &whole)
            .refused(reason, hint)
    }
}
