//! The table of all runtimes.

use std::sync::Arc;

use catalog::ledger::Reason;

use super::{Runtime, RuntimeConfig, SandboxError, docker::DockerRuntime, process::ProcessRuntime};

/// One row: a runtime by its name.
#[derive(Debug)]
pub struct RuntimeRow {
    /// Name of the runtime, as in [`catalog::config::RUNTIMES`], which says what the configuration
    /// knows of it.
    pub name: &'static str,
    open: fn(&RuntimeConfig) -> Arc<dyn Runtime>,
}

/// Every runtime of this version.
pub static RUNTIMES: [RuntimeRow; 2] = [
    RuntimeRow {
        name: "docker",
        open: |config| Arc::new(DockerRuntime::new(config)),
    },
    RuntimeRow {
        name: "process",
        open: |config| Arc::new(ProcessRuntime::new(config)),
    },
];

/// Returns the runtime called `name`, which connects to nothing yet. Errs with the known names if
/// there is no such runtime.
pub fn open(name: &str, config: &RuntimeConfig) -> Result<Arc<dyn Runtime>, SandboxError> {
    let row = RUNTIMES.iter().find(|row| row.name == name);
    let row = row.ok_or_else(|| {
        let known: Vec<_> = RUNTIMES.iter().map(|row| row.name).collect();
        let message = format!(
            "there is no runtime {name:?}\nhint: Write one of {}.",
            known.join(", ")
        );
        SandboxError::new(Reason::RuntimeUnavailable, message)
    })?;
    Ok((row.open)(config))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::runtime::{Instance, Pull, Variables};

    #[test]
    fn what_the_configuration_calls_built_is_here_under_its_name_and_nothing_else() {
        let state = tempfile::tempdir().unwrap();
        let config = RuntimeConfig {
            instance: Arc::new(Instance::open(state.path(), "table").unwrap()),
            pull: Pull::Never,
            pull_limit: Duration::ZERO,
            variables: Variables::new(|_| None),
            program_dirs: Vec::new(),
            run_root: state.path().into(),
        };
        let known = catalog::config::RUNTIMES.iter();
        let mut built: Vec<_> = known.filter(|it| it.is_built).map(|it| it.name).collect();
        built.sort_unstable();
        let mut here = Vec::new();
        for row in &RUNTIMES {
            here.push(row.name);
            assert_eq!((row.open)(&config).name(), row.name);
        }
        here.sort_unstable();
        assert_eq!(built, here);
        let error = open("podman", &config).unwrap_err().to_string();
        assert!(
            error.contains("hint: Write one of docker, process."),
            "{error}"
        );
    }
}
