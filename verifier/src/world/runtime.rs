//! The configured runtime, and what every verification shares.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use catalog::ledger::ToolRecord;
use toolkit::problem::render;

use super::World;
use crate::{
    console::Refusal,
    identity,
    lease::Leases,
    runtime::{self, Instance, Runtime, RuntimeConfig, Variables},
    supervise::Context,
};

/// Directory in which runs have theirs on this machine: stable, so that a sweep finds them, and
/// traversable, so that the unprivileged user of a sandbox reaches its own.
fn run_root() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    Path::new("/var/tmp").join(format!("backup-witness-{user}"))
}

/// Longest pull of one image: a gigabyte over a slow line.
const PULL_MAX: Duration = Duration::from_mins(15);

impl World {
    /// This installation of the verifier; errs if its state directory cannot be used.
    fn instance(&self) -> Result<Arc<Instance>, Refusal> {
        if let Some(instance) = self.instance.get() {
            return Ok(Arc::clone(instance));
        }
        let directory = Instance::default_directory(self.env);
        let instance = Instance::open(&directory, &identity::new_id())
            .map_err(|error| Refusal::unknown(render(&error, None)))?;
        Ok(Arc::clone(self.instance.get_or_init(|| Arc::new(instance))))
    }

    /// The leases beside the records; errs if no evidence is configured, or this installation has
    /// no state.
    pub(super) fn leases(&self) -> Result<Leases, Refusal> {
        let evidence = Arc::clone(self.evidence()?);
        let instance = self.instance()?.for_leases();
        let instance = instance.map_err(|error| Refusal::unknown(render(&error, None)))?;
        let clock = self.clock.clone();
        Ok(Leases::new(
            evidence,
            Arc::new(instance),
            clock,
            identity::host(),
        ))
    }

    /// The configured runtime, which connects to nothing yet; errs if it cannot be set up as
    /// configured.
    pub fn runtime(&self) -> Result<Arc<dyn Runtime>, Refusal> {
        let verifier = &self.config.verifier;
        let named = verifier
            .programs
            .values()
            .filter_map(|program| program.parent());
        let path = (self.env)("PATH").unwrap_or_default();
        let config = RuntimeConfig {
            instance: self.instance()?,
            pull: verifier.pull,
            pull_limit: PULL_MAX,
            variables: Variables::new(self.env),
            program_dirs: named
                .map(Into::into)
                .chain(std::env::split_paths(&path))
                .collect(),
            run_root: run_root(),
        };
        runtime::open(verifier.runtime.name, &config)
            .map_err(|error| Refusal::usage(render(&error, None)))
    }

    /// What every verification of this program shares; errs if the runtime cannot be set up.
    pub fn context(&self) -> Result<Context, Refusal> {
        Ok(Context {
            runtime: self.runtime()?,
            clock: self.clock.clone(),
            cancelled: self.cancelled.clone(),
            memory_bytes_max: self.config.verifier.memory_bytes_max,
            disk_bytes_max: self.config.verifier.disk_bytes_max,
            by: identity::host(),
            tool: ToolRecord {
                version: env!("CARGO_PKG_VERSION").into(),
                config_digest: self.config.digest.clone(),
            },
            pipeless: self.pipeless.clone(),
            #[cfg(any(test, feature = "testing"))]
            script: None,
        })
    }
}
