//! The bytes of a pinned object in order, resumed where a connection broke.
//!
//! A body never skips, repeats or makes up a byte: every part is asked for by range and pin, and
//! the end is where the pin says.

use std::{ops::Range, time::Duration};

use aws_sdk_s3::primitives::ByteStream as Part;
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Instant, sleep, timeout};

use super::{
    bucket::Bucket,
    get::{RangePart as Answer, get},
};
use crate::{
    model::{Pin, lasting_version},
    storage::{Operation, StorageError, StorageReason},
};

/// Most times in a row that a body may break before it is given up.
const BREAKS_MAX: u32 = 5;

/// Bytes that must come for earlier breaks to be forgotten: a store that ends every connection
/// after a few bytes is given up, however many times it goes on.
const PROGRESS_BYTES: u64 = 8 << 20;

/// Bytes that must come, unless the body ends before, while we wait for [`Patience::stall`]: 2 KiB
/// in a second. A store that lets single bytes drip is stalled.
const STALL_BYTES: u64 = 64 << 10;

/// Longest pause before a body is resumed.
const PAUSE_MAX: Duration = Duration::from_secs(8);

/// A range of a pinned object that is being read.
#[derive(Debug)]
pub(super) struct Body {
    bucket: Bucket,
    operation: Operation,
    pin: Pin,
    left: Range<u64>,
    part: Option<Part>,
    /// Version that the first answer named; all later answers have its tag.
    version_id: Option<String>,
    breaks: u32,
    /// Offset at which the body last broke, or began.
    broke_at: u64,
    pulse: Pulse,
}

/// Measures whether bytes come fast enough: how long they were waited for, and how many came.
#[derive(Debug, Default)]
struct Pulse {
    waited: Duration,
    bytes: u64,
}

impl Pulse {
    /// Returns how long to wait on.
    fn left(&self, stall: Duration) -> Duration {
        stall.saturating_sub(self.waited)
    }

    fn came(&mut self, bytes: u64, waited: Duration) {
        self.waited += waited;
        self.bytes += bytes;
        if self.bytes >= STALL_BYTES {
            *self = Self::default();
        }
    }
}

impl Body {
    /// Asks for the range, and returns once the first answer is there.
    pub(super) async fn open(
        bucket: &Bucket,
        operation: Operation,
        pin: &Pin,
        range: Range<u64>,
    ) -> Result<Self, StorageError> {
        let mut pin = pin.clone();
        let part = asked(bucket, operation, &mut pin, range.clone()).await?;
        Ok(Self {
            bucket: bucket.clone(),
            operation,
            pin,
            broke_at: range.start,
            left: range,
            version_id: part.version_id,
            part: Some(part.bytes),
            breaks: 0,
            pulse: Pulse::default(),
        })
    }

    /// Returns the version that the store says the bytes are of.
    pub(super) fn version_id(&self) -> Option<&str> {
        self.version_id.as_deref()
    }

    /// Reads all that is left, at once.
    pub(super) async fn collect(mut self) -> Result<Bytes, StorageError> {
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }

    /// Reads item by item; the stream ends after its first error.
    pub(super) fn stream(self) -> BoxStream<'static, Result<Bytes, StorageError>> {
        stream::try_unfold(self, |mut body| async {
            let bytes = body.next().await?;
            Ok(bytes.map(|bytes| (bytes, body)))
        })
        .boxed()
    }

    /// Returns the next bytes; `None` once all were given.
    async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        while !self.left.is_empty() {
            match self.chunk().await {
                Ok(bytes) => return self.taken(bytes).map(Some),
                Err(broken) => self.pause(broken).await?,
            }
        }
        Ok(None)
    }

    /// Returns at least one byte of the current part.
    async fn chunk(&mut self) -> Result<Bytes, StorageError> {
        let patience = self.pulse.left(self.bucket.0.patience.stall);
        let part = self.part().await?;
        let began = Instant::now();
        match timeout(patience, part.next()).await {
            Ok(Some(Ok(bytes))) if !bytes.is_empty() => {
                self.pulse.came(bytes.len() as u64, began.elapsed());
                Ok(bytes)
            }
            Ok(Some(Err(error))) => Err(self.broken(StorageReason::Truncated, Some(error))),
            // The end of the part, or an empty item: a store that sends that again and again is
            // never waited for.
            Ok(_) => Err(self.broken(StorageReason::Truncated, None)),
            Err(_) => Err(self.broken(StorageReason::Timeout, None)),
        }
    }

    async fn part(&mut self) -> Result<&mut Part, StorageError> {
        let part = if let Some(part) = self.part.take() {
            part
        } else {
            let left = self.left.clone();
            let answer = asked(&self.bucket, self.operation, &mut self.pin, left).await?;
            answer.bytes
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
        self.pulse = Pulse::default();
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

/// Asks for a part of the body. Where the pin names neither version nor tag, the tag of the first
/// answer is that of all later ones.
async fn asked(
    bucket: &Bucket,
    operation: Operation,
    pin: &mut Pin,
    range: Range<u64>,
) -> Result<Answer, StorageError> {
    let part = Box::pin(get(bucket, operation, pin, range)).await?;
    if lasting_version(pin.version_id.as_deref()).is_none() && pin.etag.is_none() {
        pin.etag.clone_from(&part.etag);
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_drip_use_up_the_patience_and_those_that_flow_renew_it() {
        let stall = Duration::from_secs(30);
        let mut pulse = Pulse::default();
        pulse.came(1, Duration::from_secs(29));
        assert_eq!(pulse.left(stall), Duration::from_secs(1));
        pulse.came(1, Duration::from_secs(29));
        assert_eq!(pulse.left(stall), Duration::ZERO);
        pulse.came(STALL_BYTES, Duration::from_secs(1));
        assert_eq!(pulse.left(stall), stall);
    }
}
