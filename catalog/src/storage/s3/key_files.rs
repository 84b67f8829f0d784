//! Access keys that lie in files, read anew for every request: a rotated key is used at once.
//!
//! What was read is given to the SDK and kept nowhere; no message shows a character of it.

use std::{
    io,
    path::{Path, PathBuf},
};

use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, error::CredentialsError, future},
};
use thiserror::Error;
use tokio::io::AsyncReadExt as _;

use crate::config::S3;

/// Longest key, in bytes: those of AWS have 20 and 40 characters, `MinIO` allows 1,024.
const KEY_MAX: u64 = 4096;

/// Why a key could not be used.
#[derive(Debug, Error)]
pub(super) enum KeyFileError {
    #[error("{} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} holds no key: one line of printable characters is expected", .0.display())]
    NotAKey(PathBuf),
}

/// Both files of one pair.
#[derive(Debug, Clone)]
pub(super) struct KeyFiles {
    access_key_id: PathBuf,
    secret_access_key: PathBuf,
}

impl KeyFiles {
    /// Those of a bucket that names both.
    pub(super) fn of(config: &S3) -> Option<Self> {
        Some(Self {
            access_key_id: config.access_key_id_file.clone()?,
            secret_access_key: config.secret_access_key_file.clone()?,
        })
    }

    async fn read(&self) -> provider::Result {
        let id = key(&self.access_key_id).await;
        let secret = key(&self.secret_access_key).await;
        match (id, secret) {
            (Ok(id), Ok(secret)) => Ok(Credentials::new(id, secret, None, None, "key files")),
            (Err(error), _) | (_, Err(error)) => Err(CredentialsError::provider_error(error)),
        }
    }
}

impl ProvideCredentials for KeyFiles {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.read())
    }
}

/// The one line of a file.
async fn key(path: &Path) -> Result<String, KeyFileError> {
    let read = |source| KeyFileError::Read {
        path: path.into(),
        source,
    };
    let file = tokio::fs::File::open(path).await.map_err(read)?;
    let mut text = String::new();
    let taken = file.take(KEY_MAX).read_to_string(&mut text).await;
    let key = text.trim();
    match taken {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(read(error)),
        Ok(_) if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(key.into())
        }
        _ => Err(KeyFileError::NotAKey(path.into())),
    }
}
