//! A repository that is a bucket of S3, or of a store that speaks as S3 does.
//!
//! Keys are relative to the configured prefix, which is characters and not a directory. Every read
//! names the version or entity tag of what it reads, and the answer is held against it: a store
//! that ignores the condition is found out. There is no request here that writes.

mod body;
mod bucket;
mod checksum;
pub(crate) mod client;
mod config;
mod driver;
mod failure;
mod get;
mod key_files;
mod listing;
mod mend;
mod meta;
mod trust;

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use self::body::Body;
use super::{
    ListFrom, ObjectBody, Operation, Page, Storage, StorageError, UploadChecksum, check_range,
};
use crate::model::{Key, ObjectMeta, Pin};

pub use bucket::Bucket;
pub use client::Patience;
pub use config::S3;
pub(crate) use failure::Asked;

#[async_trait]
impl Storage for Bucket {
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        listing::pages(self, from)
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError> {
        Box::pin(get::head(self, key, None)).await
    }

    async fn head_version(&self, key: &Key, version: &str) -> Result<ObjectMeta, StorageError> {
        Box::pin(get::head(self, key, Some(version))).await
    }

    async fn read(&self, pin: &Pin, range: Range<u64>) -> Result<Bytes, StorageError> {
        check_range(pin, &range)?;
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let body = Body::open(self, Operation::Read, pin, range).await?;
        body.collect().await
    }

    async fn open(&self, pin: &Pin) -> Result<ObjectBody, StorageError> {
        let body = Body::open(self, Operation::Open, pin, 0..pin.size_bytes).await?;
        Ok(ObjectBody {
            version_id: body.version_id().map(Into::into),
            bytes: body.stream(),
        })
    }

    fn grows(&self) -> bool {
        false
    }

    async fn uploaded(&self, pin: &Pin) -> Result<Option<UploadChecksum>, StorageError> {
        Box::pin(checksum::uploaded(self, pin)).await
    }
}
