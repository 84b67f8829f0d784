//! The steps that put one record, or the marker, durably under its name.
//!
//! A crash between any two of them leaves the whole record or none; a temporary file it may leave
//! begins with `.`, is no record, and is removed by a later append.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use crate::{
    fault,
    ledger::name::{MARKER, MARKER_TEXT, file_name},
    model::SourceName,
};

/// A temporary file this much older than the one being written belongs to nobody any more.
const LEFTOVER_AFTER: Duration = Duration::from_hours(1);

/// How many names are tried for a temporary file, e.g. where a crashed process had our id.
const NAMES_MAX: u32 = 100;

/// Creates the record; `false` if the sequence number is taken.
pub(super) fn create(
    root: &Path,
    source: &SourceName,
    sequence: u64,
    text: &str,
) -> io::Result<bool> {
    let directory = root.join(source.as_str());
    match fs::create_dir(&directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if !put(&directory, &file_name(sequence), text, true)? {
        return Ok(false);
    }
    if sequence == 1 {
        // The source's own directory is new, perhaps made by a writer that died before this.
        sync_directory(root)?;
    }
    fault::point("evidence.synced")?;
    Ok(true)
}

/// Creates the marker; `false` if there is one.
pub(super) fn mark(root: &Path) -> io::Result<bool> {
    put(root, MARKER, MARKER_TEXT, false)
}

/// Creates a reserved file in a directory that exists; `false` if there is one.
pub(super) fn put_reserved(directory: &Path, name: &str, text: &str) -> io::Result<bool> {
    put(directory, name, text, false)
}

/// Returns the time that the file system gives to a new file: over a network, its server's. `None`
/// where no file can be made; the next write says why.
pub(super) fn time(root: &Path) -> Option<SystemTime> {
    let (temporary, file) = temporary_file(root, "clock").ok()?;
    remove_leftovers(root, &file);
    let made = file.metadata().and_then(|meta| meta.modified());
    let _ = fs::remove_file(&temporary);
    made.ok()
}

/// Creates a file with this name and text; `false` if there is one. Only the writing of a record
/// can be stopped by tests.
fn put(directory: &Path, name: &str, text: &str, is_record: bool) -> io::Result<bool> {
    let target = directory.join(name);
    if target.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let (temporary, file) = temporary_file(directory, name)?;
    remove_leftovers(directory, &file);
    let created = write(file, text, is_record).and_then(|()| link(&temporary, &target));
    if !matches!(created, Ok(true)) {
        // A temporary file that cannot be removed now is removed by a later append.
        let _ = fs::remove_file(&temporary);
        return created;
    }
    if is_record {
        fault::point("evidence.linked")?;
    }
    let _ = fs::remove_file(&temporary);
    if is_record {
        fault::point("evidence.unlinked")?;
    }
    sync_directory(directory)?;
    Ok(true)
}

fn write(mut file: File, text: &str, is_record: bool) -> io::Result<()> {
    if is_record {
        fault::point("evidence.created")?;
    }
    file.write_all(text.as_bytes())?;
    if is_record {
        fault::point("evidence.written")?;
    }
    file.sync_all()?;
    if is_record {
        fault::point("evidence.flushed")?;
    }
    Ok(())
}

/// Gives the temporary file its final name too; `false` if that name is taken. Over NFS a link may
/// be made although the call says it was not: then the file has two names (open(2)).
fn link(temporary: &Path, target: &Path) -> io::Result<bool> {
    match fs::hard_link(temporary, target) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(fs::metadata(temporary)?.nlink() == 2)
        }
        Err(error) => Err(error),
    }
}

fn temporary_file(directory: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    for _ in 0..NAMES_MAX {
        let (process, number) = (std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let path = directory.join(format!(".{name}.{process}.{number}.tmp"));
        match File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("no free name for a temporary file"))
}

/// Removes old temporary files where it can. Ages are measured by the file system's own clock,
/// against our fresh file.
fn remove_leftovers(directory: &Path, fresh: &File) {
    let Ok(now) = fresh.metadata().and_then(|meta| meta.modified()) else {
        return;
    };
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with('.') && name.ends_with(".tmp")) {
            continue;
        }
        let modified = entry.metadata().and_then(|meta| meta.modified());
        let age = modified
            .ok()
            .and_then(|modified| now.duration_since(modified).ok());
        if age.is_some_and(|age| age > LEFTOVER_AFTER) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
