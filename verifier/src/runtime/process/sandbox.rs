//! One run directory with its processes as a [`Sandbox`].

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use catalog::ledger::{Egress, Fed, Network, Reason, SandboxRecord, VolumeLimit};
use rustix::process::Signal;
use tokio::{
    process::Child,
    time::{Instant, timeout_at},
};

use super::{
    children::{Confinement, Group, Launch, code, environment},
    directory::RunDirectory,
    keeper::Keeper,
    server::ServerProcess,
    streams::{input, outputs},
};
use crate::runtime::{
    ByteStreamIo, Command, Exit, Feed, RunId, Sandbox, SandboxError, SandboxSpec, ServerId,
    ServerState,
    look::{self, Look},
    pump::{Stop, pump},
};

/// Longest wait until a killed process is gone.
const REAP_LIMIT: Duration = Duration::from_secs(10);

/// Longest time of our own look around.
const LOOK_LIMIT: Duration = Duration::from_secs(30);

/// The sandbox of one run: its directory, and everything that runs there.
#[derive(Debug)]
pub(super) struct ProcessSandbox {
    directory: RunDirectory,
    keeper: Keeper,
    confinement: Confinement,
    env: BTreeMap<String, String>,
    ports: BTreeMap<u16, u16>,
    servers: Mutex<HashMap<u32, ServerProcess>>,
    next: AtomicU32,
    facts: SandboxRecord,
}

impl ProcessSandbox {
    pub(super) fn new(
        run: &RunId,
        spec: &SandboxSpec,
        directory: RunDirectory,
        (keeper, confinement): (Keeper, Confinement),
        ports: BTreeMap<u16, u16>,
    ) -> Self {
        let mut env = environment(&run.0, &spec.image.image, &directory.data());
        env.extend(spec.env.iter().cloned());
        let facts = SandboxRecord {
            runtime: "process".to_owned(),
            fed: Fed::File,
            image: spec.image.image.clone(),
            image_id: None,
            network: if keeper.is_isolated() {
                Network::None
            } else {
                Network::Host
            },
            egress: Egress::NotTried,
            volume_limit: VolumeLimit::None,
            user: String::new(),
            memory_bytes: None,
        };
        Self {
            directory,
            keeper,
            confinement,
            env,
            ports,
            servers: Mutex::default(),
            next: AtomicU32::new(1),
            facts,
        }
    }

    /// Completes the facts for the record with what was seen from inside, and with the program's
    /// version.
    pub(super) fn saw(&mut self, look: &Look, version: Option<&String>) {
        self.facts.egress = look.egress;
        self.facts.user = look.user.clone().unwrap_or_default();
        if let Some(version) = version {
            self.facts.image = format!("{} ({version})", self.facts.image);
        }
    }

    pub(super) async fn look(&self) -> Result<Look, SandboxError> {
        let exit = self
            .run(&Command::new(["sh", "-c", look::SCRIPT], LOOK_LIMIT), None)
            .await?;
        Ok(look::parse(&exit.stdout.text()))
    }

    async fn spawn(&self, command: &Command, stdin: bool) -> Result<Child, SandboxError> {
        let mut env = self.env.clone();
        env.extend(command.env.iter().cloned());
        let launch = Launch {
            argv: command.argv.clone(),
            env,
            directory: self.directory.data(),
            confinement: self.confinement,
        };
        let spawned = self.keeper.run(move || launch.spawn(stdin)).await;
        spawned.map_err(|error| {
            let (reason, message) = if self.directory.data().exists() {
                let hint = "Install util-linux (setpriv).";
                (
                    Reason::RuntimeUnavailable,
                    format!("nothing starts: {error}\nhint: {hint}"),
                )
            } else {
                let hint = "Another verifier swept it, or somebody removed it.";
                (
                    Reason::Killed,
                    format!("the run's directory is gone\nhint: {hint}"),
                )
            };
            SandboxError::new(reason, format!("process: {message}")).caused_by(error)
        })
    }

