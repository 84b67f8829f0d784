//! A directory of this machine, and what runs there in process groups of its own.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::{fd::OwnedFd, unix::net::UnixStream as StdUnixStream, unix::process::ExitStatusExt},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI32, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use catalog::ledger::{Egress, Network, Reason, SandboxRecord, VolumeLimit};
use futures::{StreamExt, stream};
use rustix::process::{Pid, Signal, getgid, getuid, kill_process_group};
use tokio::{
    net::{TcpStream, UnixStream},
    process::{self, Child},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::io::ReaderStream;
use verifier::runtime::{
    ByteStreamIo, Capture, Command, Exit, Feed, FeedEnd, Input, LogTail, Output, Sandbox,
    SandboxError, SandboxSpec, ServerId, ServerState, Stop, pump,
};

use super::runtime::{NAME, lost};

/// The directory of the data in that of a run.
pub(super) const DATA: &str = "data";

/// For a killed process to be gone.
const REAP_LIMIT: Duration = Duration::from_secs(10);

/// One run.
#[derive(Debug)]
pub(super) struct NoopSandbox {
    directory: PathBuf,
    env: BTreeMap<String, String>,
    ports: BTreeMap<u16, u16>,
    image: String,
    /// In the order of their numbers.
    servers: Mutex<Vec<Server>>,
}

#[derive(Debug, Clone)]
struct Server {
    child: Arc<tokio::sync::Mutex<Child>>,
    group: Arc<Group>,
    log: PathBuf,
}

impl NoopSandbox {
    pub(super) fn new(directory: PathBuf, spec: &SandboxSpec, ports: BTreeMap<u16, u16>) -> Self {
        let mut env: BTreeMap<_, _> = spec.env.iter().cloned().collect();
        env.insert("PATH".into(), std::env::var("PATH").unwrap_or_default());
        Self {
            directory,
            env,
            ports,
            image: spec.image.image.clone(),
            servers: Mutex::default(),
        }
    }

    /// Bytes free where the data lies.
    pub(super) fn free(&self) -> io::Result<u64> {
        let space = rustix::fs::statvfs(self.directory.join(DATA))?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    /// Kills every server.
    pub(super) fn end(&self) {
        for server in self.servers().iter() {
            server.group.signal(Signal::KILL);
        }
    }

    fn servers(&self) -> std::sync::MutexGuard<'_, Vec<Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn server(&self, id: ServerId) -> Result<Server, SandboxError> {
        let server = self.servers().get(id.0 as usize).cloned();
        let message = format!("{NAME}: there is no server {}", id.0);
        server.ok_or_else(|| SandboxError::new(Reason::Internal, message))
    }

    /// By way of a shell, which tells of a program that is not there as every shell does.
    fn spawn(
        &self,
        command: &Command,
        stdin: Stdio,
        (stdout, stderr): (Stdio, Stdio),
    ) -> Result<Child, SandboxError> {
        let data = self.directory.join(DATA);
        if !data.exists() {
            let message = format!("{NAME}: the run's directory is gone\nhint: Who removed it?");
            return Err(SandboxError::new(Reason::Killed, message));
        }
        let spawned = process::Command::new("sh")
            .args(["-c", "exec \"$@\"", "sh"])
            .args(&command.argv)
            .env_clear()
            .envs(&self.env)
            .envs(command.env.iter().cloned())
            .current_dir(data)
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .spawn();
        spawned.map_err(lost)
    }

    async fn run(&self, command: &Command, feed: Option<&mut Feed>) -> Result<Exit, SandboxError> {
        let deadline = Instant::now() + command.timeout;
        let (mut input, stdin) = match feed {
            Some(_) => fed().map_err(lost)?,
            None => (Box::pin(tokio::io::sink()) as Input, Stdio::null()),
        };
        let mut child = self.spawn(command, stdin, (Stdio::piped(), Stdio::piped()))?;
        let group = Group::of(&child);
        let stdout = child.stdout.take().map(ReaderStream::new);
        let stderr = child.stderr.take().map(ReaderStream::new);
        let output = stream::select(
            stream::iter(stdout)
                .flatten()
                .map(|it| it.map(Output::Stdout)),
            stream::iter(stderr)
                .flatten()
                .map(|it| it.map(Output::Stderr)),
        );
        let pumped = pump(output, &mut input, feed, deadline)
            .await
            .map_err(lost)?;
        let ended = pumped.stop == Stop::Ended;
        if !ended {
            group.signal(Signal::KILL);
        }
        let until = if ended {
            deadline
        } else {
            Instant::now() + REAP_LIMIT
        };
        let status = timeout_at(until, child.wait()).await;
        let status = status.map_err(|_| late(command))?.map_err(lost)?;
        if pumped.stop == Stop::Deadline {
            return Err(late(command));
        }
        group.forget();
        Ok(Exit {
            stdout: pumped.stdout,
            stderr: pumped.stderr,
            feed: pumped.feed,
            ..exit(status)
        })
    }

    fn launch(&self, command: &Command) -> Result<ServerId, SandboxError> {
        let mut servers = self.servers();
        let number = servers.len();
        let log = self.directory.join(format!("{number}.log"));
        let file = || File::options().create(true).append(true).open(&log);
        let outputs = (file().map_err(lost)?.into(), file().map_err(lost)?.into());
        let child = self.spawn(command, Stdio::null(), outputs)?;
        let group = Arc::new(Group::of(&child));
        let child = Arc::new(tokio::sync::Mutex::new(child));
        servers.push(Server { child, group, log });
        Ok(ServerId(u32::try_from(number).unwrap_or(u32::MAX)))
    }
}

/// A standard input and its other end. A socket, whose one side can be shut down: a command that
/// is not to see an end sees none while the other end is held.
fn fed() -> io::Result<(Input, Stdio)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let input: Input = Box::pin(UnixStream::from_std(ours)?);
    Ok((input, OwnedFd::from(theirs).into()))
}

