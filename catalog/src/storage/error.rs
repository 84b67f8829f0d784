//! Why storage did not answer, in words an operator can act on.

use std::fmt;

use thiserror::Error;

crate::words! {
    /// What was attempted; a label of `backup_repository_errors_total`.
    pub enum Operation {
        /// A page of a listing.
        List = "list",
        /// Metadata of one object.
        Head = "head",
        /// A small range.
        Read = "read",
        /// A whole object.
        Open = "open",
    }
}

crate::words! {
    /// The closed list of reasons; a label of `backup_repository_errors_total`.
    pub enum StorageReason {
        /// No such key, directory or bucket.
        NotFound = "not_found",
        /// The pinned content is gone; the key holds another one (412, or another inode).
        Replaced = "replaced",
        /// Fewer bytes than the pin promised.
        Truncated = "truncated",
        /// Permission refused.
        AccessDenied = "access_denied",
        /// The key that encrypts the object may not be used.
        KeyDenied = "key_denied",
        /// In an archive class; must be thawed first.
        Archived = "archived",
        /// No credentials, or expired ones.
        Credentials = "credentials",
        /// No connection, no name, no TLS.
        Unreachable = "unreachable",
        /// The deadline passed.
        Timeout = "timeout",
        /// Asked to slow down, and the retry budget is spent.
        Throttled = "throttled",
        /// An answer that makes no sense, e.g. a truncated listing without a token.
        Protocol = "protocol",
        /// The operating system's error.
        Io = "io",
    }
}

impl StorageReason {
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