    async fn run(&self, command: &Command, feed: Option<&mut Feed>) -> Result<Exit, SandboxError> {
        let deadline = Instant::now() + command.timeout;
        let mut child = self.spawn(command, feed.is_some()).await?;
        let mut group = Group::of(&child);
        let mut stdin = input(&mut child);
        let pumped = pump(outputs(&mut child), &mut stdin, feed, deadline).await;
        let pumped = pumped.map_err(|error| lost("reading what a command wrote", error))?;
        if pumped.stop != Stop::Ended {
            group.signal(Signal::KILL);
        }
        let until = if pumped.stop == Stop::Ended {
            deadline
        } else {
            Instant::now() + REAP_LIMIT
        };
        let status = match timeout_at(until, child.wait()).await {
            Ok(status) => status.map_err(|error| lost("waiting for a command", error))?,
            Err(_) => return Err(late(command)),
        };
        if pumped.stop == Stop::Deadline {
            return Err(late(command));
        }
        group.forget();
        Ok(Exit {
            code: code(status),
            stdout: pumped.stdout,
            stderr: pumped.stderr,
            feed: pumped.feed,
            out_of_memory: false,
        })
    }

    fn server(&self, id: ServerId) -> Result<ServerProcess, SandboxError> {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.get(&id.0).cloned().ok_or_else(|| {
            let message = format!("process: there is no server {}", id.0);
            SandboxError::new(Reason::Internal, message)
        })
    }
}

fn lost(doing: &str, error: io::Error) -> SandboxError {
    let hint = "Look at the log of this machine.";
    let message = format!("process: {doing}: {error}\nhint: {hint}");
    SandboxError::new(Reason::RuntimeUnavailable, message).caused_by(error)
}

fn late(command: &Command) -> SandboxError {
    let program = command.argv.first().map_or("command", String::as_str);
    let message = format!(
        "process: {program} did not end within {} s and was killed\nhint: Raise verify.deadline.",
        command.timeout.as_secs()
    );
    SandboxError::new(Reason::Deadline, message)
}

#[async_trait]
impl Sandbox for ProcessSandbox {
    async fn exec(
        &self,
        command: &Command,
        stdin: Option<&mut Feed>,
    ) -> Result<Exit, SandboxError> {
        self.run(command, stdin).await
    }

    async fn start(&self, command: &Command) -> Result<ServerId, SandboxError> {
        let child = self.spawn(command, false).await?;
        let group = Group::of(&child);
        if let Some(process) = group.id() {
            let noted = self.directory.note(process);
            noted.map_err(|error| lost("noting the server's process", error))?;
        }
        let id = self.next.fetch_add(1, Relaxed);
        let server = ServerProcess::watch(child, group);
        self.servers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, server);
        Ok(ServerId(id))
    }

    async fn state(&self, server: ServerId) -> Result<ServerState, SandboxError> {
        Ok(self.server(server)?.state())
    }

    async fn log(&self, server: ServerId) -> Result<Vec<String>, SandboxError> {
        Ok(self.server(server)?.lines())
    }

    async fn stop(&self, server: ServerId, patience: Duration) -> Result<Exit, SandboxError> {
        self.server(server)?.stop(patience).await
    }

    fn port(&self, port: u16) -> u16 {
        self.ports.get(&port).copied().unwrap_or(port)
    }

    async fn connect(&self, port: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        match self.keeper.connect(self.port(port)).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => {
                let message = format!("process: nothing answers on port {port} inside: {error}");
                Err(SandboxError::new(Reason::Internal, message).caused_by(error))
            }
        }
    }

    async fn free_bytes(&self) -> Result<u64, SandboxError> {
        let space = rustix::fs::statvfs(self.directory.data());
        let space = space.map_err(|error| lost("asking for free space", error.into()))?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    fn facts(&self) -> SandboxRecord {
        self.facts.clone()
    }
}
