//! The configuration file on disk: the only I/O of the configuration beside `mendable`.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use settings::Problems;
use thiserror::Error;
use tracing::warn;

use super::{Config, Loaded, load};

/// Largest file that is read, in bytes; also what the parser allows.
const FILE_MAX: u64 = 1024 * 1024;

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is not readable as text.
    #[error(
        "cannot read the configuration {}\nhint: Name a readable file with --config.file.",
        file.display()
    )]
    Read {
        /// The path as given.
        file: PathBuf,
        /// The operating system's error.
        #[source]
        source: io::Error,
    },
    /// Everything wrong with the file, in the order of the file.
    #[error("{0}")]
    Problems(Problems),
}

/// Reads and checks a configuration file. Errs if the file cannot be read, or if anything in it is
/// wrong.
pub fn load_file(file: &Path) -> Result<Loaded, ConfigError> {
    let read = || {
        let mut text = String::new();
        File::open(file)?
            .take(FILE_MAX + 1)
            .read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read().map_err(|source| ConfigError::Read {
        file: file.into(),
        source,
    })?;
    load(file, &text).map_err(ConfigError::Problems)
}

/// Reads and checks a configuration file for a program that runs already: warnings go to the log.
///
/// # Errors
/// As [`load_file`].
pub fn load_file_again(file: &Path) -> Result<Config, ConfigError> {
    let loaded = load_file(file)?;
    let warnings = loaded.warnings.to_string();
    if !warnings.is_empty() {
        warn!("{warnings}");
    }
    Ok(loaded.config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_told_from_one_that_is_wrong() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("backups.yaml");
        let message = load_file(&file).unwrap_err().to_string();
        assert!(
            message.contains("cannot read the configuration"),
            "{message}"
        );
        assert!(matches!(
            load_file(directory.path()),
            Err(ConfigError::Read { .. })
        ));
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(matches!(load_file(&file), Err(ConfigError::Read { .. })));
        std::fs::write(&file, "schema: 1\n").unwrap();
        assert!(matches!(load_file(&file), Err(ConfigError::Problems(_))));
    }
}
