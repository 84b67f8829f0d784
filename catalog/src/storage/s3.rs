//! A repository that is a bucket of S3, or of a store that speaks as S3 does.
//!
//! Keys are relative to the configured prefix, which is characters and not a directory. Every read
//! names the version or entity tag it is of, and what comes is held against it: a store that
//! ignores the condition is found out. There is no request here that writes.

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

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture, stream::BoxStream};

use self::body::Body;
use super::{
    ListFrom, ObjectBody, Operation, Page, Storage, StorageError, UploadChecksum, check_range,
};
use crate::model::{Key, ObjectMeta, Pin};

pub use bucket::Bucket;
pub use client::Patience;
pub use config::S3;
pub(crate) use failure::Asked;

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

    fn open<'a>(&'a self, pin: &'a Pin) -> BoxFuture<'a, Result<ObjectBody, StorageError>> {
        async move {
            let body = Body::open(self, Operation::Open, pin, 0..pin.size_bytes).await?;
            Ok(ObjectBody {
                version_id: body.version_id().map(Into::into),
                bytes: body.stream(),
            })
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
