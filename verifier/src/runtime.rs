//! What provides sandboxes: one module per runtime, all behind the same two traits.
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

/// Names one verification run; part of every label and directory it leaves anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunId(pub String);

/// What a sandbox must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxSpec {
    /// One of those that [`Runtime::images`] offered.
    pub image: ImageFacts,
    /// Directory of the image that holds the data and belongs to its user, e.g. `/data`.
    pub data_dir: String,
    /// Hard limit, swap included.
    pub memory_bytes: u64,
    /// Free space that must exist before the first byte, and is watched afterwards.
    pub disk_bytes: u64,
    /// Environment of every command.
    pub env: Vec<(String, String)>,
    /// Ports that [`Sandbox::connect`] will be asked for.
    pub ports: Vec<u16>,
    /// When a sweep of anybody may remove it.
    pub deadline: Timestamp,
}

/// An image, or a program of this machine, that could serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// As configured; for the process runtime the path of the program.
    pub image: String,
    /// Digest, where there is one.
    pub id: Option<String>,
    /// Whether it need not be pulled first.
    pub present: bool,
    /// What is known of the server inside without starting it: `REDIS_VERSION=8.0.2` of the image's
    /// environment, or the first line of `PROGRAM --version`.
    pub version_texts: Vec<String>,
}

/// One that is there, for the tests of those who choose among them.
#[cfg(test)]
pub(crate) fn image(name: &str, texts: &[&str]) -> ImageFacts {
    ImageFacts {
        image: name.into(),
        id: None,
        present: true,
        version_texts: texts.iter().map(ToString::to_string).collect(),
    }
}

/// How a command ended that printed this and said that on its error output, for the tests of those
/// who judge it.
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

/// What provides sandboxes.
#[async_trait]
pub trait Runtime: Debug + Send + Sync {
    /// As written behind `verifier.runtime`.
    fn name(&self) -> &'static str;

    /// What could serve: `configured` images in their order for a container runtime, `programs` of
    /// this machine for the process runtime. Never pulls.
    async fn images(
        &self,
        configured: &[String],
        programs: &[&str],
    ) -> Result<Vec<ImageFacts>, SandboxError>;

    /// Creates and starts one sandbox; pulls the image first where the policy allows. When it
    /// fails, what was half made is removed by [`destroy`](Self::destroy), which the caller always
    /// calls.
    async fn provision(
        &self,
        run: &RunId,
        spec: &SandboxSpec,
    ) -> Result<Arc<dyn Sandbox>, SandboxError>;

    /// Removes everything labelled with this run. Idempotent; also of the half-provisioned.
    async fn destroy(&self, run: &RunId) -> Result<(), SandboxError>;

    /// Removes what earlier runs left: those past their deadline, and those of this very instance
    /// that no living process holds. Never another verifier's live run.
    async fn sweep(&self, policy: &SweepPolicy) -> Result<SweepOutcome, SandboxError>;

    /// What `doctor` says: `Ok` names the engine and its version, `Err` says what to do.
    async fn probe(&self) -> Result<String, SandboxError>;
}

/// Which leftovers a sweep may remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepPolicy {
    /// Now.
    pub now: Timestamp,
    /// How long after its deadline a run of another instance is left alone.
    pub grace: Duration,
}

/// How long after its deadline a run of another verifier is left alone: clocks differ.
const SWEEP_GRACE: Duration = Duration::from_mins(10);

impl SweepPolicy {
    /// The policy of the program at this time.
    pub fn at(now: Timestamp) -> Self {
        let grace = SWEEP_GRACE;
        Self { now, grace }
    }

    /// Whether a run of the verifier `owner` is to be removed: nobody holds it, or its deadline
    /// is long past. A run without a readable deadline is only given up by its own verifier.
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

/// What a sweep removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepOutcome {
    /// Runs whose leftovers were removed.
    pub runs: Vec<RunId>,
    /// Runs that are alive or not ours.
    pub spared: u64,
}

/// One server inside a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServerId(pub u32);

/// Whether a started server still runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// It does.
    Running,
    /// It ended.
    Exited {
        /// As a shell reports it: 128 + signal when killed.
        code: i32,
        /// The memory limit of the sandbox killed it: code 137, and the limit killed something
        /// since the sandbox was first looked at.
        out_of_memory: bool,
    },
}

/// A byte stream to a server inside.
pub trait ByteStreamIo: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStreamIo for T {}

/// One throwaway place; an engine sees nothing else of the world.
#[async_trait]
pub trait Sandbox: Debug + Send + Sync {
    /// Runs to the end. Output is always drained, head and tail kept; a command that ends before it
    /// has read all of `stdin` ends the feed and hangs nothing.
    async fn exec(&self, command: &Command, stdin: Option<&mut Feed>)
    -> Result<Exit, SandboxError>;

    /// Starts a server that outlives the call.
    async fn start(&self, command: &Command) -> Result<ServerId, SandboxError>;

    /// Whether it still runs.
    async fn state(&self, server: ServerId) -> Result<ServerState, SandboxError>;

    /// The first and the last lines it wrote, at most [`LOG_LINES_MAX`], raw: they pass an
    /// allow-list before anyone sees them. Nothing of servers that had ended before.
    async fn log(&self, server: ServerId) -> Result<Vec<String>, SandboxError>;

    /// Asks it to end, and makes it if it has not ended within `patience`.
    async fn stop(&self, server: ServerId, patience: Duration) -> Result<Exit, SandboxError>;

    /// The port a server must listen on (on loopback) to be reached as `port`.
    fn port(&self, port: u16) -> u16;

    /// One stream to `port` inside.
    async fn connect(&self, port: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError>;

    /// Bytes free where the data lies.
    async fn free_bytes(&self) -> Result<u64, SandboxError>;

    /// What the record says of it.
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
