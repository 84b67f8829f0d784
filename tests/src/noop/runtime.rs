//! A runtime that walls nothing in: a directory for each run, and commands of this machine in it.
//! It proves that nothing else knows of runtimes.
//!
//! It is for tests only: whatever a sandbox of it does, this machine does. Servers of a verifier
//! that was killed live on.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use catalog::ledger::Reason;
use jiff::Timestamp;
use verifier::runtime::{
    ImageFacts, Instance, RunId, Runtime, RuntimeConfig, Sandbox, SandboxError, SandboxSpec,
    SweepOutcome, SweepPolicy,
};

use super::sandbox::NoopSandbox;

/// As it is written in records.
pub const NAME: &str = "noop";

/// In the directory of a run: the verifier that it belongs to, and its deadline in seconds.
const OWNER: &str = "owner";

/// The runtime. What it calls images are programs, by name or path.
#[derive(Debug)]
pub struct NoopRuntime {
    instance: Arc<Instance>,
    program_dirs: Vec<PathBuf>,
    root: PathBuf,
    running: Mutex<HashMap<RunId, Arc<NoopSandbox>>>,
}

/// Opens it, as the row of a table does.
pub fn open(config: &RuntimeConfig) -> Arc<dyn Runtime> {
    Arc::new(NoopRuntime {
        instance: Arc::clone(&config.instance),
        program_dirs: config.program_dirs.clone(),
        root: config.run_root.clone(),
        running: Mutex::default(),
    })
}

impl NoopRuntime {
    fn program(&self, name: &str) -> Option<ImageFacts> {
        let mut paths = self
            .program_dirs
            .iter()
            .map(|directory| directory.join(name));
        let path = paths.find(|path| path.is_file())?;
        Some(ImageFacts {
            image: path.display().to_string(),
            id: None,
            present: true,
            version_texts: Vec::new(),
        })
    }

    fn make(&self, run: &RunId, spec: &SandboxSpec) -> io::Result<Arc<NoopSandbox>> {
        self.instance.hold(run)?;
        let directory = self.root.join(&run.0);
        fs::create_dir_all(directory.join(super::sandbox::DATA))?;
        let deadline = spec.deadline.as_second();
        let owner = format!("{}\n{deadline}\n", self.instance.id());
        fs::write(directory.join(OWNER), owner)?;
        let mut ports = BTreeMap::new();
        for port in &spec.ports {
            let free = TcpListener::bind("127.0.0.1:0")?;
            ports.insert(*port, free.local_addr()?.port());
        }
        let sandbox = Arc::new(NoopSandbox::new(directory, spec, ports));
        self.running().insert(run.clone(), Arc::clone(&sandbox));
        Ok(sandbox)
    }

    fn create(&self, run: &RunId, spec: &SandboxSpec) -> Result<Arc<dyn Sandbox>, SandboxError> {
        let sandbox = self.make(run, spec).map_err(lost)?;
        let free = sandbox.free().map_err(lost)?;
        if free < spec.disk_bytes {
            let message = format!(
                "{NAME}: {free} bytes are free, {} are needed\nhint: Free some.",
                spec.disk_bytes
            );
            return Err(SandboxError::new(Reason::Disk, message));
        }
        Ok(sandbox)
    }

    fn remove(&self, run: &RunId) -> io::Result<()> {
        if let Some(sandbox) = self.running().remove(run) {
            sandbox.end();
        }
        match fs::remove_dir_all(self.root.join(&run.0)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn clear(&self, policy: &SweepPolicy) -> io::Result<SweepOutcome> {
        let mut swept = SweepOutcome::default();
        for entry in fs::read_dir(&self.root)? {
            let run = RunId(entry?.file_name().to_string_lossy().into_owned());
            let (owner, deadline) = owner(&self.root.join(&run.0));
            if policy.gives_up(&self.instance, &run, &owner, deadline) {
                self.remove(&run)?;
                swept.runs.push(run);
            } else {
                swept.spared += 1;
            }
        }
        Ok(swept)
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Arc<NoopSandbox>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose run it is, and until when.
fn owner(directory: &Path) -> (String, Option<Timestamp>) {
    let text = fs::read_to_string(directory.join(OWNER)).unwrap_or_default();
    let (owner, deadline) = text.trim().split_once('\n').unwrap_or_default();
    let deadline = deadline
        .parse()
        .ok()
        .and_then(|it| Timestamp::from_second(it).ok());
    (owner.into(), deadline)
}

/// What this machine did not do.
pub(super) fn lost(error: io::Error) -> SandboxError {
    let message = format!("{NAME}: {error}\nhint: Look at this machine.");
    SandboxError::new(Reason::RuntimeUnavailable, message).caused_by(error)
}

#[async_trait]
impl Runtime for NoopRuntime {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn images(
        &self,
        configured: &[String],
        _: &[&str],
    ) -> Result<Vec<ImageFacts>, SandboxError> {
        let found = configured.iter().filter_map(|name| self.program(name));
        Ok(found.collect())
    }

    async fn provision(
        &self,
        run: &RunId,
        spec: &SandboxSpec,
    ) -> Result<Arc<dyn Sandbox>, SandboxError> {
        self.create(run, spec)
    }

    async fn destroy(&self, run: &RunId) -> Result<(), SandboxError> {
        self.instance.release(run);
        self.remove(run).map_err(lost)
    }

    async fn sweep(&self, policy: &SweepPolicy) -> Result<SweepOutcome, SandboxError> {
        self.clear(policy).map_err(lost)
    }

    async fn probe(&self) -> Result<String, SandboxError> {
        Ok(format!("{NAME} (this machine, for tests)"))
    }
}
