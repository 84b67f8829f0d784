//! Replaces a file as a whole.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Replaces a file by way of a temporary one beside it: a reader sees the old file or the new one,
/// never half of one. Errs where the directory cannot be written to.
pub fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(name);
    let written = write_synced(&temporary, text).and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        // The temporary file may never have been made.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_synced(file: &Path, text: &str) -> io::Result<()> {
    let mut open = fs::File::create(file)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}
