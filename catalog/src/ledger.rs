//! The proof's witness: records of verifications, and the ledger, the hash-chained sequence of the
//! records of one source.
//!
//! A record is data with a digest. Two small traits hide the place where records lie: the exporter
//! holds a [`RecordReader`], whose type cannot write; the verifier holds a [`RecordWriter`].
//! Users know this place as `evidence` (configuration, commands, metrics, messages).

mod append;
mod canonical;
mod chain;
mod codec;
mod directory;
mod error;
#[cfg(any(test, feature = "testing"))]
pub mod fixtures;
#[cfg(feature = "testing")]
mod memory;
mod name;
mod old_versions;
mod place;
mod prune;
mod record;
mod recovery;
mod repair;
mod s3;
mod same;
mod sequences;
mod verdict;
mod view;
mod words;

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::SourceName;

pub use append::{Appended, append};
pub use chain::{Break, BrokenBy, ChainReport, Checker, Head};
pub use codec::RecordError;
pub use directory::DirectoryRecords;
pub use error::LedgerError;
#[cfg(feature = "testing")]
pub use memory::{MemoryFault, MemoryRecords};
pub use name::MARKER;
pub use old_versions::old_versions;
pub use place::{CLOCKS_APART_MAX, adopt, ahead_of, is_mounted};
pub use prune::{Pruned, prune};
pub use record::{
    Acceptance, ArtifactRecord, Checkpoint, Draft, Fingerprints, Integrity, Record,
    RehearsalRecord, Repair, Repaired, SandboxRecord, SnapshotRecord, StageRecord, ToolRecord,
    Trigger, Verification,
};
pub use recovery::RecoveryPoints;
pub use s3::S3Records;
pub use same::Sameness;
pub use sequences::sequences;
pub use verdict::{Basis, Finding, Outcome, Reason, Verdict};
pub use view::{
    Baseline, INCONCLUSIVE_AFTER, Ledger, Loss, Lost, OldVersions, Past, Place, ProofRow, Proofs,
};
pub use words::{Egress, Network, Stage, VolumeLimit};

/// Largest record that is written or read, in bytes.
pub const RECORD_BYTES_MAX: u64 = 1024 * 1024;

/// The last sequence number: a name has eight digits (design §6).
pub const SEQUENCE_MAX: u64 = 99_999_999;

/// Where records are read from.
#[async_trait]
pub trait RecordReader: Debug + Send + Sync {
    /// Directory or URL, for people.
    fn place(&self) -> String;

    /// Whether the [`MARKER`] lies there; a place that is not there itself is an error:
    /// [`LedgerError::Unmarked`] where the verifier could make it.
    async fn is_marked(&self) -> Result<bool, LedgerError>;

    /// The smallest sequence numbers above `after`, ascending: as many as come at once, and at
    /// least one if there is any. An unknown source has none.
    async fn list(&self, source: &SourceName, after: u64) -> Result<Vec<u64>, LedgerError>;

    /// The greatest sequence number, found without listing all where listing is expensive.
    async fn newest(&self, source: &SourceName) -> Result<Option<u64>, LedgerError>;

    /// The record as it lies there: the raw text, so that its digest can be recomputed over members
    /// this version does not know.
    async fn read(&self, source: &SourceName, sequence: u64) -> Result<String, LedgerError>;
}

/// Where records are also written, exclusively: one writer per sequence number.
#[async_trait]
pub trait RecordWriter: RecordReader {
    /// Whether a number can have one writer here, found out before the first record is written. A
    /// store that overwrites is refused.
    async fn ready(&self) -> Result<(), LedgerError> {
        Ok(())
    }

    /// Creates the [`MARKER`], or says `false`: it cannot be created, for there is or was one.
    async fn mark(&self) -> Result<bool, LedgerError>;

    /// The store's own clock, of a place that is marked; `None` where the store does not tell.
    async fn time(&self) -> Result<Option<Timestamp>, LedgerError>;

    /// Creates the record with this sequence number, or says [`LedgerError::Taken`]. Durable when
    /// it returns; a crash between any two steps leaves either the whole record or none.
    async fn create(
        &self,
        source: &SourceName,
        sequence: u64,
        text: &str,
    ) -> Result<(), LedgerError>;

    /// Removes this record, durably when it returns; one that is gone already is no error. Only
    /// [`prune`] may ask for it: it knows what must be written first.
    async fn remove(&self, source: &SourceName, sequence: u64) -> Result<(), LedgerError>;
}
