//! Evidence: one verification written down, and the hash-chained sequence of a source.
//!
//! Records are data with a digest; where they lie is behind two small traits. The exporter holds an
//! [`EvidenceRead`] and so cannot write.

mod append;
mod canonical;
mod chain;
mod codec;
mod directory;
#[cfg(any(test, feature = "testing"))]
pub mod fixtures;
mod ledger;
#[cfg(feature = "testing")]
mod memory;
mod open;
mod record;
mod unbuilt;
mod verdict;

use std::fmt::Debug;

use futures::future::BoxFuture;
use thiserror::Error;

use crate::model::SourceName;

pub use append::{Appended, append};
pub use chain::{Break, BrokenBy, ChainReport, Checker, Head};
pub use codec::RecordError;
pub use directory::DirectoryEvidence;
pub use ledger::{Baseline, Ledger};
#[cfg(feature = "testing")]
pub use memory::{MemoryEvidence, MemoryFault};
pub use open::open;
pub use record::{
    Acceptance, ArtifactEvidence, Checkpoint, Draft, Integrity, Record, RehearsalEvidence,
    SandboxEvidence, SnapshotEvidence, StageEvidence, ToolEvidence, Trigger, Verification,
};
pub use verdict::{Basis, Finding, Outcome, Reason, Verdict};

/// Largest record that is written or read, in bytes.
pub const RECORD_BYTES_MAX: u64 = 1024 * 1024;

/// Most records one source may have: hourly verifications for eleven years.
pub const RECORDS_MAX: usize = 100_000;

/// Where records are read from.
pub trait EvidenceRead: Debug + Send + Sync {
    /// Sequence numbers that exist, ascending. An unknown source has none.
    fn list<'a>(&'a self, source: &'a SourceName)
    -> BoxFuture<'a, Result<Vec<u64>, EvidenceError>>;

    /// The record as it lies there: the raw text, so that its digest can be recomputed over members
    /// this version does not know.
    fn read<'a>(
        &'a self,
        source: &'a SourceName,
        sequence: u64,
    ) -> BoxFuture<'a, Result<String, EvidenceError>>;
}

/// Where records are also written: exclusively, one writer per sequence number.
pub trait Evidence: EvidenceRead {
    /// Creates the record with this sequence number, or says [`EvidenceError::Taken`]. Durable when
    /// it returns; a crash between any two steps leaves either the whole record or none.
    fn create<'a>(
        &'a self,
        source: &'a SourceName,
        sequence: u64,
        text: &'a str,
    ) -> BoxFuture<'a, Result<(), EvidenceError>>;
}

/// Why evidence could not be read or written.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// Somebody else wrote this sequence number first; read the chain again and try the next.
    #[error("evidence record {sequence:08} of {source_name} already exists")]
    Taken {
        /// Whose chain.
        source_name: SourceName,
        /// Which link.
        sequence: u64,
    },
    /// Not there, although it was listed.
    #[error("evidence record {sequence:08} of {source_name} is gone")]
    Gone {
        /// Whose chain.
        source_name: SourceName,
        /// Which link.
        sequence: u64,
    },
    /// There, but no record can be read from it: too large, or not text.
    #[error("evidence record {sequence:08} of {source_name} is unreadable: {what}")]
    Unreadable {
        /// Whose chain.
        source_name: SourceName,
        /// Which link.
        sequence: u64,
        /// What it is instead.
        what: String,
    },
    /// More records than [`RECORDS_MAX`].
    #[error("{source_name} has more than {RECORDS_MAX} evidence records")]
    TooMany {
        /// Whose chain.
        source_name: SourceName,
    },
    /// The draft cannot be written as a record.
    #[error("cannot seal a record of {source_name}")]
    Seal {
        /// Whose chain.
        source_name: SourceName,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
    /// Sixteen other writers were faster in a row.
    #[error("cannot append to the evidence of {source_name}: others were faster {attempts} times")]
    Contended {
        /// Whose chain.
        source_name: SourceName,
        /// How often it was tried.
        attempts: u32,
    },
    /// The store refused or failed.
    #[error("cannot {operation} evidence at {location}{}", behind(hint))]
    Store {
        /// `list`, `read` or `write`.
        operation: &'static str,
        /// Directory or URL.
        location: String,
        /// What to do, as a sentence; empty where nothing is known.
        hint: &'static str,
        /// The driver's own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A hint as a message carries it.
fn behind(hint: &str) -> String {
    let word = if hint.is_empty() { "" } else { "\nhint: " };
    format!("{word}{hint}")
}
