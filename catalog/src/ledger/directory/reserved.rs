//! Reserved files in a directory: created like the marker, whole and durable.

use std::{
    fs,
    io::{self, ErrorKind, Read},
    path::Path,
};

use jiff::Timestamp;

use super::create;
use crate::ledger::{RECORD_BYTES_MAX, ReservedEntry, ReservedPath, reserved::LISTED_MAX};

/// Most directories below each other that are listed; our own are three.
const DEPTH_MAX: usize = 8;

/// Lists the files below a directory in the order of their paths.
pub(super) fn list(root: &Path, below: &ReservedPath) -> io::Result<Vec<ReservedEntry>> {
    let mut entries = Vec::new();
    walk(root, below, DEPTH_MAX, &mut entries)?;
    entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}

fn walk(
    root: &Path,
    below: &ReservedPath,
    depth: usize,
    entries: &mut Vec<ReservedEntry>,
) -> io::Result<()> {
    let listed = match fs::read_dir(root.join(below.as_str())) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        listed => listed?,
    };
    for entry in listed {
        let entry = entry?;
        let name = entry.file_name();
        let is_temporary = |name: &str| {
            let path = Path::new(name);
            name.starts_with('.') && path.extension().is_some_and(|it| it == "tmp")
        };
        let name = name.to_str().filter(|name| !is_temporary(name));
        let Some(path) = name.and_then(|name| below.join(name)) else {
            continue;
        };
        let meta = match entry.metadata() {
            // Another verifier removed the file meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            meta => meta?,
        };
        if meta.is_dir() && depth > 0 {
            walk(root, &path, depth - 1, entries)?;
        } else if meta.is_file() {
            if entries.len() == LISTED_MAX {
                return Err(io::Error::other(format!("more than {LISTED_MAX} files")));
            }
            let modified_at = Timestamp::try_from(meta.modified()?).map_err(io::Error::other)?;
            entries.push(ReservedEntry { path, modified_at });
        }
    }
    Ok(())
}

/// Reads a file; `None` if there is none.
pub(super) fn read(root: &Path, path: &ReservedPath) -> io::Result<Option<String>> {
    let file = match fs::File::open(root.join(path.as_str())) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = String::new();
    file.take(RECORD_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > RECORD_BYTES_MAX {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    Ok(Some(text))
}

/// Creates a file, and the directories above it but not the root; `false` if there is one.
pub(super) fn create(root: &Path, path: &ReservedPath, text: &str) -> io::Result<bool> {
    let target = root.join(path.as_str());
    let directory = target.parent().unwrap_or(root);
    fs::metadata(root)?;
    if fs::create_dir(directory).is_err() {
        fs::create_dir_all(directory)?;
    }
    create::put_reserved(directory, path.name(), text)
}

/// Removes a file; one that is gone is no error.
pub(super) fn remove(root: &Path, path: &ReservedPath) -> io::Result<()> {
    match fs::remove_file(root.join(path.as_str())) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
