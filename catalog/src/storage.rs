//! Where bytes come from: one read-only trait, one driver per file.
//!
//! There is no way to write or delete here: the type that could harm a backup does not exist.

mod error;

use std::{fmt::Debug, ops::Range};

use bytes::Bytes;
use futures::{future::BoxFuture, stream::BoxStream};

use crate::model::{Key, ObjectMeta, Pin};

pub use error::{Operation, StorageError, StorageReason};

/// Most bytes one [`Storage::read`] may ask for.
pub const READ_MAX: u64 = 8 * 1024 * 1024;

/// The bytes of one object in order; ends after exactly the pinned size, or with an error.
pub type ByteStream = BoxStream<'static, Result<Bytes, StorageError>>;

/// Where a listing begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFrom {
    /// Only keys that begin with these characters; not a path segment.
    pub prefix: String,
    /// Only keys after this one, in byte order.
    pub after: Option<Key>,
}

/// A bounded part of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In byte order of their keys, also across pages.
    pub objects: Vec<ObjectMeta>,
    /// Entries that are no objects we could name: not UTF-8, sockets, dangling links.
    pub skipped: u64,
}

/// Reads one repository.
///
/// Required of every driver, and checked by one conformance suite: keys come in byte order, a page
/// holds at most 1,000 objects, a listing that could not be finished ends with an error and never
/// short, a read beyond the end is an error, and no read returns bytes of another content than its
/// pin names.
pub trait Storage: Debug + Send + Sync {
    /// Pages of keys, never a `Vec` of all. The stream ends after its first error.
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>>;

    /// One object as it is now.
    fn head<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<ObjectMeta, StorageError>>;

    /// A small range, at most [`READ_MAX`] bytes; exactly the bytes asked for, or an error.
    fn read<'a>(
        &'a self,
        pin: &'a Pin,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, StorageError>>;

    /// The whole object as a stream; a driver over a network resumes by range inside.
    fn open<'a>(&'a self, pin: &'a Pin) -> BoxFuture<'a, Result<ByteStream, StorageError>>;
}
