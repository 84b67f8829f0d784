//! The runtimes that provide sandboxes: one module per runtime, all behind the same two traits.
//!
//! A runtime knows no engine. Commands run with the data directory as their working directory, so
//! that no engine ever spells an absolute path of a sandbox.

mod command;
mod config;
mod docker;
mod error;
mod instance;
mod log;
mod look;
mod process;
mod pump;
mod shell;
mod table;

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite};

pub use catalog::config::Pull;
pub use command::{
    CAPTURE_BYTES_MAX, Capture, Command, Exit, Feed, FeedEnd, FeedItem, LOG_LINES_MAX,
};
pub use config::{RuntimeConfig, Variables};
pub use error::SandboxError;
pub use instance::{Instance, InstanceError};
pub use log::LogTail;
pub use pump::{Input, Output, Pumped, Stop, pump};
pub use table::{RUNTIMES, RuntimeRow, open};

/// Name of one verification run; part of every label and directory that the run leaves anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunId(pub String);

/// What an engine asks of its sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxSpec {
    /// Image to start, one of those that [`Runtime::images`] offered.
    pub image: ImageFacts,
    /// Directory of the image that holds the data and belongs to its user, e.g. `/data`.
    pub data_dir: String,
    /// Hard limit of memory in bytes, swap included.
    pub memory_bytes: u64,
    /// Bytes that must be free for the data before its first byte is written.
    pub disk_bytes: u64,
    /// Variables in the environment of every command.
    pub env: Vec<(String, String)>,
    /// Ports that [`Sandbox::connect`] will be asked for.
    pub ports: Vec<u16>,
    /// End of the run. Later, every verifier's sweep may remove the sandbox
    /// ([`SweepPolicy::gives_up`]).
    pub deadline: Timestamp,
}

/// An image, or a program of this machine, that could serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// Name of the image as configured; for the process runtime the path of the program.
    pub image: String,
    /// Digest of the image, where there is one.
    pub id: Option<String>,
    /// True if the image need not be pulled first.
    pub present: bool,
    /// Texts that tell the version of the server inside without starting it: `REDIS_VERSION=8.0.2`
    /// of the image's environment, or the first line of `PROGRAM --version`.
    pub version_texts: Vec<String>,
}

/// An image that is present, for the tests of those who choose among images.
#[cfg(test)]
pub(crate) fn image(name: &str, texts: &[&str]) -> ImageFacts {
    ImageFacts {
        image: name.into(),
        id: None,
        present: true,
        version_texts: texts.iter().map(ToString::to_string).collect(),
    }
}

/// The end of a command with this output (`printed`) and error output (`said`), for the tests of
/// those who judge it.
#[cfg(test)]
pub(crate) fn exited(code: i32, printed: &str, said: &str) -> Exit {
    let capture = |text: &str| {
        let mut capture = Capture::default();
        capture.push(text.as_bytes());
        capture
    };
    Exit {
        code,
        stdout: capture(printed),
        stderr: capture(said),
        feed: FeedEnd::NoFeed,
        out_of_memory: false,
    }
}

/// A provider of sandboxes. Its methods err if it cannot be used, never because of a snapshot.
#[async_trait]
pub trait Runtime: Debug + Send + Sync {
    /// Name as written behind `verifier.runtime`.
    fn name(&self) -> &'static str;

    /// Returns what could serve: the `configured` images in their order for a container runtime,
    /// the `programs` of this machine for the process runtime. Never pulls.
    async fn images(
        &self,
        configured: &[String],
        programs: &[&str],
    ) -> Result<Vec<ImageFacts>, SandboxError>;

    /// Creates and starts one sandbox; pulls the image first where the policy allows. If it errs,
    /// [`destroy`](Self::destroy), which the caller always calls, removes what was half made.
    async fn provision(
        &self,
        run: &RunId,
        spec: &SandboxSpec,
    ) -> Result<Arc<dyn Sandbox>, SandboxError>;

    /// Removes everything labelled with this run, also what is half made. May be called again.
    async fn destroy(&self, run: &RunId) -> Result<(), SandboxError>;

    /// Removes the leftovers that `policy` gives up: never a run of another verifier before its
    /// deadline and the grace are past.
    async fn sweep(&self, policy: &SweepPolicy) -> Result<SweepOutcome, SandboxError>;

    /// Returns the answer for `doctor`: name and version of the runtime. Errs with what to do if
    /// the runtime cannot be used.
    async fn probe(&self) -> Result<String, SandboxError>;
}

/// The rule which leftovers a sweep may remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepPolicy {
    /// Time of the sweep.
    pub now: Timestamp,
    /// Time after the deadline for which a run of another verifier is left alone.
    pub grace: Duration,
}

/// Grace of the program's own sweeps; there is one because clocks differ.
const SWEEP_GRACE: Duration = Duration::from_mins(10);

impl SweepPolicy {
    /// The policy of the program at this time.
    pub fn at(now: Timestamp) -> Self {
        let grace = SWEEP_GRACE;
        Self { now, grace }
    }

