//! What runtimes are opened with.

use std::{path::PathBuf, sync::Arc, time::Duration};

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
    /// `DOCKER_HOST`, else the default socket.
    pub docker_host: Option<String>,
    /// Where the process runtime looks for programs: `verifier.programs`, then `PATH`.
    pub program_dirs: Vec<PathBuf>,
    /// Where the process runtime keeps its run directories.
    pub run_root: PathBuf,
}
