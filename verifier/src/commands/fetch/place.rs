//! The last step: the final name, which is given to a whole file or to none, and never taken away
//! from another.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind},
    path::Path,
};

use catalog::{fault, storage::UploadChecksum};
use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};

use super::{
    error::FetchError,
    part::{Hashed, Part, hash, regular},
    watch::Watch,
};

/// Gives the part, whose digest this is, its name. `false` if this very content already had it.
/// Blocks.
pub(super) fn place(part: &Part, sha256: &str, watch: &Watch) -> Result<bool, FetchError> {
    let (from, to) = (&part.paths.part, &part.paths.whole);
    let renamed = fault::point("fetch.hashed").and_then(|()| rename(from, to));
    match renamed {
        Ok(()) => part.finish().map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let there = existing(to, None, watch)?;
            if there.is_none_or(|there| there.sha256 != sha256) {
                return Err(FetchError::Taken(to.clone()));
            }
            part.discard();
            Ok(false)
        }
        Err(error) => Err(FetchError::local("name", to, error)),
    }
}

/// What already has the final name; `None` if nothing has. Blocks.
pub(super) fn existing(
    whole: &Path,
    upload: Option<UploadChecksum>,
    watch: &Watch,
) -> Result<Option<Hashed>, FetchError> {
    let metadata = match fs::symlink_metadata(whole) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FetchError::local("look at", whole, error)),
    };
    if !metadata.is_file() {
        return Err(FetchError::Taken(whole.into()));
    }
    let failed = |error| FetchError::local("read", whole, error);
    let file = regular(OpenOptions::new().read(true), whole).map_err(failed)?;
    let hashed = hash(&file, upload, watch).map_err(failed)?;
    hashed.map(Some).ok_or(FetchError::Interrupted)
}

/// Never replaces anything. Where the file system cannot promise that in one step, a second name is
/// given first, which it always refuses if it is taken (rename(2), link(2)).
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        renamed => Ok(renamed?),
    }
}
