//! The file that is being fetched, `.NAME.part`, the note beside it, and the final name.
//!
//! The file is always the beginning of the object. The note says of which one; it is written once,
//! before the first byte. A piece is written only after all before it has reached the disk, so that
//! the length alone tells where to go on ([`Identity::believed`]), whatever was killed or lost its
//! power in between. The lock lasts as long as the value, and ends with its process.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    ops::Range,
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use catalog::{
    digest::Sha256,
    fault,
    model::{Pin, RepositoryName, lasting_version},
    storage::{Recomputed, UploadChecksum},
};
use rustix::{
    fs::{Advice, CWD, FlockOperation, OFlags, RenameFlags, fadvise, flock, renameat_with},
    io::Errno,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::error::FetchError;
use crate::supervise::{OnProgress, Progress};

/// Bytes hashed at once.
const HASHED_BYTES: usize = 1024 * 1024;

/// Number of times that a part is opened anew, where other fetches begin and end at that moment.
const OPENED_MAX: u32 = 100;

/// The listener to the reading of a file, and the token that ends the reading.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) cancelled: CancellationToken,
    pub(super) tell: OnProgress,
}

/// The exact object that a part is of.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// All that the note holds. `None` for an object with neither a lasting version nor an entity
    /// tag: its bytes may be others by the next fetch, so its part is never gone on with.
    pub(super) note: Option<Vec<u8>>,
    pub(super) size_bytes: u64,
    /// Most bytes written at once; not 0.
    pub(super) piece_bytes: u64,
}

impl Identity {
    /// The identity of the object that `pin` names, which is written in pieces of so many bytes.
    pub(super) fn new(repository: &RepositoryName, pin: &Pin, piece_bytes: u64) -> Self {
        let version = lasting_version(pin.version_id.as_deref());
        let exact = version.is_some() || pin.etag.is_some();
        let note = json!({
            // 1 was the layout whose note named ranges of a part that had its full size at once.
            "schema": 2,
            "repository": repository.as_str(),
            "key": pin.key.as_str(),
            "version_id": pin.version_id.clone(),
            "etag": pin.etag.clone(),
            // The precision that every answer of every store has.
            "modified_at": pin.modified_at.as_second(),
            "size_bytes": pin.size_bytes,
            "piece_bytes": piece_bytes,
        });
        Self {
            note: exact.then(|| note.to_string().into_bytes()),
            size_bytes: pin.size_bytes,
            piece_bytes,
        }
    }

    /// The bytes of a part of `length` bytes that are the object's, after whatever ended the fetch
    /// that wrote it: all pieces but the last one, begun or whole. That one may be a hole.
    pub(super) fn believed(&self, length: u64) -> u64 {
        if length > self.size_bytes {
            return 0;
        }
        length.saturating_sub(1) / self.piece_bytes * self.piece_bytes
    }

    /// The pieces behind the first `from` bytes, in order.
    pub(super) fn missing(&self, from: u64) -> impl Iterator<Item = Range<u64>> + use<> {
        let (size, piece) = (self.size_bytes, self.piece_bytes);
        let numbers = from / piece..size.div_ceil(piece);
        numbers.map(move |it| it * piece..size.min((it + 1).saturating_mul(piece)))
    }
}

/// The paths of one object.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    /// The directory of all these paths.
    directory: PathBuf,
    /// Path of the final name.
    pub(super) whole: PathBuf,
    part: PathBuf,
    note: PathBuf,
}

impl Paths {
    /// The places of the object that will be called `name`.
    pub(super) fn new(directory: &Path, name: &str) -> Self {
        Self {
            directory: directory.into(),
            whole: directory.join(name),
            part: directory.join(format!(".{name}.part")),
            note: directory.join(format!(".{name}.part.json")),
        }
    }

