//! What a snapshot is made of: one module per engine, listed in [`FORMATS`].
//!
//! A format is sans-I/O: bytes in, facts out. Everything declarative of an engine lives in its
//! format file; the verifier's engine file holds only what is done in a sandbox.

#[cfg(any(test, feature = "testing"))]
pub mod double;
mod expectation;
pub mod files;
mod inspection;
mod judgement;
pub mod neo4j;
pub mod redis;
pub mod wrapper;

use std::{any::Any, fmt::Debug, io::Read, sync::Arc};

use bytes::Bytes;
use settings::{Problems, Section};

use crate::model::{EngineName, SnapshotFacts};

/// What [`Format::expect_schema`] is made with.
pub use schemars::{Schema, SchemaGenerator};

pub use expectation::{Bounds, Change, ChecksumRule};
pub use inspection::{
    Checksum, Detail, FINDINGS_MAX, Inspection, InspectionDetail, InspectionFinding,
    InspectionState,
};

/// Most bytes a survey reads of the head of one artifact: recovery points lie within.
pub const HEAD_MAX: u64 = 64 * 1024;

/// Bytes of the end of a young file that a survey reads for [`Format::end`].
pub const TAIL: u64 = 64;

/// Every format there is; a new engine is a row here and a row in the verifier's table.
pub static FORMATS: [&dyn Format; 3] = [&redis::Redis, &neo4j::Neo4j, &files::Files];

/// The format of the engine of this name.
pub fn format(engine: &str) -> Option<&'static dyn Format> {
    FORMATS
        .into_iter()
        .find(|format| format.engine().as_str() == engine)
}

/// What an engine reads of a source by itself: its own keys, or `verify.expect`. Only its two files
/// know the types.
pub type Settings = Arc<dyn Any + Send + Sync>;

/// A key of a source that only sources of one engine have.
#[derive(Debug, Clone, Copy)]
pub struct OwnKey {
    /// As written; no key that every source has.
    pub name: &'static str,
    /// The JSON Schema of its value.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// One check an engine can make: its name in findings, and the question for documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckName {
    /// `engine.what`, e.g. `redis.identity`.
    pub name: &'static str,
    /// The question it answers, as a sentence.
    pub question: &'static str,
    /// What its answer means whatever the engine, where a concern asks that.
    pub means: Option<Meaning>,
}

impl CheckName {
    /// A check that no concern asks for.
    pub const fn new(name: &'static str, question: &'static str) -> Self {
        Self {
            name,
            question,
            means: None,
        }
    }

    /// The same, with a meaning that all engines share.
    #[must_use]
    pub const fn means(self, meaning: Meaning) -> Self {
        Self {
            means: Some(meaning),
            ..self
        }
    }
}

/// What the answer to a check means, whatever the engine that asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The server holds what was counted in the snapshot.
    Identity,
    /// The snapshot holds what its writer announced.
    Announced,
    /// The snapshot holds what its manifest says.
    Manifest,
    /// The newest heartbeat inside is recent.
    Canary,
}

/// What a check of this name means; `None` where it means nothing to a concern, or no engine of
/// this version makes it.
pub fn meaning(check: &str) -> Option<Meaning> {
    let mut checks = FORMATS.iter().flat_map(|format| format.checks());
    checks.find(|it| it.name == check)?.means
}

/// Everything declarative of one engine, and how its bytes are understood without its server.
pub trait Format: Debug + Send + Sync {
    /// As written behind `engine:`.
    fn engine(&self) -> EngineName;

    /// Whether a verifier engine restores it; without, `verify:` sections are errors and no proof
    /// is expected.
    fn restorable(&self) -> bool;

    /// What is counted: the values of the label `item`, and the keys of a record's `items`.
    fn items(&self) -> &'static [&'static str];

    /// Every check a record of this engine may carry.
    fn checks(&self) -> &'static [CheckName];

    /// Images tried in order where `verifier.images` names none.
    fn default_images(&self) -> &'static [&'static str];

    /// Whether its servers load modules, which `verifier.modules` may name.
    fn has_modules(&self) -> bool {
        false
    }

    /// Whether a rehearsal may first convert what its image does not open as it is: then it tells
    /// something new also in the image that verifies.
    fn migrates(&self) -> bool {
        false
    }

    /// The keys its sources have besides those that all sources have.
    fn keys(&self) -> &'static [OwnKey] {
        &[]
    }

    /// Reads its own [`keys`](Self::keys), of which `section` holds those that are written. Adds
    /// what is wrong to `problems`.
    fn settings(&self, section: &Section, problems: &mut Problems) -> Option<Settings> {
        let _ = (section, problems);
        Some(Arc::new(()))
    }

    /// Reads `verify.expect`, also when nothing is written, as the engine's own settings. Adds what
    /// is wrong to `problems`.
    fn expect(&self, section: Option<&Section>, problems: &mut Problems) -> Option<Settings>;

    /// The JSON Schema of `verify.expect`.
    fn expect_schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// How many bytes of the head of each artifact [`describe`](Self::describe) wants, at most
    /// [`HEAD_MAX`].
    fn head_bytes(&self) -> u64;

    /// What the heads say; one entry per artifact, in their order. Pure, never fails: what cannot
    /// be understood is simply not said. `settings` are of [`settings`](Self::settings).
    fn describe(&self, heads: &[Bytes], settings: &Settings) -> SnapshotFacts;

    /// Whether the end of a file is there, by its last [`TAIL`] bytes (all, where it has fewer).
    /// `None` where these cannot tell: then only time does. Never asked of a wrapped file.
    fn end(&self, tail: &[u8]) -> Option<bool> {
        let _ = tail;
        None
    }

    /// Whether these first bytes (after any wrapper) look like this format, for `inspect`.
    fn recognises(&self, head: &[u8]) -> bool;

    /// Reads to the last byte, on a blocking thread, in constant memory. Wrappers (`.gz`, `.zst`)
    /// are undone inside, and every byte of the restorable content is also given to `tee`, in
    /// order, damaged or not. Never panics, never returns early: the tee gets all there is.
    fn inspect(&self, input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection;
}
