//! How the snapshots of each engine are described and read: one module per engine, listed in
//! [`FORMATS`].
//!
//! A format is sans-I/O: bytes in, facts out. Everything declarative of an engine lives in its
//! format module; its module in the verifier holds only what is done in a sandbox.

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

/// Types that [`Format::expect_schema`] takes and returns.
pub use schemars::{Schema, SchemaGenerator};

pub use expectation::{Bounds, Change, ChecksumRule};
pub use inspection::{
    Checksum, Detail, FINDINGS_MAX, Inspection, InspectionDetail, InspectionFinding,
    InspectionState,
};

/// Most bytes that a survey reads from the head of one artifact. The recovery point lies within
/// them.
pub const HEAD_MAX: u64 = 64 * 1024;

/// Number of bytes that a survey reads from the end of a young file, for [`Format::end`].
pub const TAIL: u64 = 64;

/// All formats; a new engine is a row here and a row in the verifier's table.
pub static FORMATS: [&dyn Format; 3] = [&redis::Redis, &neo4j::Neo4j, &files::Files];

/// Returns the format of the engine with this name; `None` if there is no such engine.
pub fn format(engine: &str) -> Option<&'static dyn Format> {
    FORMATS
        .into_iter()
        .find(|format| format.engine().as_str() == engine)
}

/// Settings of one source that only its engine understands: the engine's own keys, or
/// `verify.expect`. Their type is known only to the engine's two modules, here and in the verifier.
pub type Settings = Arc<dyn Any + Send + Sync>;

/// A key of a source that only sources of one engine have.
#[derive(Debug, Clone, Copy)]
pub struct OwnKey {
    /// Name as written in the configuration; never that of a key that every source has.
    pub name: &'static str,
    /// The JSON Schema of its value.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// One check that an engine can make: its name in findings, and its question for documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckName {
    /// `engine.what`, e.g. `redis.identity`.
    pub name: &'static str,
    /// The question that the check answers, as a sentence.
    pub question: &'static str,
    /// Meaning of the answer that all engines share; `None` if no concern asks for this check.
    pub means: Option<Meaning>,
}

impl CheckName {
    /// Creates a check that no concern asks for.
    pub const fn new(name: &'static str, question: &'static str) -> Self {
        Self {
            name,
            question,
            means: None,
        }
    }

    /// Gives the check a meaning that all engines share.
    #[must_use]
    pub const fn means(self, meaning: Meaning) -> Self {
        Self {
            means: Some(meaning),
            ..self
        }
    }
}

/// Meaning of a check's answer, the same for all engines: concerns ask for it and not for names.
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

/// Returns the meaning of the check with this name; `None` if no concern asks for it, or if no
/// engine of this version makes it.
pub fn meaning(check: &str) -> Option<Meaning> {
    let mut checks = FORMATS.iter().flat_map(|format| format.checks());
    checks.find(|it| it.name == check)?.means
}

/// The declarative part of one engine, and how its bytes are understood without its server.
pub trait Format: Debug + Send + Sync {
    /// Name of the engine, as written behind `engine:`.
    fn engine(&self) -> EngineName;

    /// True if an engine of the verifier restores these snapshots. If not, a `verify:` section is
    /// an error and no proof is expected.
    fn restorable(&self) -> bool;

    /// Names of what is counted: the values of the label `item`, and the keys of a record's
    /// `items`.
    fn items(&self) -> &'static [&'static str];

    /// Every check a record of this engine may carry.
    fn checks(&self) -> &'static [CheckName];

    /// Images tried in order where `verifier.images` names none.
    fn default_images(&self) -> &'static [&'static str];

    /// True if servers of this engine load modules, which `verifier.modules` may name.
    fn has_modules(&self) -> bool {
        false
    }

    /// True if a rehearsal may first convert data that its image does not open as it is. Such a
    /// rehearsal tells something new even in the image that also verifies.
    fn migrates(&self) -> bool {
        false
    }

    /// Keys that sources of this engine have besides those that all sources have.
    fn keys(&self) -> &'static [OwnKey] {
        &[]
    }

    /// Reads the engine's own [`keys`](Self::keys); `section` holds those that are written. Adds
    /// what is wrong to `problems`; `None` if the section could not be read.
    fn settings(&self, section: &Section, problems: &mut Problems) -> Option<Settings> {
        let _ = (section, problems);
        Some(Arc::new(()))
    }

    /// Reads `verify.expect` as the engine's own settings; `section` is `None` if nothing is
    /// written. Adds what is wrong to `problems`; `None` if the section could not be read.
    fn expect(&self, section: Option<&Section>, problems: &mut Problems) -> Option<Settings>;

    /// The JSON Schema of `verify.expect`.
    fn expect_schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// Number of bytes that [`describe`](Self::describe) needs from the head of each artifact, at
    /// most [`HEAD_MAX`].
    fn head_bytes(&self) -> u64;

    /// Returns the facts that the heads of a snapshot tell: one head per artifact, in their order.
    /// Pure, and never fails: a fact that cannot be read is left out. `settings` is what
    /// [`settings`](Self::settings) returned.
    fn describe(&self, heads: &[Bytes], settings: &Settings) -> SnapshotFacts;

    /// Tells whether the end of a file is there, by its last [`TAIL`] bytes, or by all bytes of a
    /// shorter file. `None` if these cannot tell: then only time does. Never asked of a wrapped
    /// file.
    fn end(&self, tail: &[u8]) -> Option<bool> {
        let _ = tail;
        None
    }

    /// True if these first bytes (after any wrapper was undone) look like this format. For
    /// `inspect`.
    fn recognises(&self, head: &[u8]) -> bool;

    /// Reads `input` to its last byte, on a blocking thread, in constant memory. Wrappers (`.gz`,
    /// `.zst`) are undone inside, and every byte of the restorable content is also given to `tee`,
    /// in order, damaged or not. Never panics, never returns early: the tee gets all there is.
    fn inspect(&self, input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection;
}
