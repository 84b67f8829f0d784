//! Buckets of a real store, which `scripts/test-s3` starts and names in the environment.
//!
//! They are filled by the SDK itself and not by our driver, and never removed: whoever starts the
//! store throws it away.

mod excuses;

use std::{
    env,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region},
    operation::put_object::builders::PutObjectFluentBuilder,
    primitives::ByteStream,
    types::{BucketVersioningStatus, VersioningConfiguration},
};
use catalog::storage::{Bucket, S3, Storage};
use tempfile::TempDir;

use crate::{require::Probe, storage_suite::Fixture};

pub use excuses::asks;

/// Where the store answers, e.g. `http://127.0.0.1:9000`.
const ENDPOINT: &str = "S3_ENDPOINT";

/// Who may do everything there.
const KEYS: [(&str, &str); 2] = [
    ("id", "S3_ACCESS_KEY_ID"),
    ("secret", "S3_SECRET_ACCESS_KEY"),
];

/// Whether the environment names a store.
pub fn probe() -> Probe {
    let names = [ENDPOINT, KEYS[0].1, KEYS[1].1];
    match names.iter().find(|name| env::var_os(name).is_none()) {
        None => Ok(()),
        Some(name) => Err(format!("{name} names no store; make test-s3 starts one")),
    }
}

/// A new bucket of the store.
#[derive(Debug)]
pub struct RealBucket {
    client: Client,
    config: S3,
    reader: Bucket,
    /// Holds the key files.
    keys: TempDir,
}

impl RealBucket {
    /// Empty; read below the prefix.
    ///
    /// # Panics
    /// If there is no store, or it makes no bucket.
    pub async fn new(prefix: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("bucket-{}-{number}", std::process::id());
        let keys = tempfile::tempdir().expect("a directory for the keys");
        let client = client();
        let made = client.create_bucket().bucket(&name).send().await;
        made.expect("a new bucket");
        let mut config = S3 {
            bucket: name,
            prefix: prefix.into(),
            region: None,
            endpoint: Some(variable(ENDPOINT)),
            path_style: None,
            ca_file: None,
            profile: None,
            role_arn: None,
            external_id: None,
            access_key_id_file: None,
            secret_access_key_file: None,
        };
        let files: [PathBuf; 2] = KEYS.map(|(name, variable_name)| {
            let file = keys.path().join(name);
            std::fs::write(&file, variable(variable_name)).expect("a key file");
            file
        });
        [config.access_key_id_file, config.secret_access_key_file] = files.map(Some);
        Self {
            client,
            reader: Bucket::new(config.clone()),
            config,
            keys,
        }
    }

    /// From now on every write is a version.
    ///
    /// # Panics
    /// If the store keeps no versions.
    pub async fn versioned(self) -> Self {
        let enabled = VersioningConfiguration::builder()
            .status(BucketVersioningStatus::Enabled)
            .build();
        let request = self.client.put_bucket_versioning();
        let request = request.bucket(&self.config.bucket);
        let answer = request.versioning_configuration(enabled).send().await;
        answer.expect("versions");
        self
    }

    /// How it is configured.
    pub fn config(&self) -> S3 {
        self.config.clone()
    }

    /// Who reads it.
    pub fn reader(&self) -> &Bucket {
        &self.reader
    }

    /// Another secret, until the end.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn rotate(&self, secret: &str) {
        let file = self.keys.path().join(KEYS[1].0);
        std::fs::write(file, secret).expect("a key file");
    }

    /// Writes an object, described as `change` says.
    ///
    /// # Panics
    /// If the store does not take it.
    pub async fn put_with(
        &self,
        key: &str,
        body: &[u8],
        change: impl FnOnce(PutObjectFluentBuilder) -> PutObjectFluentBuilder,
    ) {
        let request = self.client.put_object().bucket(&self.config.bucket);
        let request = request
            .key(format!("{}{key}", self.config.prefix))
            .body(ByteStream::from(body.to_vec()));
        change(request).send().await.expect("it is written");
    }
}

#[async_trait]
impl Fixture for RealBucket {
    fn storage(&self) -> &dyn Storage {
        &self.reader
    }

    async fn put(&self, key: &str, body: &[u8]) {
        self.put_with(key, body, |request| request).await;
    }

    async fn remove(&self, key: &str) {
        let request = self.client.delete_object().bucket(&self.config.bucket);
        let request = request.key(format!("{}{key}", self.config.prefix));
        request.send().await.expect("it is deleted");
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is set"))
}

fn client() -> Client {
    let [id, secret] = KEYS.map(|(_, name)| variable(name));
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(variable(ENDPOINT))
        .force_path_style(true)
        .credentials_provider(Credentials::new(id, secret, None, None, "environment"));
    Client::from_conf(config.build())
}
