//! A bucket as it is configured.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

/// A bucket of S3 or of a compatible store.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Name of the bucket.
    pub bucket: String,
    /// Characters every key begins with; may be empty.
    #[serde(default)]
    pub prefix: String,
    /// Region of the bucket; default: the SDK's, with an endpoint us-east-1.
    pub region: Option<String>,
    /// URL of a compatible store.
    pub endpoint: Option<String>,
    /// True if the bucket is in the path, not in the host name; default: with an endpoint.
    pub path_style: Option<bool>,
    /// Certificates trusted besides those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// Profile of the shared configuration and credentials files.
    pub profile: Option<String>,
    /// ARN of the role that is assumed with the credentials.
    pub role_arn: Option<String>,
    /// External id that is given when the role is assumed.
    pub external_id: Option<String>,
    /// File that holds the access key id; needs `secret_access_key_file`.
    pub access_key_id_file: Option<PathBuf>,
    /// File that holds the secret access key; needs `access_key_id_file`.
    pub secret_access_key_file: Option<PathBuf>,
}

impl fmt::Display for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}