    /// True if a file of this size has the final name.
    ///
    /// # Errors
    ///
    /// [`FetchError::Taken`] if something else has it.
    pub(super) fn is_taken(&self, size_bytes: u64) -> Result<bool, FetchError> {
        match fs::symlink_metadata(&self.whole) {
            Ok(there) if there.is_file() && there.len() == size_bytes => Ok(true),
            Ok(_) => Err(FetchError::Taken(self.whole.clone())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(FetchError::local("look at", &self.whole, error)),
        }
    }

    /// Reads the file that has the final name. Blocks.
    pub(super) fn hash(
        &self,
        upload: Option<UploadChecksum>,
        watch: &Watch,
    ) -> Result<Hashed, FetchError> {
        let file = regular(OpenOptions::new().read(true), &self.whole);
        let file = file.map_err(|error| FetchError::local("read", &self.whole, error))?;
        hash(&file, &self.whole, upload, watch)
    }

    /// Removes what earlier fetches left of a file that is whole, unless one of them still runs.
    /// Blocks.
    pub(super) fn sweep(&self) {
        if let Ok(_held) = lock(&self.part) {
            self.discard();
        }
    }

    /// Removes the part and its note.
    pub(super) fn discard(&self) {
        let _ = fs::remove_file(&self.note);
        let _ = fs::remove_file(&self.part);
    }

    /// Makes what was created or renamed still be there after the power fails.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn is_noted(&self, note: &[u8]) -> io::Result<bool> {
        let file = regular(OpenOptions::new().read(true), &self.note)?;
        let mut found = Vec::new();
        // One byte more than there should be tells another note apart.
        file.take(note.len() as u64 + 1).read_to_end(&mut found)?;
        Ok(found == note)
    }

    fn write_note(&self, note: &[u8]) -> io::Result<()> {
        let mut file = File::create_new(&self.note)?;
        file.write_all(note)?;
        file.sync_all()
    }
}

/// A part that this process has locked.
#[derive(Debug)]
pub(super) struct PartFile {
    file: File,
    pub(super) paths: Paths,
    /// Number of bytes written: all of them are the object's, and on the disk.
    pub(super) bytes: u64,
}

impl PartFile {
    /// Locks the part, and goes on with what an earlier fetch of the same object left. Blocks.
    pub(super) fn open(paths: Paths, identity: &Identity) -> Result<Self, FetchError> {
        let file = lock(&paths.part)?;
        let bytes = begin(&file, &paths, identity);
        let bytes = bytes.map_err(|error| FetchError::local("begin", &paths.part, error))?;
        Ok(Self { file, paths, bytes })
    }

    /// Appends one piece and waits until it is on the disk. Blocks.
    pub(super) fn append(mut self, piece: &[u8]) -> Result<Self, FetchError> {
        let write = || {
            self.file.write_all_at(piece, self.bytes)?;
            fault::point("fetch.written")?;
            self.file.sync_data()?;
            fault::point("fetch.synced")
        };
        write().map_err(|error| FetchError::local("write", &self.paths.part, error))?;
        self.bytes += piece.len() as u64;
        Ok(self)
    }

    /// Reads the part back. Blocks.
    pub(super) fn hash(
        &self,
        upload: Option<UploadChecksum>,
        watch: &Watch,
    ) -> Result<Hashed, FetchError> {
        hash(&self.file, &self.paths.part, upload, watch)
    }

    /// Gives the part its final name; `sha256` is the digest of the part. `false` if this very
    /// content already had the name. Blocks.
    pub(super) fn place(&self, sha256: &str, watch: &Watch) -> Result<bool, FetchError> {
        let Paths { part, whole, .. } = &self.paths;
        let renamed = fault::point("fetch.hashed").and_then(|()| rename(part, whole));
        match renamed {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let there = self.paths.is_taken(self.bytes)?;
                if !there || self.paths.hash(None, watch)?.sha256 != sha256 {
                    return Err(FetchError::Taken(whole.clone()));
                }
                self.paths.discard();
                return Ok(false);
            }
            Err(error) => return Err(FetchError::local("name", whole, error)),
        }
        let finish = || {
            fault::point("fetch.named")?;
            let _ = fs::remove_file(&self.paths.note);
            fault::point("fetch.swept")?;
            self.paths.sync()
        };
        finish().map_err(|error| FetchError::local("finish", whole, error))?;
        Ok(true)
    }
}

