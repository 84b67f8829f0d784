//! The part of the configuration that belongs to a storage driver, before anything is opened.

use std::{
    fmt::{Debug, Display},
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use settings::{Place, Problems};

use super::Storage;

/// One place of a driver, as it is configured: the value behind the driver's key. Its `Display` is
/// the place for people, e.g. a path or a URL.
///
/// [`drivers`](crate::drivers) has the table of all drivers, and answers these questions of a
/// place whose driver need not be known.
pub trait DriverConfig:
    Clone + Debug + Display + PartialEq + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// Name of the driver's key in a repository of the configuration file; none that every
    /// repository has.
    const KEY: &'static str;

    /// One sentence about the value, for the JSON Schema.
    const ABOUT: &'static str;

    /// The key with its shortest value, for hints.
    const EXAMPLE: &'static str;

    /// Returns the same place for records, which lie below it and not beside it.
    #[must_use]
    fn for_records(self) -> Self {
        self
    }

    /// Returns the value as it is used: paths are [`absolute`]. Whatever can be found wrong or
    /// doubtful without asking the store is added to `problems`. `place` is that of the value,
    /// `base` the directory of the configuration file.
    #[must_use]
    fn checked(self, place: &Place, base: &Path, problems: &mut Problems) -> Self;

    /// Makes the driver of this place. Nothing is read yet, so a repository that does not answer is
    /// found out by its first survey.
    fn open(&self) -> Arc<dyn Storage>;

    /// Names the object under `key` of a repository here, for people and their tools; `version` is
    /// that of an older version.
    fn object(&self, key: &str, version: Option<&str>) -> String;

    /// Returns the key in `repository` of what lies at `name` below this place; `None` if it is
    /// outside.
    fn key_in(&self, repository: &Self, name: &str) -> Option<String>;

    /// Returns the directory of this machine that the place is; `None` if it is no directory.
    fn directory(&self) -> Option<&Path> {
        None
    }
}

/// Makes a path of the configuration file absolute: it is relative to the directory of that file.
pub fn absolute(base: &Path, path: &Path) -> PathBuf {
    let joined = base.join(path);
    std::path::absolute(&joined).unwrap_or(joined)
}
