//! How the snapshots of each engine are restored and judged: one module per engine.
//!
//! An engine sees only a [`Sandbox`](crate::runtime::Sandbox), through its [`Bench`]; it knows no
//! runtime, no storage and no clock.

mod allowed;
mod bench;
mod common_checks;
pub(crate) mod hindered;
mod judged;
pub mod neo4j;
pub mod redis;
mod unserved;

use std::{any::Any, collections::BTreeMap, fmt::Debug};

use async_trait::async_trait;
use catalog::{
    format::Inspection,
    ledger::{ArtifactRecord, Baseline, Fed, Fingerprints, Reason},
    manifest::Manifest,
    model::{EngineName, SnapshotFacts},
};
use jiff::Timestamp;
use thiserror::Error;

use crate::runtime::{Command, Exit, ImageFacts, SandboxError, SandboxSpec};

pub use bench::{Bench, FedServer, OnStage, RunNotes, StageTime};
pub(crate) use bench::{lock, timed};
pub use judged::CheckResult;

/// Every engine of this version; a new engine is a row here and a row in the catalog's table of
/// formats.
pub static ENGINES: [&dyn Engine; 2] = [&redis::Redis, &neo4j::Neo4j];

/// Returns the engine that restores snapshots of the format `name`; `None` if there is none.
pub fn engine_of(name: EngineName) -> Option<&'static dyn Engine> {
    ENGINES.into_iter().find(|engine| engine.name() == name)
}

/// Settings of a source that its engine needs, as its format parsed them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Expectations of the source (`verify.expect`).
    pub expect: catalog::format::Settings,
    /// Keys of the source that only this engine knows.
    pub own: catalog::format::Settings,
    /// Paths of modules inside an image that the engine's server loads besides the image's own
    /// (`verifier.modules`).
    pub modules: Vec<String>,
}

impl Settings {
    /// Returns the expectations as the type that the engine's format parsed them into. Errs with
    /// `internal` if they are another engine's.
    pub fn expect<T: 'static>(&self) -> Result<&T, Stopped> {
        of_engine(&self.expect)
    }

    /// Returns the source's own keys as the type that the engine's format parsed them into. Errs
    /// with `internal` if they are another engine's.
    pub fn own<T: 'static>(&self) -> Result<&T, Stopped> {
        of_engine(&self.own)
    }
}

fn of_engine<T: 'static>(settings: &catalog::format::Settings) -> Result<&T, Stopped> {
    let message = "the settings are those of another engine";
    (&**settings as &dyn Any)
        .downcast_ref()
        .ok_or_else(|| Stopped::new(Reason::Internal, message))
}

/// Purpose of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// For a verdict: the snapshot must be usable as it is.
    Proof,
    /// To try the snapshot in another image: an engine may convert it first, e.g. migrate its
    /// store.
    Rehearsal,
}

/// What an engine knows of a run before a sandbox exists.
#[derive(Debug)]
pub struct Request<'a> {
    /// Purpose of the restore.
    pub purpose: Purpose,
    /// Facts from the head of the snapshot.
    pub head: &'a SnapshotFacts,
    /// Size of the object in bytes, as stored.
    pub size_bytes: u64,
    /// Way in which the bytes will reach the server; it decides how much disk is needed.
    pub way: Fed,
    /// Images that the runtime offers, in the order of preference.
    pub images: &'a [ImageFacts],
    /// Most memory of a sandbox in bytes (`verifier.limits`).
    pub memory_bytes_max: u64,
    /// Most disk of a sandbox in bytes (`verifier.limits`).
    pub disk_bytes_max: u64,
    /// Moment by which the run must have ended.
    pub deadline: Timestamp,
}

/// Why a run ended early: without an answer about the snapshot, or with a bad one.
#[derive(Debug, Clone, Error)]
#[error("{message}")]
pub struct Stopped {
    /// Reason for the record, which decides the verdict.
    pub reason: Reason,
    /// What happened; then `hint: …` on a line of its own, where something can be done.
    pub message: String,
}

impl Stopped {
    /// An early end with this reason and message.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

impl From<SandboxError> for Stopped {
    fn from(error: SandboxError) -> Self {
        Self::new(error.reason, error.message)
    }
}

/// Commands that bring the restorable bytes into a sandbox, and compare them there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staging {
    /// Starts a server that reads the bytes as they arrive, beside `put`, and listens on this port;
    /// it is [`Bench::server`] then. `None` if [`Engine::restore`] starts one when they lie there.
    pub server: Option<(Command, u16)>,
    /// Reads the bytes from its standard input and hands them to the server, or leaves them where
    /// [`Engine::restore`] looks.
    pub put: Command,
    /// Prints the SHA-256 of the bytes as they lie in the sandbox, first, in lower-case
    /// hexadecimal. Runs when a server has answered or ended, and changes nothing. `None` if the
    /// server itself compares the bytes.
    pub digest: Option<Command>,
}

/// Number of last bytes of an object that [`Engine::way`] is given.
pub const TAIL_BYTES: u64 = 8;