    /// True if a sweep is to remove the leftovers of `run`, which belongs to the verifier `owner`:
    ///
    /// | run of | removed if |
    /// |---|---|
    /// | this verifier (`us`) | no living process holds it, whatever its deadline |
    /// | another verifier, with a readable deadline | the deadline and the grace are past |
    /// | another verifier, without one | never |
    pub fn gives_up(
        &self,
        us: &Instance,
        run: &RunId,
        owner: &str,
        deadline: Option<Timestamp>,
    ) -> bool {
        if owner == us.id() {
            return !us.is_alive(run);
        }
        let grace = SignedDuration::try_from(self.grace).unwrap_or(SignedDuration::MAX);
        deadline
            .and_then(|deadline| deadline.checked_add(grace).ok())
            .is_some_and(|end| end < self.now)
    }
}

/// Result of a sweep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepOutcome {
    /// Runs whose leftovers were removed.
    pub runs: Vec<RunId>,
    /// Number of runs left alone: they are alive, or another verifier's.
    pub spared: u64,
}

/// Number of one server inside a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServerId(pub u32);

/// State of a started server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// The server runs.
    Running,
    /// The server ended.
    Exited {
        /// Exit code as a shell reports it: 128 + signal when killed.
        code: i32,
        /// True if the memory limit of the sandbox killed the server: code 137, and the limit
        /// killed something since the sandbox was first looked at.
        out_of_memory: bool,
    },
}

/// A byte stream to a server inside a sandbox.
pub trait ByteStreamIo: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStreamIo for T {}

/// One throwaway place; an engine sees nothing else of the world. Its methods err for reasons of
/// ours, never because of a snapshot.
///
/// ```no_run
/// use std::time::Duration;
/// use verifier::runtime::{Command, Feed, RunId, Runtime, SandboxError, SandboxSpec};
///
/// # async fn example(
/// #     runtime: &dyn Runtime,
/// #     spec: &SandboxSpec,
/// #     dump: &mut Feed,
/// # ) -> Result<(), SandboxError> {
/// let run = RunId("example".into());
/// let sandbox = runtime.provision(&run, spec).await?;
/// let put = Command::new(["sh", "-c", "cat > dump.rdb"], Duration::from_secs(60));
/// let exit = sandbox.exec(&put, Some(dump)).await?;
/// assert_eq!(exit.code, 0, "{}", exit.stderr.text());
///
/// let server = Command::new(["redis-server", "--save", ""], Duration::from_secs(60));
/// let server = sandbox.start(&server).await?;
/// println!("{:?}: {:#?}", sandbox.state(server).await?, sandbox.log(server).await?);
/// runtime.destroy(&run).await
/// # }
/// ```
#[async_trait]
pub trait Sandbox: Debug + Send + Sync {
    /// Runs a command to its end. Its output is always drained; head and tail are kept. A command
    /// that ends before it has read all of `stdin` ends the feed and hangs nothing.
    async fn exec(&self, command: &Command, stdin: Option<&mut Feed>)
    -> Result<Exit, SandboxError>;

    /// Starts a server that outlives the call.
    async fn start(&self, command: &Command) -> Result<ServerId, SandboxError>;

    /// Starts a server and at the same time runs `put` to its end, which takes the feed to it. Errs
    /// if one of them does.
    async fn start_fed(
        &self,
        server: &Command,
        put: &Command,
        feed: &mut Feed,
    ) -> Result<(ServerId, Exit), SandboxError> {
        tokio::try_join!(self.start(server), self.exec(put, Some(feed)))
    }

    /// Tells whether a server still runs.
    async fn state(&self, server: ServerId) -> Result<ServerState, SandboxError>;

    /// Returns the first and the last lines that a server wrote, at most [`LOG_LINES_MAX`]. They
    /// are raw: an allow-list must pass them before anyone sees them. Lines of servers that had
    /// ended before are left out. Once [`state`](Self::state) has told of its end, the last lines
    /// of a server are waited for.
    async fn log(&self, server: ServerId) -> Result<Vec<String>, SandboxError>;

    /// Asks a server to end, and kills it if it has not ended within `patience`.
    async fn stop(&self, server: ServerId, patience: Duration) -> Result<Exit, SandboxError>;

    /// The port a server must listen on (on loopback) to be reached as `port`.
    fn port(&self, port: u16) -> u16;

    /// Opens a byte stream to `port` inside.
    async fn connect(&self, port: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError>;

    /// Returns the number of bytes free where the data lies.
    async fn free_bytes(&self) -> Result<u64, SandboxError>;

    /// Returns the facts of the sandbox for the record.
    fn facts(&self) -> catalog::ledger::SandboxRecord;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_gives_up_our_own_dead_and_the_long_overdue_of_others() {
        let state = tempfile::tempdir().unwrap();
        let us = Instance::open(state.path(), "us").unwrap();
        let (alive, dead) = (RunId("alive".to_owned()), RunId("dead".to_owned()));
        us.hold(&alive).unwrap();
        let now = Timestamp::from_second(1_000_000).unwrap();
        let policy = SweepPolicy {
            now,
            grace: Duration::from_hours(1),
        };
        let check = |run: &RunId, owner: &str, age: Option<i64>, expected: bool| {
            let deadline = age.map(|age| Timestamp::from_second(1_000_000 - age).unwrap());
            assert_eq!(
                policy.gives_up(&us, run, owner, deadline),
                expected,
                "{owner} {age:?}"
            );
        };
        check(&dead, "us", Some(-600), true);
        check(&dead, "us", None, true);
        check(&alive, "us", Some(999_999), false);
        check(&dead, "them", Some(-600), false);
        check(&dead, "them", Some(3600), false);
        check(&dead, "them", Some(3601), true);
        check(&dead, "them", None, false);
    }
}
