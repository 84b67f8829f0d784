//! One bucket: how it is reached, what its keys are, and what was learnt of its store.

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

/// Reads one bucket. Clones share the client.
#[derive(Clone)]
pub struct Bucket(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) config: S3,
    pub(super) patience: Patience,
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
    pub(super) fn condition(&self, pin: &Pin) -> Option<String> {
        let sent = !self.0.is_unconditional.load(Ordering::Relaxed);
        pin.etag.clone().filter(|_| sent)
    }

    /// From now on nothing depends on a condition, if one was `refused` without a reason.
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