/// Returns the number of bytes left by an earlier fetch that are gone on with. If there are none,
/// the part is emptied and a note is written, in the order that never lets a note stand beside
/// bytes of another object: the note comes only when the bytes before it are gone, and bytes only
/// when it has reached the disk.
fn begin(file: &File, paths: &Paths, identity: &Identity) -> io::Result<u64> {
    let believed = identity.believed(file.metadata()?.len());
    let note = identity.note.as_deref();
    let noted = note.is_some_and(|note| paths.is_noted(note).unwrap_or(false));
    if believed > 0 && noted {
        file.set_len(believed)?;
        return Ok(believed);
    }
    file.set_len(0)?;
    file.sync_all()?;
    fault::point("fetch.emptied")?;
    let _ = fs::remove_file(&paths.note);
    note.map_or(Ok(()), |note| paths.write_note(note))?;
    paths.sync()?;
    fault::point("fetch.noted")?;
    Ok(0)
}

/// The digest of a whole file.
#[derive(Debug)]
pub(super) struct Hashed {
    /// SHA-256, lower-case hexadecimal.
    pub(super) sha256: String,
    /// True if the file has the checksum of the upload; `None` where there is no such checksum.
    pub(super) as_uploaded: Option<bool>,
}

/// Reads a whole file as it is on the disk, not as the page cache has it. Blocks.
fn hash(
    file: &File,
    path: &Path,
    upload: Option<UploadChecksum>,
    watch: &Watch,
) -> Result<Hashed, FetchError> {
    let failed = |error| FetchError::local("read", path, error);
    let of = file.metadata().map_err(failed)?.len();
    file.sync_all().map_err(failed)?;
    // Only an advice: where it is not followed, the page cache answers.
    let _ = fadvise(file, 0, None, Advice::DontNeed);
    let mut digest = Sha256::new();
    let mut upload = upload.map(UploadChecksum::recompute);
    let mut buffer = vec![0; HASHED_BYTES];
    let mut at = 0;
    loop {
        if watch.cancelled.is_cancelled() {
            return Err(FetchError::Interrupted);
        }
        let read = match file.read_at(&mut buffer, at) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        digest.update(&buffer[..read]);
        if let Some(upload) = &mut upload {
            upload.update(&buffer[..read]);
        }
        at += read as u64;
        (watch.tell)(Progress::Bytes { read: at, of });
    }
    Ok(Hashed {
        sha256: digest.finish(),
        as_uploaded: upload.map(Recomputed::is_equal),
    })
}

/// Renames a file and never replaces another. Where the file system cannot promise that in one
/// step, a second name is given first, which it always refuses if the name is taken (rename(2),
/// link(2)).
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        renamed => Ok(renamed?),
    }
}

/// Opens the part at this path and locks it; it is made if it is missing. When the lock is held,
/// this path names it, and nothing else does: a part that was given its final name is never written
/// again.
fn lock(path: &Path) -> Result<File, FetchError> {
    let failed = |error| FetchError::local("open", path, error);
    for _ in 0..OPENED_MAX {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let file = regular(&mut options, path).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(FetchError::Busy(path.into())),
            Err(error) => return Err(failed(error.into())),
        }
        let own = file.metadata().map_err(failed)?;
        if !fs::symlink_metadata(path).is_ok_and(|there| is_same(&own, &there)) {
            continue;
        }
        if own.nlink() == 1 {
            return Ok(file);
        }
        fs::remove_file(path).map_err(failed)?;
    }
    Err(FetchError::Busy(path.into()))
}

/// Opens a regular file, never through a link, and never waits for whoever holds a pipe's end.
fn regular(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options
        .truncate(false)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
