//! One file of a directory repository: it is found below the root and read without mixing contents.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use jiff::Timestamp;
use rustix::{fs::OFlags, process::geteuid};

use super::super::{Operation, StorageError, StorageReason};
use crate::model::{Key, ObjectMeta, Pin};

/// Describes one object as it is now.
pub(super) fn head(root: &Path, key: Key) -> Result<ObjectMeta, StorageError> {
    let (path, metadata) = locate(root, &key, Operation::Head)?;
    tracing::trace!(path = %path.display(), "looked at one file");
    Ok(object(key, &metadata))
}

/// Describes a file as a listing does.
pub(super) fn object(key: Key, metadata: &Metadata) -> ObjectMeta {
    ObjectMeta {
        key,
        size_bytes: metadata.size(),
        modified_at: modified_at(metadata),
        etag: Some(etag(metadata)),
        version_id: None,
        storage_class: None,
    }
}

/// An open file whose identity is compared with its pin before and after reading.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    path: PathBuf,
    operation: Operation,
    metadata: Metadata,
    remaining: u64,
}

impl OpenFile {
    pub(super) fn open(root: &Path, pin: &Pin, operation: Operation) -> Result<Self, StorageError> {
        let (path, _) = locate(root, &pin.key, operation)?;
        // NONBLOCK: a pipe put in the file's place after the look must not hang us. NOFOLLOW: nor
        // may a link lead elsewhere; the path is already resolved.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(&path)
            .map_err(|source| failure(operation, &path, source))?;
        let metadata = file
            .metadata()
            .map_err(|source| failure(operation, &path, source))?;
        let pinned = match &pin.etag {
            Some(pinned) => *pinned == etag(&metadata),
            None => pin.modified_at == modified_at(&metadata),
        };
        let fits = metadata.is_file() && pinned && metadata.size() == pin.size_bytes;
        let opened = Self {
            file,
            path,
            operation,
            metadata,
            remaining: pin.size_bytes,
        };
        if fits {
            Ok(opened)
        } else {
            Err(opened.error(StorageReason::Replaced, "Select the snapshot again."))
        }
    }

    pub(super) fn seek(&mut self, offset: u64) -> Result<(), StorageError> {
        let found = self.file.seek(SeekFrom::Start(offset));
        found
            .map(drop)
            .map_err(|source| failure(self.operation, &self.path, source))
    }

    /// Reads the next bytes, at most `limit`; `None` once all pinned bytes were given. The last
    /// bytes are only given if the file is still what it was when it was opened.
    pub(super) fn next_chunk(&mut self, limit: u64) -> Result<Option<Bytes>, StorageError> {
        if self.remaining == 0 {
            return Ok(None);
        }
        let wanted = limit.min(self.remaining);
        let last = wanted == self.remaining;
        let bytes = if last {
            self.read_exactly(wanted)?
        } else {
            self.read_some(wanted)?
        };
        self.remaining -= wanted;
        Ok(Some(bytes))
    }

    /// Reads exactly this many bytes from here, of a file that did not change meanwhile.
    pub(super) fn read_exactly(&mut self, wanted: u64) -> Result<Bytes, StorageError> {
        let bytes = self.read_some(wanted)?;
        let now = self
            .file
            .metadata()
            .map_err(|source| failure(self.operation, &self.path, source))?;
        if is_unchanged(&self.metadata, &now) {
            return Ok(bytes);
        }
        Err(self.error(
            StorageReason::Replaced,
            "It changes while it is read; let its writer end.",
        ))
    }

    fn read_some(&mut self, wanted: u64) -> Result<Bytes, StorageError> {
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        (&mut self.file)
            .take(wanted)
            .read_to_end(&mut bytes)
            .map_err(|source| failure(self.operation, &self.path, source))?;
        if bytes.len() as u64 == wanted {
            return Ok(bytes.into());
        }
        Err(self.error(
            StorageReason::Truncated,
            "It was cut while it was read; look at its writer.",
        ))
    }

