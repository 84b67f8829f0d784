//! Where a repository or records lie, as it is configured.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

/// A directory or a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Absolute.
    Directory(PathBuf),
    /// A bucket.
    S3(Box<S3>),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::S3(s3) => write!(f, "s3://{}/{}", s3.bucket, s3.prefix),
        }
    }
}

/// A bucket of S3 or of a compatible store.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// Characters every key begins with; may be empty.
    #[serde(default)]
    pub prefix: String,
    /// Of the bucket; default: the SDK's, with an endpoint us-east-1.
    pub region: Option<String>,
    /// URL of a compatible store.
    pub endpoint: Option<String>,
    /// The bucket is in the path, not in the host name; default: with an endpoint.
    pub path_style: Option<bool>,
    /// Certificates trusted besides those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// Of the shared configuration and credentials files.
    pub profile: Option<String>,
    /// Assumed with those credentials.
    pub role_arn: Option<String>,
    /// Given when the role is assumed.
    pub external_id: Option<String>,
    /// Holds the access key id; with `secret_access_key_file`.
    pub access_key_id_file: Option<PathBuf>,
    /// Holds the secret; with `access_key_id_file`.
    pub secret_access_key_file: Option<PathBuf>,
}

impl S3 {
    /// The same with a prefix that is a directory and not the beginning of a name.
    pub(crate) fn in_directory(mut self) -> Self {
        if !self.prefix.is_empty() && !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        self
    }
}
