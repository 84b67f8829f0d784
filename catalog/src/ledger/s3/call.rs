//! The place of the records in a bucket, and one request to it.

use aws_sdk_s3::Client;
use tokio::sync::OnceCell;

use crate::{
    ledger::name::file_name,
    model::SourceName,
    storage::{
        Operation, S3, StorageError,
        s3::{Asked, Bucket, Patience},
    },
};

/// Records below one prefix of a bucket.
#[derive(Debug)]
pub struct S3Records {
    pub(super) bucket: Bucket,
    pub(super) patience: Patience,
    /// Set once the store has refused to overwrite.
    pub(super) exclusive: OnceCell<()>,
}

impl S3Records {
    /// Names the place; nothing is asked of the store before the first call. The prefix is a
    /// directory, as [`config`](crate::config) makes it.
    pub fn new(config: S3) -> Self {
        Self::with_patience(config, Patience::default())
    }

    /// Names the place, with other limits than the usual ones.
    pub fn with_patience(config: S3, patience: Patience) -> Self {
        Self {
            bucket: Bucket::with_patience(config, patience.clone()),
            patience,
            exclusive: OnceCell::new(),
        }
    }

    /// The whole key of a record.
    pub(super) fn key(&self, source: &SourceName, sequence: u64) -> String {
        self.bucket
            .whole(&format!("{source}/{}", file_name(sequence)))
    }

    pub(super) fn call<'a>(&'a self, key: &'a str) -> Call<'a> {
        Call { records: self, key }
    }
}

/// One object, as the target of a request.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) records: &'a S3Records,
    /// Whole key of the object, as the store knows it.
    pub(super) key: &'a str,
}

impl<'a> Call<'a> {
    pub(super) fn asked(self) -> Asked<'a> {
        self.records.bucket.asked(Operation::Read, self.key)
    }

    pub(super) async fn client(self) -> Result<&'a Client, StorageError> {
        self.records.bucket.client(self.asked()).await
    }
}
