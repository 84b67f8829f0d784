//! Commands in a running container: fed, drained, bounded, and killed when nobody waits for them.
//!
//! Three traps were seen in practice and are avoided here. The client's writer must be shut down,
//! not dropped. The exit code is there only some time after the output ended. A kill by the memory
//! limit shows as 137 and nowhere else.

use std::{
    collections::BTreeMap,
    sync::{
        OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bollard::{
    Docker,
    container::LogOutput,
    errors::Error,
    exec::{CreateExecOptions, StartExecOptions, StartExecResults},
    models::ContainerState,
};
use catalog::ledger::Reason;
use futures::{Stream, StreamExt, stream::BoxStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    client::trouble,
    running::{ExecGuard, HELPER_LIMIT},
};
use crate::runtime::{
    Capture, Command, Exit, Feed, SandboxError, SandboxSpec, look,
    pump::{Input, Output, Pumped, Stop, pump},
    shell,
};

/// Longest wait for the exit code after the output of a command ended.
const EXIT_CODE_WAIT: Duration = Duration::from_secs(10);

/// 128 + `SIGKILL`, as a shell reports it. Only a command with this code can be the one that the
/// memory limit killed.
pub(super) const KILLED: i32 = 137;

/// Largest piece of output in bytes that the client decodes at once; the engine sends at most 32
/// KiB.
const OUTPUT_PIECE_BYTES: usize = 64 * 1024;

/// The commands of one container.
#[derive(Debug)]
pub(super) struct Execs {
    pub(super) docker: Docker,
    pub(super) container: String,
    work_dir: String,
    env: BTreeMap<String, String>,
    next: AtomicU32,
    /// Number of kills by the memory limit at the first look: anything may have caused them.
    kills_before: OnceLock<u64>,
    /// Number of later kills that were already reported.
    kills_reported: AtomicU64,
}

/// An exec whose streams are open.
pub(super) struct Attached {
    id: String,
    pub(super) output: BoxStream<'static, Result<Output, Error>>,
    pub(super) input: Input,
}

impl Execs {
    pub(super) fn new(docker: Docker, container: String, spec: &SandboxSpec) -> Self {
        Self {
            docker,
            container,
            work_dir: spec.data_dir.clone(),
            env: spec.env.iter().cloned().collect(),
            next: AtomicU32::new(1),
            kills_before: OnceLock::new(),
            kills_reported: AtomicU64::new(0),
        }
    }

    /// Returns the number of the next command or server inside.
    pub(super) fn number(&self) -> u32 {
        self.next.fetch_add(1, Relaxed)
    }

    /// Runs a command of an engine to its end.
    pub(super) async fn run(
        &self,
        command: &Command,
        feed: Option<&mut Feed>,
    ) -> Result<Exit, SandboxError> {
        let deadline = Instant::now() + command.timeout;
        let number = self.number();
        let argv = shell::tracked(number, &command.argv);
        let late = || late_error(command);
        let opened = timeout_at(deadline, self.attach(argv, &command.env, feed.is_some())).await;
        let attached = opened.map_err(|_| late())??;
        let mut running = ExecGuard::new(&self.docker, &self.container, number);
        let (id, output, mut input) = (attached.id, attached.output, attached.input);
        let pumped = match pump(output, &mut input, feed, deadline).await {
            Ok(pumped) => pumped,
            Err(error) => return Err(self.why(error).await),
        };
        if pumped.stop != Stop::Ended {
            running.kill().await;
        }
        running.disarm();
        if pumped.stop == Stop::Deadline {
            return Err(late());
        }
        let code = self.exit_code(&id).await?;
        drop(input);
        self.exit(code, pumped).await
    }

    async fn exit(&self, code: i32, pumped: Pumped) -> Result<Exit, SandboxError> {
        // The kills are counted after every failure: an old one is not to be blamed on a later
        // command.
        let killed = code != 0 && self.killed_by_memory_limit().await?;
        let out_of_memory = killed && code == KILLED;
        Ok(Exit {
            code,
            stdout: pumped.stdout,
            stderr: pumped.stderr,
            feed: pumped.feed,
            out_of_memory,
        })
    }

    /// Runs one of our own scripts; returns its exit code and what it printed.
    pub(super) async fn helper(&self, argv: Vec<String>) -> Result<(i32, Capture), SandboxError> {
        let deadline = Instant::now() + HELPER_LIMIT;
        let work = async {
            let mut attached = self.attach(argv, &[], false).await?;
            let pumped = pump(attached.output, &mut attached.input, None, deadline).await;
            let pumped = pumped.map_err(|error| trouble("reading from the sandbox", error))?;
            Ok((self.exit_code(&attached.id).await?, pumped.stdout))
        };
        let hung = || {
            SandboxError::new(
                Reason::RuntimeUnavailable,
                "docker: a small command inside the sandbox did not end within 30 s\nhint: The \
             machine is overloaded; lower verifier.parallel.",
            )
        };
        timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_| Err(hung()))
    }

    /// Looks around from inside with one of the scripts of [`look`]. Kills are counted from the
    /// first look on.
    pub(super) async fn look(&self, script: &str) -> Result<look::Look, SandboxError> {
        let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
        let (_, printed) = self.helper(argv).await?;
        Ok(self.looked(&printed.text()))
    }

    /// Reads what a script of [`look`] printed.
    pub(super) fn looked(&self, printed: &str) -> look::Look {
        let mut look = look::parse(printed);
        look.memory_kills = look.memory_kills.map(|kills| {
            let before = self.kills_before.get_or_init(|| kills);
            kills.saturating_sub(*before)
        });
        look
    }

    /// True if the memory limit killed something since this was last asked.
    async fn killed_by_memory_limit(&self) -> Result<bool, SandboxError> {
        let Some(kills) = self.look(look::MEASURE).await?.memory_kills else {
            return Ok(false);
        };
        Ok(self.kills_reported.swap(kills, Relaxed) < kills)
    }

    pub(super) async fn attach(
        &self,
        argv: Vec<String>,
        added: &[(String, String)],
        stdin: bool,
    ) -> Result<Attached, SandboxError> {
        // A later value of the same name replaces an earlier one.
        let mut env = self.env.clone();
        env.extend(added.iter().cloned());
        let env = env.into_iter().map(|(key, value)| format!("{key}={value}"));
        let options = CreateExecOptions {
            attach_stdin: Some(stdin),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(argv),
            env: Some(env.collect()),
            working_dir: Some(self.work_dir.clone()),
            ..Default::default()
        };
        let start = StartExecOptions {
            output_capacity: Some(OUTPUT_PIECE_BYTES),
            ..Default::default()
        };
        let created = self.docker.create_exec(&self.container, options).await;
        let id = match created {
            Ok(created) => created.id,
            Err(error) => return Err(self.why(error).await),
        };
        match self.docker.start_exec(&id, Some(start)).await {
            Ok(StartExecResults::Attached { output, input }) => Ok(Attached {
                id,
                output: pieces(output).boxed(),
                input,
            }),
            Ok(StartExecResults::Detached) => Err(SandboxError::new(
                Reason::Internal,
                "docker: an exec came back detached",
            )),
            Err(error) => Err(self.why(error).await),
        }
    }

    /// The error of an exec, told by the state of the container: an engine has many words for a
    /// container that is gone, and its state only one. A container that the memory limit ended is
    /// told apart from one that somebody stopped or removed.
    async fn why(&self, error: Error) -> SandboxError {
        let state = match self.docker.inspect_container(&self.container, None).await {
            Ok(inspected) => inspected.state.unwrap_or_default(),
            Err(Error::DockerResponseServerError {
                status_code: 404, ..
            }) => ContainerState {
                running: Some(false),
                ..Default::default()
            },
            Err(_) => ContainerState::default(),
        };
        let (reason, message) = match (state.running, state.oom_killed) {
            (Some(false), Some(true)) => (
                Reason::OutOfMemory,
                "docker: the memory limit ended the sandbox\nhint: Raise verifier.limits.memory.",
            ),
            (Some(false), _) => (
                Reason::Killed,
                "docker: the sandbox was stopped or removed while it was in use\nhint: Look at \
                 docker events for who did it.",
            ),
            _ => return trouble("running a command in the sandbox", error),
        };
        SandboxError::new(reason, message).caused_by(error)
    }

    async fn exit_code(&self, exec: &str) -> Result<i32, SandboxError> {
        let ended = async {
            let mut pause = Duration::from_millis(5);
            loop {
                let state = match self.docker.inspect_exec(exec).await {
                    Ok(state) => state,
                    Err(error) => return Err(self.why(error).await),
                };
                if state.running == Some(false)
                    && let Some(code) = state.exit_code
                {
                    return Ok(i32::try_from(code).unwrap_or(i32::MAX));
                }
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(250));
            }
        };
        let lost = || {
            SandboxError::new(
                Reason::Killed,
                "docker: a command ended, but its exit code never appeared\nhint: Look at the log of \
             the Docker engine.",
            )
        };
        timeout(EXIT_CODE_WAIT, ended)
            .await
            .unwrap_or_else(|_| Err(lost()))
    }
}

fn late_error(command: &Command) -> SandboxError {
    let program = command.argv.first().map_or("command", String::as_str);
    let message = format!(
        "docker: {program} did not end within {} s and was killed\nhint: Raise verify.deadline.",
        command.timeout.as_secs()
    );
    SandboxError::new(Reason::Deadline, message)
}

fn pieces(
    output: impl Stream<Item = Result<LogOutput, Error>> + Send + 'static,
) -> impl Stream<Item = Result<Output, Error>> + Send + 'static {
    output.map(|piece| {
        Ok(match piece? {
            LogOutput::StdErr { message } => Output::Stderr(message),
            other => Output::Stdout(other.into_bytes()),
        })
    })
}
