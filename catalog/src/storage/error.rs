//! Why storage did not answer, in words an operator can act on.

use std::fmt;

use thiserror::Error;

/// What was attempted; a label of `backup_repository_errors_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// A page of a listing.
    List,
    /// Metadata of one object.
    Head,
    /// A small range.
    Read,
    /// A whole object.
    Open,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 4] = [Self::List, Self::Head, Self::Read, Self::Open];

    /// The value of the `operation` label.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Head => "head",
            Self::Read => "read",
            Self::Open => "open",
        }
    }
}

/// The closed list of reasons; a label of `backup_repository_errors_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageReason {
    /// No such key, directory or bucket.
    NotFound,
    /// The pinned content is gone; the key holds another one (412, or another inode).
    Replaced,
    /// Fewer bytes than the pin promised.
    Truncated,
    /// Permission refused.
    AccessDenied,
    /// The key that encrypts the object may not be used.
    KeyDenied,
    /// In an archive class; must be thawed first.
    Archived,
    /// No credentials, or expired ones.
    Credentials,
    /// No connection, no name, no TLS.
    Unreachable,
    /// The deadline passed.
    Timeout,
    /// Asked to slow down, and the retry budget is spent.
    Throttled,
    /// An answer that makes no sense, e.g. a truncated listing without a token.
    Protocol,
    /// The operating system's error.
    Io,
}

impl StorageReason {
    /// The value of the `reason` label.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Replaced => "replaced",
            Self::Truncated => "truncated",
            Self::AccessDenied => "access_denied",
            Self::KeyDenied => "key_denied",
            Self::Archived => "archived",
            Self::Credentials => "credentials",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Throttled => "throttled",
            Self::Protocol => "protocol",
            Self::Io => "io",
        }
    }

    /// Whether the same call may well succeed a moment later.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Timeout | Self::Throttled | Self::Truncated | Self::Io
        )
    }
}

/// One failed call.
#[derive(Debug, Error)]
pub struct StorageError {
    /// What was attempted.
    pub operation: Operation,
    /// On what: a key, a prefix or a directory.
    pub subject: String,
    /// Why it failed.
    pub reason: StorageReason,
    /// What to do, as a sentence; empty where nothing is known.
    pub hint: String,
    /// The driver's own error.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason.as_label().replace('_', " ");
        write!(
            f,
            "cannot {} {:?}: {reason}",
            self.operation.as_label(),
            self.subject
        )
    }
}