/// The refusal of an engine's own tool to take the bytes of a snapshot.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Reason and message with which the run ends.
    pub stopped: Stopped,
    /// Lines of the tool's output that may be shown.
    pub log: Vec<String>,
}

/// One fact seen in a restored server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Name in the engine's own words, e.g. `keys_loaded` or `keys_loaded:3` for database 3.
    pub name: String,
    /// Value that was seen.
    pub value: Observed,
}

/// The value of an observation: never data of the snapshot, but for a canary's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// A number.
    Count(u64),
    /// A word about the server: its own, or one of ours.
    Word(String),
    /// A moment.
    Time(Timestamp),
    /// The thing was asked for and does not exist.
    Missing,
}

/// Everything a judgement of one artifact may rest on; plain data.
#[derive(Debug)]
pub struct Case<'a> {
    /// Result of the native reading of every byte.
    pub inspection: &'a Inspection,
    /// Observations of the restored server.
    pub observations: &'a [Observation],
    /// The object as listed and read, with what vouches for its bytes.
    pub artifact: &'a ArtifactRecord,
    /// Manifest that the producer wrote for the artifact, if any.
    pub manifest: Option<&'a Manifest>,
    /// Moment of the observations, by our own clock.
    pub asked_at: Timestamp,
}

/// Everything a judgement of the snapshot as a whole may rest on; plain data.
#[derive(Debug)]
pub struct Whole<'a> {
    /// The artifacts, at least one, in the order of the snapshot.
    pub artifacts: &'a [Case<'a>],
    /// Counts to compare with: of the nearest earlier verified recovery point, or of an acceptance.
    pub previous: Option<&'a Baseline>,
    /// Recovery point of the snapshot.
    pub taken_at: Timestamp,
    /// Recovery time as measured, summed over the artifacts: they are restored one after the other.
    pub recovery_milliseconds: Option<u64>,
    /// Recovery time that is promised (`objectives.recovery_time`).
    pub recovery_milliseconds_max: Option<u64>,
}

/// The tasks of an engine; everything declarative is in its [`Format`](catalog::format::Format).
#[async_trait]
pub trait Engine: Debug + Send + Sync {
    /// Name of the engine, which its format shares.
    fn name(&self) -> EngineName;

    /// Names of the programs that the process runtime looks for, best first.
    fn programs(&self) -> &'static [&'static str];

    /// Chooses the image and the sizes of memory and disk; errs if no image will do or the snapshot
    /// is too large. Pure.
    fn prepare(&self, request: &Request<'_>, settings: &Settings) -> Result<SandboxSpec, Stopped>;

    /// Returns the way in which the bytes of such a snapshot are brought to a server first. `tail`
    /// are its last [`TAIL_BYTES`] as stored; before they are read, they are not known, and only
    /// `pipe` is asked for again with them. What a run by `pipe` shows counts if the server
    /// answered, and if a checksum inside vouches for the bytes; else a run by `file` decides.
    /// Pure.
    fn way(&self, head: &SnapshotFacts, tail: Option<&[u8]>) -> Fed {
        let _ = (head, tail);
        Fed::File
    }

    /// Returns the commands that bring the restorable bytes to the server in this way, or to where
    /// [`restore`](Self::restore) finds them. The caller cuts their timeouts to the time left of
    /// the run. Errs if this sandbox cannot have such commands.
    fn stage(&self, way: Fed, bench: &Bench<'_>, settings: &Settings) -> Result<Staging, Stopped>;

    /// Judges a [`Staging::put`] that took all bytes and ended with another code than 0. `None` if
    /// that says nothing of the snapshot. Pure.
    fn refused(&self, put: &Exit, whole: &Inspection, spec: &SandboxSpec) -> Option<Refused> {
        let _ = (put, whole, spec);
        None
    }

    /// Restores the snapshot, serves it and asks the server; calls [`Bench::answered`] at the first
    /// successful answer. A judgement has nothing but the observations returned. The future is
    /// dropped at the deadline. Errs if the run ends early.
    async fn restore(
        &self,
        bench: &Bench<'_>,
        whole: &Inspection,
        settings: &Settings,
    ) -> Result<Vec<Observation>, Stopped>;

    /// Answers the checks of the engine's table that each artifact must pass by itself. Pure.
    fn judge(&self, evidence: &Case<'_>, settings: &Settings) -> Vec<CheckResult>;

    /// Answers the other checks of the table, on all artifacts together: what is expected of the
    /// source is spread over them. Pure.
    fn judge_whole(&self, whole: &Whole<'_>, settings: &Settings) -> Vec<CheckResult>;

    /// Returns the counts of one artifact for the record's `items`. Pure.
    fn items(&self, evidence: &Case<'_>) -> BTreeMap<String, u64>;

    /// Returns fingerprints, by kind, of all that must not get lost unnoticed; later snapshots are
    /// compared with them. They hold no names. Pure.
    fn fingerprints(&self, evidence: &Case<'_>) -> Fingerprints {
        let _ = evidence;
        Fingerprints::new()
    }

    /// Returns the time of the newest change inside, if it was observed. Pure.
    fn data_at(&self, observations: &[Observation]) -> Option<Timestamp>;
}
