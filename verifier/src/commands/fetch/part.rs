//! The file that is being fetched, `.NAME.part`, and the note beside it that lets it be resumed.
//!
//! A range is noted only after it has reached the disk, and a note is believed only beside the part
//! it was written for: what is noted is there, whatever was killed or lost its power in between.
//! The lock lasts as long as the value, and ends with its process.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read as _},
    ops::Range,
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog::{
    fault,
    storage::{Recomputed, UploadChecksum},
};
use rustix::{
    fs::{Advice, FlockOperation, OFlags, fadvise, flock},
    io::Errno,
};

use super::{
    error::FetchError,
    plan::{NOTE_BYTES_MAX, Note},
    watch::Watch,
};
use crate::stream::Sha256;

/// Bytes hashed at once.
const HASHED_BYTES: usize = 1024 * 1024;

/// How often a part is opened anew, where other fetches begin and end at the same moment.
const OPENED_MAX: u32 = 100;

/// Where one object goes.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    /// Holds all of them.
    pub(super) directory: PathBuf,
    /// The final name.
    pub(super) whole: PathBuf,
    pub(super) part: PathBuf,
    note: PathBuf,
    new_note: PathBuf,
}

impl Paths {
    /// Of the object that will be called `name`.
    pub(super) fn new(directory: &Path, name: &str) -> Self {
        let beside = |suffix: &str| directory.join(format!(".{name}.part{suffix}"));
        Self {
            directory: directory.into(),
            whole: directory.join(name),
            part: beside(""),
            note: beside(".json"),
            new_note: beside(".json.new"),
        }
    }

    /// What was created or renamed is still there after the power fails.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn save(&self, note: &Note) -> io::Result<()> {
        fault::point("fetch.written")?;
        fs::write(&self.new_note, serde_json::to_vec(note)?)?;
        fs::rename(&self.new_note, &self.note)?;
        fault::point("fetch.noted")
    }

    fn remove_note(&self) {
        let _ = fs::remove_file(&self.note);
        let _ = fs::remove_file(&self.new_note);
    }
}

/// A part that is ours alone.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) file: Arc<File>,
    pub(super) paths: Paths,
    note: Note,
}

impl Part {
    /// Locks the part and takes over what an earlier fetch of the same object left, if `note` knows
    /// it. Blocks.
    pub(super) fn open(paths: Paths, note: Note, size: u64) -> Result<Self, FetchError> {
        let failed = |doing| {
            let path = paths.part.clone();
            move |error| FetchError::local(doing, &path, error)
        };
        let (file, is_new) = lock(&paths.part)?;
        let length = file.metadata().map_err(failed("look at"))?.len();
        let left = (!is_new && length == size).then(|| read_note(&paths.note));
        let resumed = left.flatten().and_then(|left| note.resumed(&left));
        if resumed.is_none() {
            // In this order: no note must ever stand beside bytes that it was not written for.
            paths.remove_note();
            paths.sync().map_err(failed("begin"))?;
            file.set_len(0).map_err(failed("empty"))?;
            file.set_len(size).map_err(failed("begin"))?;
        }
        fault::point("fetch.began").map_err(failed("begin"))?;
        Ok(Self {
            file: Arc::new(file),
            note: resumed.unwrap_or(note),
            paths,
        })
    }

    /// Removes what earlier fetches left of a file that is whole, unless one of them still runs.
    /// Blocks.
    pub(super) fn sweep(paths: &Paths) {
        let held = paths.part.exists().then(|| lock(&paths.part));
        if held.is_none_or(|held| held.is_ok()) {
            paths.remove_note();
            let _ = fs::remove_file(&paths.part);
        }
    }

    /// How many bytes are there.
    pub(super) fn bytes(&self) -> u64 {
        self.note.written.bytes()
    }

    /// What is not, in pieces.
    pub(super) fn missing(
        &self,
        size: u64,
        piece: u64,
    ) -> impl Iterator<Item = Range<u64>> + use<> {
        self.note.written.missing(size, piece)
    }

