//! A bucket as it is configured.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

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

impl fmt::Display for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}
