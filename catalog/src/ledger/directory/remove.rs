//! Removing one record durably.
//!
//! Each removal is synced before the next: if a later one could outlive a crash and an earlier one
//! not, records would be missing in the middle of the chain.

use std::{fs, io, path::Path};

use super::create::sync_directory;
use crate::{fault, ledger::name::file_name, model::SourceName};

pub(super) fn remove(root: &Path, source: &SourceName, sequence: u64) -> io::Result<()> {
    let directory = root.join(source.as_str());
    match fs::remove_file(directory.join(file_name(sequence))) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed?,
    }
    fault::point("evidence.removed")?;
    sync_directory(&directory)?;
    fault::point("evidence.removal_synced")
}