    /// What notes a range that [`write`] has put on the disk; blocks for a moment.
    pub(super) fn noting(
        &mut self,
        range: &Range<u64>,
    ) -> impl FnOnce() -> Result<(), FetchError> + Send + use<> {
        self.note.written.add(range);
        let (note, paths) = (self.note.clone(), self.paths.clone());
        move || {
            let saved = paths.save(&note);
            saved.map_err(|error| FetchError::local("write", &paths.note, error))
        }
    }

    /// Leaves nothing.
    pub(super) fn discard(&self) {
        self.paths.remove_note();
        let _ = fs::remove_file(&self.paths.part);
    }

    /// After the part was given its name.
    pub(super) fn finish(&self) -> Result<(), FetchError> {
        let finished = || {
            fault::point("fetch.named")?;
            self.paths.remove_note();
            fault::point("fetch.swept")?;
            self.paths.sync()
        };
        finished().map_err(|error| FetchError::local("finish", &self.paths.whole, error))
    }
}

/// Puts bytes at their place, on the disk. Blocks.
pub(super) fn write(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    file.write_all_at(bytes, at)?;
    file.sync_data()
}

/// What a whole file holds.
#[derive(Debug)]
pub(super) struct Hashed {
    /// Lower-case hexadecimal.
    pub(super) sha256: String,
    /// Whether the checksum of the upload is its own, where there is one.
    pub(super) as_uploaded: Option<bool>,
}

/// Reads a whole file, as it is on the disk and not as it is remembered; `None` if it was
/// cancelled. Blocks.
pub(super) fn hash(
    file: &File,
    upload: Option<UploadChecksum>,
    watch: &Watch,
) -> io::Result<Option<Hashed>> {
    let Watch {
        cancelled,
        on_bytes,
    } = watch;
    let of = file.metadata()?.len();
    file.sync_all()?;
    // Only an advice: where it is not followed, the page cache answers.
    let _ = fadvise(file, 0, None, Advice::DontNeed);
    let mut digest = Sha256::new();
    let mut upload = upload.map(UploadChecksum::recompute);
    let mut buffer = vec![0; HASHED_BYTES];
    let mut at = 0;
    loop {
        if cancelled.is_cancelled() {
            return Ok(None);
        }
        let read = match file.read_at(&mut buffer, at) {
            Ok(0) => {
                return Ok(Some(Hashed {
                    sha256: digest.finish(),
                    as_uploaded: upload.map(Recomputed::is_equal),
                }));
            }
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        digest.update(&buffer[..read]);
        if let Some(upload) = &mut upload {
            upload.update(&buffer[..read]);
        }
        at += read as u64;
        on_bytes(at, of);
    }
}

/// A note too large to be ours says nothing, nor does one that cannot be read.
fn read_note(path: &Path) -> Option<Vec<u8>> {
    let file = regular(OpenOptions::new().read(true), path).ok()?;
    let mut text = Vec::new();
    file.take(NOTE_BYTES_MAX).read_to_end(&mut text).ok()?;
    Some(text)
}

/// The part at this path, locked, and whether it is new. It is what the path names when the lock is
/// held, and has no other name: a part that was given its final name is never written again.
fn lock(path: &Path) -> Result<(File, bool), FetchError> {
    let failed = |error| FetchError::local("open", path, error);
    for _ in 0..OPENED_MAX {
        let (file, is_new) = match open(path) {
            Ok(opened) => opened,
            Err(error) if error.kind() == ErrorKind::NotFound && !is_lost(path) => continue,
            Err(error) => return Err(failed(error)),
        };
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
            return Ok((file, is_new));
        }
        fs::remove_file(path).map_err(failed)?;
    }
    Err(FetchError::Busy(path.into()))
}

/// Whether not only the part is missing but the directory it belongs in.
fn is_lost(path: &Path) -> bool {
    !path.parent().is_some_and(Path::is_dir)
}

fn open(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().create_new(true).mode(0o600).open(path) {
        Ok(file) => Ok((file, true)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            regular(&mut options, path).map(|file| (file, false))
        }
        Err(error) => Err(error),
    }
}

/// Opens a regular file, never through a link, and never waits for whoever holds a pipe's end.
pub(super) fn regular(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options
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
