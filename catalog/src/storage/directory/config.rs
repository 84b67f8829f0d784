//! A directory as it is configured.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Place, Problems};

use super::Directory;
use crate::storage::{DriverConfig, Storage, driver::absolute};

/// The root of a repository that is a directory; absolute once it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct DirectoryRoot(pub PathBuf);

impl fmt::Display for DirectoryRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl DriverConfig for DirectoryRoot {
    const KEY: &'static str = "directory";
    const ABOUT: &'static str = "An absolute path, or one relative to the configuration file.";
    const EXAMPLE: &'static str = "directory: /path";

    fn checked(self, _: &Place, base: &Path, _: &mut Problems) -> Self {
        Self(absolute(base, &self.0))
    }

    fn open(&self) -> Arc<dyn Storage> {
        Arc::new(Directory::new(&self.0))
    }

    fn object(&self, key: &str, _: Option<&str>) -> String {
        self.0.join(key).display().to_string()
    }

    fn key_in(&self, repository: &Self, name: &str) -> Option<String> {
        let within = self.0.join(name);
        let within = within.strip_prefix(&repository.0).ok()?;
        Some(within.display().to_string())
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.0)
    }
}
