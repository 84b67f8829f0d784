//! What the records of one source say together: a pure view that both programs ask.
//!
//! The view holds no storage and no clock. Records whose own digest is wrong never enter it.
//! Whether a chain as a whole is intact is said beside it, in its report, and is for the caller to
//! judge.

mod load;
mod proofs;
mod query;
mod retention;
mod strand;

use std::{ops::Deref, sync::Arc};

use jiff::Timestamp;

use super::{Break, ChainReport, Record, Repaired, Sameness, Verification};
use crate::model::SourceName;

pub use proofs::{INCONCLUSIVE_AFTER, Loss, Lost, OldVersions, Place, ProofRow, Proofs};
pub use query::{Baseline, Measurement, Past};
pub use strand::Strand;

/// Most records kept in memory: hourly verifications for more than a year. Records that find no
/// room are checked and counted all the same.
const KEPT_MAX: usize = if cfg!(test) { 50 } else { 10_000 };

/// Number of records let go at once when there are more.
const SHED: usize = KEPT_MAX / 10;

/// The records of one source, oldest first, and the state of their chain. What was written under a
/// former name of the source is its past: it comes before all that has its name now.
///
/// ```
/// use catalog::{ledger::{DirectoryRecords, Ledger}, model::SourceName};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let root = tempfile::tempdir()?;
/// std::fs::create_dir(root.path().join("cache"))?;
/// std::fs::write(root.path().join("cache/00000001.json"), "{}")?; // no record of ours
///
/// let records = DirectoryRecords::new(root.path());
/// let ledger = Ledger::load(&records, &SourceName::new("cache")?).await?;
/// let first_break = ledger.report().first_break.expect("a break");
/// assert_eq!(first_break.sequence, 1);
/// assert!(ledger.until(jiff::Timestamp::now()).newest().is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Ledger {
    /// Strands of former names, in the order in which their last records ended.
    former: Vec<Arc<Strand>>,
    own: Arc<Strand>,
}

/// The place of a record among all records of its source: of two, the later one is greater.
///
/// The strands of a source follow each other, whatever the times in their records say: within a
/// strand, too, the number decides and no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    /// Number of former names whose records are earlier.
    strand: usize,
    sequence: u64,
}

/// A record, and its place among all records of its source.
#[derive(Debug, Clone)]
pub(super) struct PlacedRecord {
    turn: Turn,
    record: Arc<Record>,
}

impl Ledger {
    /// Creates a ledger without any record, of a source without former names.
    pub fn new(source: SourceName) -> Self {
        Self {
            former: Vec::new(),
            own: Arc::new(Strand::new(source)),
        }
    }

    /// The same ledger for a source with these former names: records of others are let go, and
    /// those of new ones are read by the next [`refresh`](Self::refresh).
    #[must_use]
    pub fn formerly(mut self, names: &[SourceName]) -> Self {
        self.former.retain(|strand| names.contains(strand.name()));
        for name in names {
            if self.strands().all(|strand| strand.name() != name) {
                self.former.push(Arc::new(Strand::new(name.clone())));
            }
        }
        self.sort();
        self
    }

    /// Puts the strands of former names in the order in which their last records ended, so that
    /// nothing depends on the order in which a person wrote these names.
    fn sort(&mut self) {
        self.former
            .sort_by_cached_key(|strand| (strand.last_end, strand.name().clone()));
    }

    /// Takes the next record that exists under the source's name; `text` is `Err`, with the
    /// reason, where the record could not be read as text.
    pub fn take(&mut self, sequence: u64, text: Result<&str, &str>) {
        Arc::make_mut(&mut self.own).take(sequence, text);
    }

    /// Returns the ledger as it was when the record of this number was the newest under the source's
    /// name.
    #[must_use]
    pub fn through(&self, sequence: u64) -> Self {
        let mut before = self.clone();
        let own = Arc::make_mut(&mut before.own);
        own.retain(|it| it.sequence <= sequence);
        before
    }

    /// Returns the records under the source's name, oldest first: their numbers rise.
    pub fn own_records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.own.records()
    }

    /// True if these are the very records of the other ledger: a refresh found nothing new.
    pub fn is_same(&self, other: &Self) -> bool {
        let own = Arc::ptr_eq(&self.own, &other.own);
        let former = || self.former.iter().zip(&other.former);
        own && self.former.len() == other.former.len() && former().all(|(a, b)| Arc::ptr_eq(a, b))
    }

    /// True if no record ends after this time.
    pub fn is_past(&self, at: Timestamp) -> bool {
        self.last_end().is_none_or(|end| end <= at)
    }

    /// Number of the newest record under the source's own name; 0 if there is none.
    pub fn newest_number(&self) -> u64 {
        self.own.newest
    }

    /// True if a record may date an object by what it read in the object or its manifest.
    pub(super) fn dates_objects(&self) -> bool {
        self.strands().any(|strand| strand.dates_objects)
    }

    /// Returns the source whose records these are.
    pub fn source(&self) -> &SourceName {
        self.own.name()
    }

    /// Returns the strands of the source: those of its former names, the oldest first, and at last
    /// that of its name.
    pub fn strands(&self) -> impl DoubleEndedIterator<Item = &Strand> {
        self.former.iter().chain([&self.own]).map(|it| &**it)
    }

    /// Says how many records there are under the source's name, and whether their chain is intact.
    pub fn report(&self) -> ChainReport {
        self.own.report()
    }

    /// Returns the first break of a chain that is not repaired, with the name under which its
    /// records were written; `None` if every chain is intact.
    pub fn first_break(&self) -> Option<(&SourceName, Break)> {
        self.strands()
            .find_map(|strand| Some((strand.name(), strand.report().first_break?)))
    }

    /// Returns the repairs of every chain, oldest first: also those that are pruned, which
    /// checkpoints carry.
    pub fn repairs(&self) -> impl DoubleEndedIterator<Item = &Repaired> {
        self.strands().flat_map(Strand::repairs)
    }

    /// Returns the records in memory, oldest first, without their logs.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.placed().map(|(_, record)| &**record)
    }

    /// Returns the records, each with its place, oldest first.
    fn placed(&self) -> impl DoubleEndedIterator<Item = (Turn, &Arc<Record>)> {
        let own = (self.former.len(), &self.own);
        let strands = self.former.iter().enumerate().chain([own]);
        strands.flat_map(|(index, strand)| strand.placed(index))
    }

    /// Returns the verifications, each with its place, oldest first.
    fn in_turn(&self) -> impl DoubleEndedIterator<Item = (Turn, &Verification)> {
        self.placed()
            .filter_map(|(turn, record)| Some((turn, record.verification()?)))
    }

    /// Returns the verifications, oldest first.
    pub fn verifications(&self) -> impl DoubleEndedIterator<Item = &Verification> {
        self.records().filter_map(Record::verification)
    }

    /// Returns the latest end that any record names.
    fn last_end(&self) -> Option<Timestamp> {
        self.strands().filter_map(|strand| strand.last_end).max()
    }

    /// The earliest recovery point ever written down: the source existed then.
    pub fn begun_at(&self) -> Option<Timestamp> {
        self.strands().filter_map(|strand| strand.begun_at).min()
    }
}

impl Deref for PlacedRecord {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.record
    }
}

impl Turn {
    fn new(strand: usize, record: &Record) -> Self {
        let sequence = record.sequence;
        Self { strand, sequence }
    }
}

#[cfg(test)]
mod tests;
