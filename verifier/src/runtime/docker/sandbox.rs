//! One running container as a [`Sandbox`].

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bollard::query_parameters::LogsOptionsBuilder;
use bytes::Bytes;
use catalog::ledger::{Reason, SandboxRecord};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::{
    io::join,
    time::{Instant, sleep, timeout},
};
use tokio_util::io::StreamReader;

use super::{
    client::trouble,
    exec::{Execs, KILLED},
};
use crate::runtime::{
    ByteStreamIo, Capture, Command, Exit, Feed, FeedEnd, Sandbox, SandboxError, ServerId,
    ServerState,
    log::LogTail,
    look::{self, Look},
    pump::Output,
    shell::{self, PrintedState},
};

/// Longest wait until a killed server is gone.
const KILL_GRACE: Duration = Duration::from_secs(5);

/// Longest wait until a relay is connected; a first exec takes about a second on a slow machine.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// Longest wait for the last lines of a server that was killed together with its wrapper.
const LOG_GRACE: Duration = Duration::from_secs(2);

/// Pause between two looks at a server that was asked to end.
const STATE_PAUSE: Duration = Duration::from_millis(100);

/// A container that sleeps while commands run in it.
#[derive(Debug)]
pub(super) struct DockerSandbox {
    execs: Arc<Execs>,
    facts: SandboxRecord,
    /// Servers that were seen to have ended.
    ended: Mutex<HashSet<u32>>,
}

impl DockerSandbox {
    pub(super) fn new(execs: Arc<Execs>, facts: SandboxRecord) -> Self {
        Self {
            execs,
            facts,
            ended: Mutex::default(),
        }
    }

    async fn measure(&self) -> Result<Look, SandboxError> {
        self.execs.look(look::MEASURE).await
    }

    /// Asks for the state of a server, and for what changes while a sandbox lives, at once.
    async fn ask(&self, server: ServerId) -> Result<(PrintedState, Look), SandboxError> {
        let script = shell::server_state(server.0, look::MEASURE);
        let (_, printed) = self.execs.helper(script).await?;
        let printed = printed.text();
        let state = shell::parse_state(&printed).ok_or_else(|| {
            let message = format!("docker: the state of server {} is unreadable", server.0);
            SandboxError::new(Reason::Internal, message)
        })?;
        if matches!(state, PrintedState::Ended(_)) {
            self.ended().insert(server.0);
        }
        Ok((state, self.execs.looked(&printed)))
    }

    fn ended(&self) -> MutexGuard<'_, HashSet<u32>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the lines written after the end of every other server that has ended; `last` marks the
    /// end of this one. The whole log is read: its first lines say what a server began with, and
    /// the engine keeps at most 16 MiB.
    async fn read_log(&self, last: &str) -> Result<Vec<String>, SandboxError> {
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
        let mut pieces = self.execs.docker.logs(&self.execs.container, Some(options));
        let mut tail = LogTail::default();
        while let Some(piece) = pieces.next().await {
            tail.push(
                &piece
                    .map_err(|error| trouble("reading the log", error))?
                    .into_bytes(),
            );
            tail.forget_through(|line| line != last && shell::is_last_line(line));
        }
        Ok(tail.lines())
    }

    async fn open_relay(&self, port: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        let refused = |why: &str| {
            let message = format!("docker: nothing answers on port {port} inside: {why}");
            SandboxError::new(Reason::Internal, message)
        };
        let attached = self.execs.attach(shell::relay(port), &[], true).await?;
        let mut output = attached.output;
        let mut said = String::new();
        let first = loop {
            match output.next().await {
                Some(Ok(Output::Stdout(bytes))) if bytes.starts_with(b"+") => {
                    break bytes.slice(1..);
                }
                Some(Ok(Output::Stdout(bytes) | Output::Stderr(bytes))) if said.len() < 1024 => {
                    said.push_str(&String::from_utf8_lossy(&bytes));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(trouble("connecting inside", error)),
                None => return Err(refused(said.trim())),
            }
        };
        let rest = output.try_filter_map(|piece| async move {
            Ok(match piece {
                Output::Stdout(bytes) => Some(bytes),
                Output::Stderr(_) => None,
            })
        });
        let bytes = stream::once(async move { Ok::<Bytes, bollard::errors::Error>(first) })
            .chain(rest)
            .map_err(std::io::Error::other);
        Ok(Box::new(join(
            StreamReader::new(bytes.boxed()),
            attached.input,
        )))
    }
}

#[async_trait]
impl Sandbox for DockerSandbox {
    async fn exec(
        &self,
        command: &Command,
        stdin: Option<&mut Feed>,
    ) -> Result<Exit, SandboxError> {
        self.execs.run(command, stdin).await
    }

