//! Faults that a repository in memory can be told to have.

use std::time::Duration;

use super::super::{Operation, StorageReason};
use crate::model::Key;

/// One scripted fault; it stands until [`heal`](super::Memory::heal).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Every call waits first.
    Slow(Duration),
    /// Calls of this kind never answer.
    Hang(Operation),
    /// Calls of this kind fail.
    Refuse {
        /// The kind of call.
        at: Operation,
        /// The reason it is refused with.
        reason: StorageReason,
    },
    /// The page with this number, from 0, of any listing never comes.
    HangAtPage(usize),
    /// The page with this number, from 0, of any listing fails.
    RefusePage {
        /// Number of the page, from 0.
        at: usize,
        /// The reason it is refused with.
        reason: StorageReason,
    },
    /// Everything below this prefix is refused, and so is a listing that would pass over it.
    Denied {
        /// Characters that refused keys begin with; not a path segment.
        prefix: String,
    },
    /// Listings with versions are refused.
    VersionsDenied,
    /// The body of an opened object ends early.
    Cut {
        /// Key of the object.
        key: String,
        /// Bytes that still come before that.
        after: usize,
    },
    /// The object is replaced while its body is read.
    ReplacedMeanwhile {
        /// Key of the object.
        key: String,
        /// Bytes that still come before that.
        after: usize,
    },
}

impl Fault {
    /// Returns after how many bytes, and why, the body of this object breaks.
    pub(super) fn cut(&self, of: &Key) -> Option<(usize, StorageReason)> {
        match self {
            Self::Cut { key, after } if key == of.as_str() => {
                Some((*after, StorageReason::Truncated))
            }
            Self::ReplacedMeanwhile { key, after } if key == of.as_str() => {
                Some((*after, StorageReason::Replaced))
            }
            _ => None,
        }
    }
}

/// True if a call meets what is denied: any key below it, or a listing that passes over it.
pub(super) fn touches(denied: &str, operation: Operation, subject: &str) -> bool {
    subject.starts_with(denied) || operation == Operation::List && denied.starts_with(subject)
}
