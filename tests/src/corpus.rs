//! Real inputs that nobody in this project made.
//!
//! They are not part of the repository: `FOREIGN_CORPUS` names their folder.

use std::{env, path::PathBuf};

use crate::require::{Probe, skipped};

/// The folder, unless it is not there: then the test is skipped by name and counted.
pub fn folder(part: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let folder = env::var_os("FOREIGN_CORPUS")
        .map_or(default.into(), PathBuf::from)
        .join(part);
    let probe: Probe = if folder.is_dir() {
        Ok(())
    } else {
        Err(format!("no folder {part} in what FOREIGN_CORPUS names"))
    };
    (!skipped("corpus", probe)).then_some(folder)
}
