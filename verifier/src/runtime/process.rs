//! Sandboxes made of this machine's own programs: for development and the demo, asked for by name.
//!
//! A sandbox is a process group with a user and (as root) a network of its own, in a directory of
//! its own. That is weaker than a container: there is no memory limit, and the machine's files can
//! be read. The record says so.

mod children;
mod directory;
mod keeper;
mod programs;
mod remove;
mod root;
mod sandbox;
mod server;
mod streams;

use std::{collections::BTreeMap, net::TcpListener, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use catalog::ledger::Reason;

use self::{
    children::Confinement, directory::RunDirectory, keeper::Keeper, sandbox::ProcessSandbox,
};
use super::{
    ImageFacts, Instance, RunId, Runtime, RuntimeConfig, Sandbox, SandboxError, SandboxSpec,
    SweepOutcome, SweepPolicy,
};

/// The runtime whose sandboxes run this machine's programs.
#[derive(Debug)]
pub(super) struct ProcessRuntime {
    instance: Arc<Instance>,
    program_dirs: Vec<PathBuf>,
    run_root: PathBuf,
}

impl ProcessRuntime {
    /// Looks for programs in `config.program_dirs` and keeps run directories below
    /// `config.run_root`.
    pub(super) fn new(config: &RuntimeConfig) -> Self {
        Self {
            instance: Arc::clone(&config.instance),
            program_dirs: config.program_dirs.clone(),
            run_root: config.run_root.clone(),
        }
    }
}

/// Reason for an error of the file system: a full disk is no broken runtime.
fn reason_of(error: &std::io::Error) -> Reason {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Reason::Disk,
        _ => Reason::RuntimeUnavailable,
    }
}

/// Maps each port that an engine uses to the one that its server is to listen on. In a network of
/// its own every port is free; on the machine's network free ones are looked for.
fn reserve(ports: &[u16], isolated: bool) -> std::io::Result<BTreeMap<u16, u16>> {
    if isolated {
        return Ok(ports.iter().map(|port| (*port, *port)).collect());
    }
    let taken: Vec<_> = ports
        .iter()
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect();
    let free = taken
        .into_iter()
        .map(|listener| Ok(listener?.local_addr()?.port()));
    let free: std::io::Result<Vec<_>> = free.collect();
    Ok(ports.iter().copied().zip(free?).collect())
}

#[async_trait]
impl Runtime for ProcessRuntime {
    fn name(&self) -> &'static str {
        "process"
    }

    async fn images(
        &self,
        _configured: &[String],
        programs: &[&str],
    ) -> Result<Vec<ImageFacts>, SandboxError> {
        Ok(programs::find(&self.program_dirs, programs).await)
    }

    async fn provision(
        &self,
        run: &RunId,
        spec: &SandboxSpec,
    ) -> Result<Arc<dyn Sandbox>, SandboxError> {
        let said = |what: &str, error: std::io::Error| {
            let message = format!(
                "process: {what}: {error}\nhint: The directory {} must be writable for this user.",
                self.run_root.display()
            );
            SandboxError::new(reason_of(&error), message).caused_by(error)
        };
        root::trusted(&self.run_root)?;
        self.instance
            .hold(run)
            .map_err(|error| said("locking the run", error))?;
        let confinement = Confinement::of_this_user();
        let directory = RunDirectory::create(
            &self.run_root,
            run,
            self.instance.id(),
            spec.deadline,
            confinement.owner(),
        );
        let directory = directory.map_err(|error| said("making its directory", error))?;
        let keeper = Keeper::start(confinement.is_root());
        let keeper = keeper.map_err(|error| said("starting its thread", error))?;
        let isolated = keeper.is_isolated();
        let ports = reserve(&spec.ports, isolated);
        let ports = ports.map_err(|error| said("reserving its ports", error))?;
        let mut sandbox = ProcessSandbox::new(run, spec, directory, (keeper, confinement), ports);
        let look = sandbox.look().await?;
        look.fit("process", spec)?;
        sandbox.saw(&look, spec.image.version_texts.first());
        Ok(Arc::new(sandbox))
    }

    async fn destroy(&self, run: &RunId) -> Result<(), SandboxError> {
        // The run is over in any case: what could not be removed is for a sweep.
        self.instance.release(run);
        remove::remove(&self.run_root, run).await
    }

    async fn sweep(&self, policy: &SweepPolicy) -> Result<SweepOutcome, SandboxError> {
        remove::sweep(&self.run_root, &self.instance, policy).await
    }

    async fn probe(&self) -> Result<String, SandboxError> {
        if programs::locate(&self.program_dirs, "setpriv").is_some() {
            return Ok("process (programs of this machine, without a memory limit)".to_owned());
        }
        Err(SandboxError::new(
            Reason::RuntimeUnavailable,
            "process: setpriv is not on the PATH\nhint: Install util-linux, or use \
             verifier.runtime: docker.",
        ))
    }
}
