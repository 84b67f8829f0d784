//! What runtimes are opened with.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use catalog::config::Pull;

use super::Instance;

/// What runtimes need of the configuration and the environment; each takes its part.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// Whose leftovers are ours.
    pub instance: Arc<Instance>,
    /// `verifier.pull`.
    pub pull: Pull,
    /// Longest pull of one image.
    pub pull_limit: Duration,
    /// The environment of the verifier.
    pub variables: Variables,
    /// Where programs of this machine are looked for: `verifier.programs`, then `PATH`.
    pub program_dirs: Vec<PathBuf>,
    /// Where directories of runs lie on this machine.
    pub run_root: PathBuf,
}

/// Reads variables of the environment.
#[derive(Clone)]
pub struct Variables(Arc<Read>);

type Read = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Variables {
    /// As `read` tells them by name.
    pub fn new(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The variable of this name, if it is set.
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }
}

/// Without values, which may be secret.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")
    }
}
