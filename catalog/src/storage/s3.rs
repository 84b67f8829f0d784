//! A repository that is a bucket of S3, or of a store that speaks as S3 does.
//!
//! Keys are relative to the configured prefix, which is characters and not a directory. Every read
//! names the version or entity tag it is of, and what comes is held against it: a store that
//! ignores the condition is found out. There is no request here that writes.

mod body;
mod checksum;
pub(crate) mod client;
mod failure;
mod get;
mod key_files;
mod listing;
mod mend;
mod meta;
mod trust;

use std::{
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_sdk_s3::Client;
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture, stream::BoxStream};
use tokio::sync::OnceCell;

use self::body::Body;
use super::{
    ByteStream, ListFrom, Operation, Page, Storage, StorageError, StorageReason, UploadChecksum,
    check_range,
};
use crate::{
    config::S3,
    model::{Key, ObjectMeta, Pin},
};

pub use client::Patience;
pub(crate) use failure::Asked;

/// Reads one bucket. Clones share the client.
#[derive(Clone)]
pub struct Bucket(Arc<Inner>);

struct Inner {
    config: S3,
    patience: Patience,
    client: OnceCell<Client>,
    /// Whether the store refuses `If-Match` for objects that did not change.
    is_unconditional: AtomicBool,
}

impl Bucket {
    /// Nothing is asked of the store before the first call.
    pub fn new(config: S3) -> Self {
        Self::with_patience(config, Patience::default())
    }

    /// With other limits than the usual ones.
    pub fn with_patience(config: S3, patience: Patience) -> Self {
        let client = OnceCell::new();
        Self(Arc::new(Inner {
            config,
            patience,
            client,
            is_unconditional: AtomicBool::new(false),
        }))
    }

    /// The client, made at the first call; one that could not be made is tried again.
    pub(crate) async fn client(&self, asked: Asked<'_>) -> Result<&Client, StorageError> {
        let made = || client::connect(&self.0.config, &self.0.patience);
        let client = self.0.client.get_or_try_init(made).await;
        client.map_err(|error| {
            let hint = format!("Correct ca_file: {error}.");
            asked.refused(StorageReason::Unreachable, hint)
        })
    }

    pub(crate) fn asked<'a>(&'a self, operation: Operation, key: &'a str) -> Asked<'a> {
        Asked {
            bucket: &self.0.config,
            operation,
            key,
            version: None,
        }
    }

    /// What a read of the pinned content is made to depend on, if anything.
    fn condition(&self, pin: &Pin) -> Option<String> {
        let sent = !self.0.is_unconditional.load(Ordering::Relaxed);
        pin.etag.clone().filter(|_| sent)
    }

    /// From now on nothing depends on a condition, if one was `refused` without a reason.
    fn forgo_conditions(&self, refused: bool) {
        if refused && !self.0.is_unconditional.swap(true, Ordering::Relaxed) {
            let bucket = &self.0.config.bucket;
            tracing::warn!(
                bucket,
                "the store refuses If-Match for objects that did not change; every answer is \
                 compared instead"
            );
        }
    }

    /// As the store knows it.
    pub(crate) fn whole(&self, key: &str) -> String {
        format!("{}{key}", self.0.config.prefix)
    }
}

/// Names only: a configuration may tell more than a log should.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let S3 { bucket, prefix, .. } = &self.0.config;
        write!(f, "Bucket(s3://{bucket}/{prefix})")
    }
}

impl Storage for Bucket {
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        listing::pages(self, from)
    }

    fn head<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<ObjectMeta, StorageError>> {
        get::head(self, key, None).boxed()
    }

    fn head_version<'a>(
        &'a self,
        key: &'a Key,
        version: &'a str,
    ) -> BoxFuture<'a, Result<ObjectMeta, StorageError>> {
        get::head(self, key, Some(version)).boxed()
    }

    fn read<'a>(
        &'a self,
        pin: &'a Pin,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, StorageError>> {
        async move {
            check_range(pin, &range)?;
            if range.is_empty() {
                return Ok(Bytes::new());
            }
            let body = Body::open(self, Operation::Read, pin, range).await?;
            body.collect().await
        }
        .boxed()
    }

    fn open<'a>(&'a self, pin: &'a Pin) -> BoxFuture<'a, Result<ByteStream, StorageError>> {
        async move {
            let body = Body::open(self, Operation::Open, pin, 0..pin.size_bytes).await?;
            Ok(body.stream())
        }
        .boxed()
    }

    fn grows(&self) -> bool {
        false
    }

    fn uploaded<'a>(
        &'a self,
        pin: &'a Pin,
    ) -> BoxFuture<'a, Result<Option<UploadChecksum>, StorageError>> {
        checksum::uploaded(self, pin).boxed()
    }
}
