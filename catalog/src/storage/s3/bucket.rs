//! One bucket: how it is reached, its keys, and what was learnt of its store.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_sdk_s3::Client;
use tokio::sync::OnceCell;

use super::{
    client::{self, Patience},
    failure::Asked,
};
use crate::{
    model::Pin,
    storage::{Operation, S3, StorageError, StorageReason},
};

/// A bucket that is read. Clones share the client.
#[derive(Clone)]
pub struct Bucket(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) config: S3,
    pub(super) patience: Patience,
    client: OnceCell<Client>,
    /// True once the store has refused `If-Match` for an object that did not change.
    is_unconditional: AtomicBool,
}

impl Bucket {
    /// Names the bucket; nothing is asked of the store before the first call.
    pub fn new(config: S3) -> Self {
        Self::with_patience(config, Patience::default())
    }

    /// Names the bucket, with other limits than the usual ones.
    pub fn with_patience(config: S3, patience: Patience) -> Self {
        let client = OnceCell::new();
        Self(Arc::new(Inner {
            config,
            patience,
            client,
            is_unconditional: AtomicBool::new(false),
        }))
    }

    /// Returns the client, made at the first call; if it could not be made, the next call tries
    /// again.
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

    /// Returns the entity tag that a read of the pinned content is made to depend on (`If-Match`),
    /// if any.
    pub(super) fn condition(&self, pin: &Pin) -> Option<String> {
        let sent = !self.0.is_unconditional.load(Ordering::Relaxed);
        pin.etag.clone().filter(|_| sent)
    }

    /// Makes no read depend on a condition from now on, if one was `refused` without a reason.
    pub(super) fn forgo_conditions(&self, refused: bool) {
        if refused && !self.0.is_unconditional.swap(true, Ordering::Relaxed) {
            let bucket = &self.0.config.bucket;
            tracing::warn!(
                bucket,
                "the store refuses If-Match for objects that did not change; every answer is \
                 compared instead"
            );
        }
    }

    /// Returns the whole key, as the store knows it.
    pub(crate) fn whole(&self, key: &str) -> String {
        format!("{}{key}", self.0.config.prefix)
    }
}

/// Shows names only: a configuration may tell more than a log should.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let S3 { bucket, prefix, .. } = &self.0.config;
        write!(f, "Bucket(s3://{bucket}/{prefix})")
    }
}