/// How it ended, without what it wrote.
fn exit(status: ExitStatus) -> Exit {
    let killed = status.signal().map(|signal| 128 + signal);
    Exit {
        code: status.code().or(killed).unwrap_or(-1),
        stdout: Capture::default(),
        stderr: Capture::default(),
        feed: FeedEnd::NoFeed,
        out_of_memory: false,
    }
}

fn late(command: &Command) -> SandboxError {
    let seconds = command.timeout.as_secs();
    let message = format!("{NAME}: no end within {seconds} s\nhint: Wait longer.");
    SandboxError::new(Reason::Deadline, message)
}

/// A child with all its children, killed when nobody holds it any more; 0 once the child has ended,
/// for its number may then be another's.
#[derive(Debug)]
struct Group(AtomicI32);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(AtomicI32::new(id.unwrap_or_default()))
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = Pid::from_raw(self.0.load(Relaxed)) {
            // It may have ended by itself.
            let _ = kill_process_group(leader, signal);
        }
    }

    fn forget(&self) {
        self.0.store(0, Relaxed);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[async_trait]
impl Sandbox for NoopSandbox {
    async fn exec(
        &self,
        command: &Command,
        stdin: Option<&mut Feed>,
    ) -> Result<Exit, SandboxError> {
        self.run(command, stdin).await
    }

    async fn start(&self, command: &Command) -> Result<ServerId, SandboxError> {
        self.launch(command)
    }

    async fn state(&self, server: ServerId) -> Result<ServerState, SandboxError> {
        let server = self.server(server)?;
        let status = server.child.lock().await.try_wait().map_err(lost)?;
        Ok(status.map_or(ServerState::Running, |status| {
            server.group.forget();
            ServerState::Exited {
                code: exit(status).code,
                out_of_memory: false,
            }
        }))
    }

    async fn log(&self, server: ServerId) -> Result<Vec<String>, SandboxError> {
        let mut log = LogTail::default();
        log.push(&fs::read(self.server(server)?.log).map_err(lost)?);
        Ok(log.lines())
    }

    async fn stop(&self, server: ServerId, patience: Duration) -> Result<Exit, SandboxError> {
        let server = self.server(server)?;
        let mut child = server.child.lock().await;
        if let Some(status) = child.try_wait().map_err(lost)? {
            return Ok(exit(status));
        }
        server.group.signal(Signal::TERM);
        let status = if let Ok(status) = timeout(patience, child.wait()).await {
            status
        } else {
            server.group.signal(Signal::KILL);
            child.wait().await
        };
        server.group.forget();
        status.map(exit).map_err(lost)
    }

    fn port(&self, port: u16) -> u16 {
        self.ports.get(&port).copied().unwrap_or(port)
    }

    async fn connect(&self, port: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        let inside = self.port(port);
        let stream = TcpStream::connect(("127.0.0.1", inside)).await;
        let stream = stream.map_err(|error| {
            let message = format!("{NAME}: nothing answers on port {port}: {error}");
            SandboxError::new(Reason::Internal, message)
        })?;
        Ok(Box::new(stream) as Box<dyn ByteStreamIo>)
    }

    async fn free_bytes(&self) -> Result<u64, SandboxError> {
        self.free().map_err(lost)
    }

    fn facts(&self) -> SandboxRecord {
        SandboxRecord {
            runtime: NAME.into(),
            fed: catalog::ledger::Fed::File,
            image: self.image.clone(),
            image_id: None,
            network: Network::Host,
            egress: Egress::NotTried,
            volume_limit: VolumeLimit::None,
            user: format!("{}:{}", getuid().as_raw(), getgid().as_raw()),
            memory_bytes: None,
        }
    }
}