    fn error(&self, reason: StorageReason, hint: &str) -> StorageError {
        StorageError {
            operation: self.operation,
            subject: self.path.display().to_string(),
            reason,
            hint: hint.into(),
            source: None,
        }
    }
}

/// Finds the regular file with this key, with its metadata; a key that leads out of the root has
/// none.
fn locate(
    root: &Path,
    key: &Key,
    operation: Operation,
) -> Result<(PathBuf, Metadata), StorageError> {
    let root = fs::canonicalize(root).map_err(|source| failure(operation, root, source))?;
    let path = root.join(key.as_str().trim_start_matches('/'));
    let found = || {
        if !is_plain(key.as_str()) {
            return Err(ErrorKind::NotFound.into());
        }
        let parent = path.parent().unwrap_or(&root);
        if fs::canonicalize(parent)? != parent {
            return Err(ErrorKind::NotFound.into());
        }
        resolve(&root, &path)
    };
    found().map_err(|source: io::Error| failure(operation, &path, source))
}

/// Finds the file at a path, or the file below the root that a link there leads to.
pub(super) fn resolve(root: &Path, path: &Path) -> io::Result<(PathBuf, Metadata)> {
    let own = fs::symlink_metadata(path)?;
    if own.is_file() {
        return Ok((path.into(), own));
    }
    if own.is_symlink() {
        let target = fs::canonicalize(path)?;
        let metadata = fs::symlink_metadata(&target)?;
        if target.starts_with(root) && metadata.is_file() {
            return Ok((target, metadata));
        }
    }
    Err(ErrorKind::NotFound.into())
}

/// True if every segment of a key is the name of an entry: not empty, not `.`, not `..`.
pub(super) fn is_plain(key: &str) -> bool {
    key.split('/')
        .all(|segment| !matches!(segment, "" | "." | "..") && !segment.contains('\0'))
}

/// Makes an error of the operating system into one that an operator can act on.
pub(super) fn failure(operation: Operation, path: &Path, source: io::Error) -> StorageError {
    let shown = path.display();
    let (reason, hint) = match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => (
            StorageReason::NotFound,
            format!("Create or mount {shown}, or correct the path."),
        ),
        ErrorKind::PermissionDenied => {
            let uid = geteuid().as_raw();
            let hint = format!("Let uid {uid} read {shown} and search every directory above it.");
            (StorageReason::AccessDenied, hint)
        }
        _ => (StorageReason::Io, String::new()),
    };
    let subject = shown.to_string();
    StorageError {
        operation,
        subject,
        reason,
        hint,
        source: Some(Box::new(source)),
    }
}

/// Makes the entity tag of a file. It is without the device's number, which changes when a network
/// file system is mounted again. It is with the time of the last status change, as in Git's index
/// (`core.trustCtime`): a file that is rewritten and given its old modification time back is
/// another one.
fn etag(metadata: &Metadata) -> String {
    let modified = (metadata.mtime(), metadata.mtime_nsec());
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    format!(
        "{:x}-{:x}-{:x}.{:x}-{:x}.{:x}",
        metadata.ino(),
        metadata.size(),
        modified.0,
        modified.1,
        changed.0,
        changed.1
    )
}

/// True if the content of an open file is what it was. If the file was deleted or linked meanwhile,
/// or another put in its place, the number of its links changes, which explains a new status time.
fn is_unchanged(before: &Metadata, now: &Metadata) -> bool {
    etag(before) == etag(now)
        || before.nlink() != now.nlink()
            && before.size() == now.size()
            && before.modified().ok() == now.modified().ok()
}

fn modified_at(metadata: &Metadata) -> Timestamp {
    let nanoseconds = i32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    let nearest = if metadata.mtime() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::new(metadata.mtime(), nanoseconds).unwrap_or(nearest)
}
