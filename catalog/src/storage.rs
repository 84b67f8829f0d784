//! Access to repositories: one read-only trait, one module per driver.
//!
//! Nothing here can write or delete: the type that could harm a backup does not exist.

mod counted;
mod directory;
pub mod driver;
mod error;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
pub(crate) mod s3;
mod upload;

use std::{
    fmt::{self, Debug},
    ops::Range,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::model::{Key, ObjectMeta, Pin};

pub use counted::{Counted, Requests};
pub use directory::{Directory, DirectoryRoot};
pub use driver::DriverConfig;
pub use error::{Operation, StorageError, StorageReason};
pub use s3::{Bucket, Patience, S3};
pub use upload::{Recomputed, UploadAlgorithm, UploadChecksum, UploadChecksumError};

/// Most bytes that one [`Storage::read`] may ask for.
pub const READ_MAX: u64 = 8 * 1024 * 1024;

/// Most objects that one [`Page`] holds: what S3 answers at once (`ListObjectsV2`, `MaxKeys`).
pub const PAGE_MAX: usize = 1000;

/// The bytes of one object in order; the stream ends after exactly the pinned size, or with an
/// error.
pub type ByteStream = BoxStream<'static, Result<Bytes, StorageError>>;

/// An object that is being read.
#[must_use]
pub struct ObjectBody {
    /// The bytes of the whole object.
    pub bytes: ByteStream,
    /// Version that the store says these bytes are of, in a bucket that keeps versions; it is named
    /// also where the pin names none.
    pub version_id: Option<String>,
}

impl From<ByteStream> for ObjectBody {
    /// Makes the body of an object in a store without versions.
    fn from(bytes: ByteStream) -> Self {
        Self {
            bytes,
            version_id: None,
        }
    }
}

impl fmt::Debug for ObjectBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectBody")
            .field("version_id", &self.version_id.as_deref())
            .finish_non_exhaustive()
    }
}

/// What is to be listed, and where the listing begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFrom {
    /// Only keys that begin with these characters, which need not be whole path segments; may be
    /// empty.
    pub prefix: String,
    /// Only keys after this one, in byte order.
    pub after: Option<Key>,
    /// True if older versions are listed too, where the store keeps them.
    pub versions: bool,
}

/// A bounded part of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects as they are now, in any order.
    pub objects: Vec<ObjectMeta>,
    /// Older versions, if they were asked for, in any order.
    pub noncurrent: Vec<ObjectMeta>,
    /// Entries of which the store does not tell the size or the time; [`Storage::head`] does.
    pub undescribed: Vec<Undescribed>,
    /// Entries with another prefix than the one that was asked for.
    pub outside: u64,
    /// Entries that are no objects we could name: not UTF-8, sockets, dangling links.
    pub skipped: u64,
}

impl Page {
    /// True if the page names anything that lies below the prefix.
    pub fn has_keys(&self) -> bool {
        let described = !self.objects.is_empty() || !self.noncurrent.is_empty();
        described || !self.undescribed.is_empty()
    }
}

/// An entry of a listing that is only a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undescribed {
    /// Key, relative to the repository.
    pub key: Key,
    /// Version; `None` where the listing names none.
    pub version_id: Option<String>,
    /// True if the entry is the object as it is now, and no older version.
    pub is_current: bool,
}

/// Read access to one repository.
///
/// Required of every driver, and checked by one conformance suite: a page holds at most 1,000
/// objects (versions included), a listing that could not be finished ends with an error and never
/// short, a listing that goes round in a loop is such an error, a read beyond the end is an error,
/// and no read returns bytes of another content than its pin names.
///
/// A listing is a set. Keys come in any order, and a store may name one twice: whoever lists takes
/// the later answer. An entry is known by its key and version.
///
/// ```
/// use catalog::storage::{Directory, ListFrom, Storage};
/// use futures::TryStreamExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let root = tempfile::tempdir()?;
/// std::fs::write(root.path().join("20261122-0100.rdb"), "REDIS0011")?;
///
/// let storage: Box<dyn Storage> = Box::new(Directory::new(root.path()));
/// let pages: Vec<_> = storage.list(ListFrom::default()).try_collect().await?;
/// let pin = pages[0].objects[0].pin();
/// assert_eq!(&storage.read(&pin, 0..5).await?[..], b"REDIS");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Storage: Debug + Send + Sync {
    /// Lists keys in pages, never as a `Vec` of all. The stream ends after its first error.
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>>;

    /// Describes one object as it is now; an object that is not there is an error.
    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError>;

    /// Describes one version of an object; drivers without versions know only one.
    async fn head_version(&self, key: &Key, _version: &str) -> Result<ObjectMeta, StorageError> {
        self.head(key).await
    }

    /// Reads a small range, at most [`READ_MAX`] bytes; returns exactly the bytes asked for, or an
    /// error.
    async fn read(&self, pin: &Pin, range: Range<u64>) -> Result<Bytes, StorageError>;

    /// Opens the whole object as a stream; a driver over a network resumes by range inside.
    async fn open(&self, pin: &Pin) -> Result<ObjectBody, StorageError>;

    /// True if an object may be listed before its writer has ended. In S3 an object appears whole.
    fn grows(&self) -> bool {
        true
    }

    /// Returns the checksum that the store keeps of all the pinned bytes since their upload: a
    /// witness for whoever recomputes it. `None` where the store has none; a directory never has
    /// one.
    async fn uploaded(&self, _pin: &Pin) -> Result<Option<UploadChecksum>, StorageError> {
        Ok(None)
    }
}

/// Checks a range before the store is asked: a range beyond the pinned size is an error, as is one
/// larger than [`READ_MAX`].
fn check_range(pin: &Pin, range: &Range<u64>) -> Result<(), StorageError> {
    let length = range.end.saturating_sub(range.start);
    let (reason, hint) = if range.end > pin.size_bytes {
        let hint = format!("It has {} bytes; {range:?} was asked for.", pin.size_bytes);
        (StorageReason::Truncated, hint)
    } else if length > READ_MAX {
        (
            StorageReason::Protocol,
            format!("Read at most {READ_MAX} bytes at once, or open it."),
        )
    } else {
        return Ok(());
    };
    let subject = pin.key.to_string();
    Err(StorageError {
        operation: Operation::Read,
        subject,
        reason,
        hint,
        source: None,
    })
}
