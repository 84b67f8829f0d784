//! Records of verifications (the proof), and the ledger: the hash-chained sequence of the records
//! of one source.
//!
//! A record is data with a digest. Two small traits hide the place where records lie: the exporter
//! holds a [`RecordReader`], whose type cannot write; the verifier holds a [`RecordWriter`]. Users
//! know that place as `evidence` (configuration, commands, metrics, messages).

mod anchor;
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
mod reserved;
mod s3;
mod same;
mod sequences;
mod verdict;
mod view;
mod words;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::SourceName;

pub use anchor::{anchor, anchored};
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
    Acceptance, ArtifactRecord, Checkpoint, Draft, Fingerprints, Integrity, Items, Record,
    RehearsalRecord, Repair, Repaired, SandboxRecord, SnapshotRecord, StageRecord, ToolRecord,
    Trigger, Verification,
};
pub use recovery::RecoveryPoints;
pub use reserved::{ReservedEntry, ReservedPath, ReservedReader, ReservedWriter};
pub use s3::S3Records;
pub use same::Sameness;
pub use sequences::sequences;
pub use verdict::{Basis, Finding, Outcome, Reason, Verdict};
pub use view::{
    Baseline, INCONCLUSIVE_AFTER, Ledger, Loss, Lost, Measurement, OldVersions, Past, Place,
    ProofRow, Proofs, Strand,
};
pub use words::{Egress, Fed, Network, Stage, VolumeLimit};

/// Largest record that is written or read, in bytes.
pub const RECORD_BYTES_MAX: u64 = 1024 * 1024;

/// The last sequence number: a name has eight digits (design §6).
pub const SEQUENCE_MAX: u64 = 99_999_999;

/// A place that records are read from. Every operation errs with [`LedgerError::Store`] where the
/// store refuses or fails.
#[async_trait]
pub trait RecordReader: ReservedReader {
    /// Directory or URL of the place, for people.
    fn place(&self) -> String;

    /// Says whether the [`MARKER`] lies at the place. A place that does not exist is an error:
    /// [`LedgerError::Unmarked`] where the verifier could make the place.
    async fn is_marked(&self) -> Result<bool, LedgerError>;

    /// Lists the smallest sequence numbers above `after`, ascending: as many as come at once, and
    /// at least one if there is any. An unknown source has none.
    async fn list(&self, source: &SourceName, after: u64) -> Result<Vec<u64>, LedgerError>;

    /// Finds the greatest sequence number, without listing all of them where listing is expensive;
    /// `None` if the source has no record.
    async fn newest(&self, source: &SourceName) -> Result<Option<u64>, LedgerError>;

    /// Reads the raw text of a record, so that its digest can be recomputed over members that this
    /// version does not know. Errs with [`LedgerError::Gone`] or [`LedgerError::Unreadable`] where
    /// there is no such text.
    async fn read(&self, source: &SourceName, sequence: u64) -> Result<String, LedgerError>;
}

/// A place that records are also written to, exclusively: one writer per sequence number.
#[async_trait]
pub trait RecordWriter: RecordReader + ReservedWriter {
    /// Tests, before the first record is written, whether the store lets only one writer create a
    /// name. Errs with [`LedgerError::Overwrites`] where it does not.
    async fn ready(&self) -> Result<(), LedgerError> {
        Ok(())
    }

    /// Creates the [`MARKER`]; `false` if it cannot be created because there is or was one.
    async fn mark(&self) -> Result<bool, LedgerError>;

    /// Reads the store's own clock, at a place that is marked; `None` where the store does not
    /// tell.
    async fn time(&self) -> Result<Option<Timestamp>, LedgerError>;

    /// Creates the record with this sequence number; errs with [`LedgerError::Taken`] if there is
    /// one. The record is durable when this returns; a crash between any two steps leaves either
    /// the whole record or none.
    async fn create(
        &self,
        source: &SourceName,
        sequence: u64,
        text: &str,
    ) -> Result<(), LedgerError>;

    /// Removes a record, durably when this returns; a record that is already gone is no error. Only
    /// [`prune`] may ask for it: it knows what must be written first.
    async fn remove(&self, source: &SourceName, sequence: u64) -> Result<(), LedgerError>;
}