    async fn start(&self, command: &Command) -> Result<ServerId, SandboxError> {
        let number = self.execs.number();
        let argv = shell::start_server(number, &command.argv);
        let script = Command {
            argv,
            env: command.env.clone(),
            timeout: command.timeout,
        };
        let exit = self.execs.run(&script, None).await?;
        match exit.code {
            0 => Ok(ServerId(number)),
            code => Err(SandboxError::new(
                Reason::NoImage,
                format!(
                    "docker: no server could be started (exit code {code}: {})\nhint: The image \
                     must have sh, setsid and cat.",
                    exit.stderr.text().trim()
                ),
            )),
        }
    }

    /// One exec does both: each costs the engine more than a small load.
    async fn start_fed(
        &self,
        server: &Command,
        put: &Command,
        feed: &mut Feed,
    ) -> Result<(ServerId, Exit), SandboxError> {
        let number = self.execs.number();
        let both = Command {
            argv: shell::start_fed(number, &server.argv, &put.argv),
            env: server.env.iter().chain(&put.env).cloned().collect(),
            timeout: put.timeout,
        };
        let exit = self.execs.run(&both, Some(feed)).await?;
        Ok((ServerId(number), exit))
    }

    async fn state(&self, server: ServerId) -> Result<ServerState, SandboxError> {
        let (PrintedState::Ended(code), look) = self.ask(server).await? else {
            return Ok(ServerState::Running);
        };
        let out_of_memory = code == KILLED && look.memory_kills > Some(0);
        Ok(ServerState::Exited {
            code,
            out_of_memory,
        })
    }

    /// Returns the log of a server. The engine writes the log independently of the server, and the
    /// last lines of a server that ended say why: so they are waited for, once its end was seen.
    async fn log(&self, server: ServerId) -> Result<Vec<String>, SandboxError> {
        let last = shell::last_line(server.0);
        let patience = Instant::now() + LOG_GRACE;
        loop {
            let mut lines = self.read_log(&last).await?;
            let whole = lines.contains(&last);
            lines.retain(|line| *line != last && !line.is_empty());
            if whole || Instant::now() >= patience || !self.ended().contains(&server.0) {
                return Ok(lines);
            }
            sleep(STATE_PAUSE).await;
        }
    }

    async fn stop(&self, server: ServerId, patience: Duration) -> Result<Exit, SandboxError> {
        self.execs
            .helper(shell::signal_server(server.0, "TERM"))
            .await?;
        let patience = Instant::now() + patience;
        let mut killed = false;
        loop {
            if let (PrintedState::Ended(code), _) = self.ask(server).await? {
                return Ok(Exit {
                    code,
                    stdout: Capture::default(),
                    stderr: Capture::default(),
                    feed: FeedEnd::NoFeed,
                    out_of_memory: false,
                });
            }
            if Instant::now() >= patience && !killed {
                self.execs
                    .helper(shell::signal_server(server.0, "KILL"))
                    .await?;
                killed = true;
            } else if Instant::now() >= patience + KILL_GRACE {
                let message = "docker: a server survives KILL\nhint: Look at the kernel's log.";
                return Err(SandboxError::new(Reason::RuntimeUnavailable, message));
            }
            sleep(STATE_PAUSE).await;
        }
    }

    fn port(&self, port: u16) -> u16 {
        port
    }

    async fn connect(&self, port: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        let hung = move |_| {
            let message = format!("docker: connecting to port {port} inside took too long");
            SandboxError::new(Reason::RuntimeUnavailable, message)
        };
        timeout(CONNECT_LIMIT, self.open_relay(port))
            .await
            .map_err(hung)?
    }

    async fn free_bytes(&self) -> Result<u64, SandboxError> {
        let unread = || SandboxError::new(Reason::Internal, "docker: free space is unreadable");
        self.measure().await?.free_bytes.ok_or_else(unread)
    }

    fn facts(&self) -> SandboxRecord {
        self.facts.clone()
    }
}
