//! Every runtime, on one screen.

use std::sync::Arc;

use catalog::evidence::Reason;

use super::{DockerRuntime, ProcessRuntime, Runtime, RuntimeConfig, SandboxError};

/// One way to provide sandboxes.
#[derive(Debug)]
pub struct RuntimeRow {
    /// As written behind `verifier.runtime`.
    pub name: &'static str,
    /// One sentence for `doctor` and the reference.
    pub about: &'static str,
    open: fn(&RuntimeConfig) -> Arc<dyn Runtime>,
}

/// Every runtime there is.
pub const RUNTIMES: &[RuntimeRow] = &[
    RuntimeRow {
        name: "docker",
        about: "a container without network in a Docker engine (DOCKER_HOST, else the local one)",
        open: |config| Arc::new(DockerRuntime::new(config)),
    },
    RuntimeRow {
        name: "process",
        about: "programs of this machine, without a memory limit; for development and the demo",
        open: |config| Arc::new(ProcessRuntime::new(config)),
    },
];

/// The runtime called `name`; connects to nothing yet.
pub fn open(name: &str, config: &RuntimeConfig) -> Result<Arc<dyn Runtime>, SandboxError> {
    let row = RUNTIMES
        .iter()
        .find(|row| row.name == name)
        .ok_or_else(|| {
            let known: Vec<_> = RUNTIMES.iter().map(|row| row.name).collect();
            let message = format!(
                "there is no runtime {name:?}\nhint: Write one of {}.",
                known.join(", ")
            );
            SandboxError::new(Reason::RuntimeUnavailable, message)
        })?;
    Ok((row.open)(config))
}
