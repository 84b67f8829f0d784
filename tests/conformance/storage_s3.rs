//! Buckets, on a store in this process.

mod access;
mod answers;
mod bodies;
mod checksums;
mod listings;
mod names;
mod pins;
mod secrets;
mod versions;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use catalog::{
    model::{Key, ObjectMeta},
    storage::{
        Bucket, Counted, ListFrom, Operation, Page, Patience, S3, Storage, StorageError,
        StorageReason,
    },
};
use futures::TryStreamExt;
use tests::{s3_server::S3Server, storage_suite::Fixture};

/// Long enough for a busy machine to answer, short enough to wait for in vain.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(20),
    answer: Duration::from_secs(20),
    call: Duration::from_mins(1),
    stall: Duration::from_secs(20),
    attempts: 3,
    backoff: Duration::from_millis(1),
};

/// For what never answers.
const IMPATIENT: Patience = Patience {
    connect: Duration::from_millis(200),
    answer: Duration::from_millis(200),
    stall: Duration::from_millis(200),
    ..PATIENCE
};

struct Repository {
    server: S3Server,
    bucket: Bucket,
    prefix: &'static str,
}

impl Repository {
    async fn start(prefix: &'static str) -> Self {
        let server = S3Server::start().await;
        let bucket = Bucket::with_patience(server.config(prefix), PATIENCE);
        Self {
            server,
            bucket,
            prefix,
        }
    }

    /// Another reader of the same store.
    fn reader(&self, patience: Patience, change: impl FnOnce(&mut S3)) -> Bucket {
        let mut config = self.server.config(self.prefix);
        change(&mut config);
        Bucket::with_patience(config, patience)
    }

    fn whole(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

#[async_trait]
impl Fixture for Repository {
    fn storage(&self) -> &dyn Storage {
        &self.bucket
    }

    async fn put(&self, key: &str, body: &[u8]) {
        self.server.world().put(&self.whole(key), body.to_vec());
    }

    async fn remove(&self, key: &str) {
        self.server.world().remove(&self.whole(key));
    }
}

mod whole_bucket {
    use tests::storage_suite;

    storage_suite!(super::Repository::start("").await);
}

mod prefixed {
    use tests::storage_suite;

    storage_suite!(super::Repository::start("odd prefix+%/é/").await);
}

mod versioned {
    use tests::storage_suite;

    storage_suite!({
        let repository = super::Repository::start("").await;
        repository.server.world().version();
        repository
    });
}

async fn listed(bucket: &Bucket, versions: bool) -> Result<Vec<Page>, StorageError> {
    let from = ListFrom {
        versions,
        ..ListFrom::default()
    };
    bucket.list(from).try_collect().await
}

fn keys<'a>(objects: impl IntoIterator<Item = &'a ObjectMeta>) -> Vec<&'a str> {
    objects
        .into_iter()
        .map(|object| object.key.as_str())
        .collect()
}

/// The refused call, with the text an operator would see of it.
fn told(error: &StorageError) -> String {
    format!("{error}\nhint: {}", error.hint)
}

async fn head(bucket: &Bucket, key: &str) -> Result<ObjectMeta, StorageError> {
    bucket.head(&Key::new(key)).await
}

async fn opened(bucket: &Bucket, object: &ObjectMeta) -> Result<Vec<u8>, StorageError> {
    let body = bucket.open(&object.pin()).await?;
    let chunks: Vec<_> = body.bytes.try_collect().await?;
    Ok(chunks.concat())
}

/// Every reason has been seen.
fn expect(error: &StorageError, operation: Operation, reason: StorageReason) {
    assert_eq!(
        (error.operation, error.reason),
        (operation, reason),
        "{}",
        told(error)
    );
}
