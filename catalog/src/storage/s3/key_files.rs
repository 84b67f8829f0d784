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

use crate::storage::S3;

/// Longest key file, in bytes: keys of AWS have 20 and 40 characters, `MinIO` allows 1,024.
const KEY_MAX: u64 = 4096;

/// Times in a row that a pair may have been rotated while it was read.
const ROTATIONS_MAX: usize = 3;

/// Why a key could not be used.
#[derive(Debug, Error)]
pub(super) enum KeyFileError {
    #[error("{} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error(
        "{} holds no key: one line of printable characters is expected, at most {KEY_MAX} bytes",
        .0.display()
    )]
    NotAKey(PathBuf),
    #[error("{} changes faster than it can be read", .0.display())]
    Changing(PathBuf),
}

/// The two files that hold an access key.
#[derive(Debug, Clone)]
pub(super) struct KeyFiles {
    access_key_id: PathBuf,
    secret_access_key: PathBuf,
}

impl KeyFiles {
    /// Returns the files of a bucket's configuration; `None` unless it names both.
    pub(super) fn of(config: &S3) -> Option<Self> {
        Some(Self {
            access_key_id: config.access_key_id_file.clone()?,
            secret_access_key: config.secret_access_key_file.clone()?,
        })
    }

    async fn read(&self) -> provider::Result {
        let pair = self.pair(key).await;
        let (id, secret) = pair.map_err(CredentialsError::provider_error)?;
        Ok(Credentials::new(id, secret, None, None, "key files"))
    }

    /// Reads both files, one after the other. If the id is another one after the secret was read,
    /// the secret may belong to either, and both are read again.
    async fn pair(
        &self,
        key: impl AsyncFn(&Path) -> Result<String, KeyFileError>,
    ) -> Result<(String, String), KeyFileError> {
        let mut id = key(&self.access_key_id).await?;
        for _ in 0..ROTATIONS_MAX {
            let secret = key(&self.secret_access_key).await?;
            let now = key(&self.access_key_id).await?;
            if now == id {
                return Ok((id, secret));
            }
            id = now;
        }
        Err(KeyFileError::Changing(self.access_key_id.clone()))
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

/// Reads the one line of a file.
async fn key(path: &Path) -> Result<String, KeyFileError> {
    let read = |source| KeyFileError::Read {
        path: path.into(),
        source,
    };
    let file = tokio::fs::File::open(path).await.map_err(read)?;
    let mut text = String::new();
    let taken = file.take(KEY_MAX + 1).read_to_string(&mut text).await;
    let key = text.trim();
    match taken {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(read(error)),
        Ok(length)
            if length as u64 <= KEY_MAX
                && !key.is_empty()
                && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(key.into())
        }
        _ => Err(KeyFileError::NotAKey(path.into())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Reads a pair of files of which each look shows the next content.
    async fn read(looks: &[&str]) -> Result<(String, String), KeyFileError> {
        let files = KeyFiles {
            access_key_id: "id".into(),
            secret_access_key: "secret".into(),
        };
        let looks = Mutex::new(looks.iter());
        let key = async |path: &Path| {
            let look = looks.lock().unwrap().next().unwrap();
            assert!(look.starts_with(path.to_str().unwrap()), "{look}");
            Ok((*look).to_owned())
        };
        files.pair(key).await
    }

    #[tokio::test]
    async fn a_pair_that_is_rotated_while_it_is_read_is_never_a_mixed_one() {
        let check = async |looks: &[&str], pair: [&str; 2]| {
            let (id, secret) = read(looks).await.unwrap();
            assert_eq!([&*id, &*secret], pair);
        };
        check(&["id 1", "secret 1", "id 1"], ["id 1", "secret 1"]).await;
        let between = ["id 1", "secret 2", "id 2", "secret 2", "id 2"];
        check(&between, ["id 2", "secret 2"]).await;
        let behind = ["id 1", "secret 1", "id 2", "secret 2", "id 2"];
        check(&behind, ["id 2", "secret 2"]).await;
        let looks = ["id 1", "secret", "id 2", "secret", "id 3", "secret", "id 4"];
        let error = read(&looks).await.unwrap_err();
        assert_eq!(error.to_string(), "id changes faster than it can be read");
    }
}
