//! How an engine's snapshots are restored and judged: one module per engine.
//!
//! An engine sees only a [`Sandbox`](crate::runtime::Sandbox) through its [`Bench`]; it knows no
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
    ledger::{ArtifactRecord, Baseline, Fingerprints, Reason},
    manifest::Manifest,
    model::{EngineName, SnapshotFacts},
};
use jiff::Timestamp;
use thiserror::Error;

use crate::runtime::{Command, Exit, ImageFacts, SandboxError, SandboxSpec};

pub use bench::{Bench, OnStage, RunNotes, StageTime};
pub(crate) use bench::{lock, timed};
pub use judged::CheckResult;

/// Every engine there is; a new one is a row here and a row in the catalog's table of formats.
pub static ENGINES: [&dyn Engine; 2] = [&redis::Redis, &neo4j::Neo4j];

/// The engine that restores the snapshots of a format.
pub fn engine_of(name: EngineName) -> Option<&'static dyn Engine> {
    ENGINES.into_iter().find(|engine| engine.name() == name)
}

/// An engine's part of a source's configuration, parsed by its format.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `verify.expect`.
    pub expect: catalog::format::Settings,
    /// The keys that only a source of this engine has.
    pub own: catalog::format::Settings,
    /// `verifier.modules` of this engine: files in an image that its server loads, too.
    pub modules: Vec<String>,
}

impl Settings {
    /// What is expected, as the format of the engine wrote it down.
    pub fn expect<T: 'static>(&self) -> Result<&T, Stopped> {
        of_engine(&self.expect)
    }

    /// The source's own keys, as the format of the engine wrote them down.
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

/// What a snapshot is restored for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A verdict: it must be usable as it is.
    Proof,
    /// To see what becomes of it in this image: what had to be done to it for that, may be done.
    Rehearsal,
}

/// What is known before a sandbox exists.
#[derive(Debug)]
pub struct Request<'a> {
    /// What for.
    pub purpose: Purpose,
    /// From the head of the snapshot.
    pub head: &'a SnapshotFacts,
    /// As stored.
    pub size_bytes: u64,
    /// What the runtime offers, in the order of preference.
    pub images: &'a [ImageFacts],
    /// `verifier.limits`.
    pub memory_bytes_max: u64,
    /// `verifier.limits`.
    pub disk_bytes_max: u64,
    /// When the run must have ended.
    pub deadline: Timestamp,
}

/// Why a run ended without an answer about the snapshot, or with a bad one.
#[derive(Debug, Clone, Error)]
#[error("{message}")]
pub struct Stopped {
    /// Decides the verdict, too.
    pub reason: Reason,
    /// What happened; then `hint: …`.
    pub message: String,
}

impl Stopped {
    /// A run that ends here.
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

/// How the restorable bytes come into a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staging {
    /// Reads them from its standard input, and leaves them where [`Engine::restore`] looks.
    pub put: Command,
    /// Run when a server has answered or ended: its output begins with their SHA-256 as they lie
    /// there, in lower-case hexadecimal. It changes nothing.
    pub digest: Command,
}

/// Why an engine's own tool did not take the bytes it was given.
#[derive(Debug, Clone)]
pub struct Refused {
    /// How the run ends.
    pub stopped: Stopped,
    /// Its output as it may be shown.
    pub log: Vec<String>,
}

/// One thing seen in a restored server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Which, in the engine's own words, e.g. `keys_loaded` or `keys_loaded:3` for database 3.
    pub name: String,
    /// What.
    pub value: Observed,
}

/// The value of an observation: never data of the snapshot, but for a canary's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// A number.
    Count(u64),
    /// A word about the server: its own, or ours.
    Word(String),
    /// A moment.
    Time(Timestamp),
    /// It was asked for and does not exist.
    Missing,
}

/// Everything a judgement of one artifact may rest on; plain data.
#[derive(Debug)]
pub struct Case<'a> {
    /// From the native reading of every byte.
    pub inspection: &'a Inspection,
    /// From the restored server.
    pub observations: &'a [Observation],
    /// The object as listed and read, with what vouches for its bytes.
    pub artifact: &'a ArtifactRecord,
    /// Written by the producer.
    pub manifest: Option<&'a Manifest>,
    /// Our own time when the observations were made.
    pub asked_at: Timestamp,
}

/// Everything a judgement of the snapshot as a whole may rest on; plain data.
#[derive(Debug)]
pub struct Whole<'a> {
    /// At least one, in the order of the snapshot.
    pub artifacts: &'a [Case<'a>],
    /// The nearest earlier verified recovery point, or of an acceptance.
    pub previous: Option<&'a Baseline>,
    /// Recovery point of the snapshot.
    pub taken_at: Timestamp,
    /// Measured; over all artifacts, which are restored one after the other.
    pub recovery_milliseconds: Option<u64>,
    /// `objectives.recovery_time`.
    pub recovery_milliseconds_max: Option<u64>,
}

/// What an engine must be able to do; everything declarative is in its
/// [`Format`](catalog::format::Format).
#[async_trait]
pub trait Engine: Debug + Send + Sync {
    /// The name of its format.
    fn name(&self) -> EngineName;

    /// Programs that the process runtime looks for, best first.
    fn programs(&self) -> &'static [&'static str];

    /// Image, memory, disk; or why none will do. Pure.
    fn prepare(&self, request: &Request<'_>, settings: &Settings) -> Result<SandboxSpec, Stopped>;

    /// Puts the restorable bytes where [`restore`](Self::restore) finds them. The timeouts are cut
    /// to what is left of the run.
    fn stage(&self, spec: &SandboxSpec) -> Staging;

    /// What it says of the snapshot that putting the bytes there ended with another code than 0,
    /// although all of them arrived. `None`: nothing. Pure.
    fn refused(&self, put: &Exit, whole: &Inspection, spec: &SandboxSpec) -> Option<Refused> {
        let _ = (put, whole, spec);
        None
    }

    /// Restores, serves and asks; says [`Bench::answered`] at the first successful answer. Its
    /// observations are all the judgement has. The future is dropped at the deadline.
    async fn restore(
        &self,
        bench: &Bench<'_>,
        whole: &Inspection,
        settings: &Settings,
    ) -> Result<Vec<Observation>, Stopped>;

    /// The checks of the engine's table that each artifact must pass by itself. Pure.
    fn judge(&self, evidence: &Case<'_>, settings: &Settings) -> Vec<CheckResult>;

    /// The other checks of the table, which ask for the snapshot as a whole: what is expected of
    /// the source is spread over all its artifacts. Pure.
    fn judge_whole(&self, whole: &Whole<'_>, settings: &Settings) -> Vec<CheckResult>;

    /// What was counted in one artifact, for the record's `items`. Pure.
    fn items(&self, evidence: &Case<'_>) -> BTreeMap<String, u64>;

    /// What must not get lost without a word, by kind, for later snapshots to be compared with:
    /// never names. Pure.
    fn fingerprints(&self, evidence: &Case<'_>) -> Fingerprints {
        let _ = evidence;
        Fingerprints::new()
    }

    /// The newest change inside, where it was observed. Pure.
    fn data_at(&self, observations: &[Observation]) -> Option<Timestamp>;
}
