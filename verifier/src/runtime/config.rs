//! The configuration of runtimes.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use catalog::config::Pull;

use super::Instance;

/// The part of configuration and environment that runtimes are opened with; each takes what it
/// needs.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// This installation: a sweep removes its leftovers when no process holds them.
    pub instance: Arc<Instance>,
    /// When images are pulled (`verifier.pull`).
    pub pull: Pull,
    /// Longest pull of one image.
    pub pull_limit: Duration,
    /// Variables in the environment of the verifier.
    pub variables: Variables,
    /// Directories searched for programs of this machine: `verifier.programs`, then `PATH`.
    pub program_dirs: Vec<PathBuf>,
    /// Directory of this machine below which runs have theirs.
    pub run_root: PathBuf,
}

/// A reader of environment variables.
#[derive(Clone)]
pub struct Variables(Arc<Read>);

type Read = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Variables {
    /// Variables that `read` returns by their names.
    pub fn new(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Returns the variable of this name, if it is set.
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }
}

/// Prints no values, which may be secret.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")
    }
}
