//! The file as it is written; the checks decide what it means.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, de::IgnoredAny};
use settings::{Duration, Located};

/// Users and their bcrypt hashes.
pub(super) type WrittenUsers = BTreeMap<String, Located<String>>;

/// The whole file. Not printable: it holds a key.
#[derive(Default, Deserialize)]
pub(super) struct Written {
    pub(super) tls_server_config: Option<Located<WrittenTls>>,
    pub(super) http_server_config: Option<Http>,
    pub(super) basic_auth_users: Option<WrittenUsers>,
    pub(super) rate_limit: Option<Located<WrittenRate>>,
}

/// `tls_server_config`; an empty text says nothing, as in exporter-toolkit.
#[derive(Default, Deserialize)]
pub(super) struct WrittenTls {
    pub(super) cert: Option<Located<String>>,
    pub(super) cert_file: Option<Located<PathBuf>>,
    pub(super) key: Option<Located<String>>,
    pub(super) key_file: Option<Located<PathBuf>>,
    pub(super) client_ca: Option<Located<String>>,
    pub(super) client_ca_file: Option<Located<PathBuf>>,
    pub(super) client_auth_type: Option<Located<String>>,
    pub(super) client_allowed_sans: Option<Located<Vec<String>>>,
    pub(super) min_version: Option<Located<String>>,
    pub(super) max_version: Option<Located<String>>,
    pub(super) prefer_server_cipher_suites: Option<bool>,
    /// Refused, whatever it says.
    pub(super) cipher_suites: Option<Located<IgnoredAny>>,
    /// Refused, whatever it says.
    pub(super) curve_preferences: Option<Located<IgnoredAny>>,
}

/// `http_server_config`
#[derive(Default, Deserialize)]
pub(super) struct Http {
    pub(super) http2: Option<bool>,
    pub(super) headers: Option<Headers>,
}

/// The five headers that exporter-toolkit allows.
#[derive(Default, Deserialize)]
pub(super) struct Headers {
    #[serde(rename = "Content-Security-Policy")]
    pub(super) content_security_policy: Option<Located<String>>,
    #[serde(rename = "X-Frame-Options")]
    pub(super) x_frame_options: Option<Located<String>>,
    #[serde(rename = "X-Content-Type-Options")]
    pub(super) x_content_type_options: Option<Located<String>>,
    #[serde(rename = "X-XSS-Protection")]
    pub(super) x_xss_protection: Option<Located<String>>,
    #[serde(rename = "Strict-Transport-Security")]
    pub(super) strict_transport_security: Option<Located<String>>,
}

/// `rate_limit`
#[derive(Deserialize)]
pub(super) struct WrittenRate {
    pub(super) interval: Option<Duration>,
    pub(super) burst: Option<u32>,
}
