//! Errors of storage, in words that an operator can act on.

use std::fmt;

use thiserror::Error;

crate::words! {
    /// What was asked of a storage; a label of `backup_repository_errors_total`.
    pub enum Operation {
        /// A page of a listing.
        List = "list",
        /// Metadata of one object.
        Head = "head",
        /// A small range of one object.
        Read = "read",
        /// A whole object.
        Open = "open",
    }
}

crate::words! {
    /// Why a call failed: a closed list, and a label of `backup_repository_errors_total`.
    pub enum StorageReason {
        /// No such key, directory or bucket.
        NotFound = "not_found",
        /// The pinned content is gone; the key holds another one (412, or another inode).
        Replaced = "replaced",
        /// Fewer bytes came than the pin promised.
        Truncated = "truncated",
        /// Permission refused.
        AccessDenied = "access_denied",
        /// The key that encrypts the object may not be used.
        KeyDenied = "key_denied",
        /// The object is in an archive class and must be thawed first.
        Archived = "archived",
        /// No credentials, or expired ones.
        Credentials = "credentials",
        /// No connection, no name, no TLS.
        Unreachable = "unreachable",
        /// The deadline passed.
        Timeout = "timeout",
        /// The store asked to slow down, and the retry budget is spent.
        Throttled = "throttled",
        /// An answer that makes no sense, e.g. a truncated listing without a token.
        Protocol = "protocol",
        /// An error of the operating system.
        Io = "io",
    }
}

impl StorageReason {
    /// True if the same call may well succeed a moment later.
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
    /// Key, prefix or directory that the call was about.
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
