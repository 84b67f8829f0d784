//! What the records of one source say together: a pure view that both programs ask.
//!
//! The view holds no storage and no clock. Records whose own digest is wrong never enter it.
//! Whether the chain as a whole is intact is said beside it, in its report, and is for the caller
//! to judge.

mod load;
mod proofs;
mod query;
mod retention;

use std::{collections::VecDeque, sync::Arc};

use jiff::Timestamp;

use super::{
    Acceptance, ChainReport, Checker, Draft, Fingerprints, Record, Repaired, Sameness, Verification,
};
use crate::model::SourceName;

pub use proofs::{INCONCLUSIVE_AFTER, Loss, Lost, OldVersions, Place, ProofRow, Proofs};
pub use query::{Baseline, Past};

/// Most records kept in memory: hourly verifications for more than a year. Records that find no
/// room are checked and counted all the same.
const KEPT_MAX: usize = if cfg!(test) { 50 } else { 10_000 };

/// Number of records let go at once when there are more.
const SHED: usize = KEPT_MAX / 10;

/// The records of one source, oldest first, and the state of their chain.
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
    checker: Checker,
    records: VecDeque<Arc<Record>>,
    begun_at: Option<Timestamp>,
}

impl Ledger {
    /// Creates a ledger without any record.
    pub fn new(source: SourceName) -> Self {
        Self {
            checker: Checker::new(source),
            records: VecDeque::new(),
            begun_at: None,
        }
    }

    /// Takes the next record that exists; `text` is `Err`, with the reason, where the record could
    /// not be read as text.
    pub fn take(&mut self, sequence: u64, text: Result<&str, &str>) {
        let Some(mut record) = self.checker.take(sequence, text) else {
            return;
        };
        if record
            .draft
            .source()
            .is_some_and(|source| source != self.checker.source())
        {
            return;
        }
        let began = match &mut record.draft {
            Draft::Verification(verification) => {
                verification.log_tail = Vec::new();
                self.share(&mut verification.fingerprints);
                Some(verification.snapshot.taken_at)
            }
            Draft::Checkpoint(checkpoint) => checkpoint.begun_at,
            _ => None,
        };
        self.begun_at = [self.begun_at, began].into_iter().flatten().min();
        if self.records.len() == KEPT_MAX {
            self.shed();
        }
        self.records.push_back(Arc::new(record));
        let first = self.checker.first();
        while self.records.front().is_some_and(|it| it.sequence < first) {
            self.records.pop_front();
        }
    }

    /// Shares the fingerprints that equal those of the verification before, so that they are kept
    /// once.
    fn share(&self, fingerprints: &mut Fingerprints) {
        if fingerprints.is_empty() {
            return;
        }
        let mut before = self.verifications().rev().map(|it| &it.fingerprints);
        let Some(before) = before.find(|it| !it.is_empty()) else {
            return;
        };
        for (kind, marks) in fingerprints {
            if let Some(same) = before.get(kind).filter(|it| *it == marks) {
                *marks = Arc::clone(same);
            }
        }
    }

    /// Returns the ledger as it was when the record of this number was the newest.
    #[must_use]
    pub fn through(&self, sequence: u64) -> Self {
        let mut before = self.clone();
        before.records.retain(|it| it.sequence <= sequence);
        before
    }

    /// Returns the source whose records these are.
    pub const fn source(&self) -> &SourceName {
        self.checker.source()
    }

    /// Says how many records there are, and whether their chain is intact.
    pub fn report(&self) -> ChainReport {
        self.checker.report()
    }

    /// Returns the repairs of the chain, oldest first: also those that are pruned, which
    /// checkpoints carry.
    pub fn repairs(&self) -> impl DoubleEndedIterator<Item = &Repaired> {
        self.checker.repairs()
    }

    /// Returns the records in memory, oldest first, without their logs.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter().map(Arc::as_ref)
    }

    /// Returns the verifications with their sequence numbers, oldest first.
    fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &Verification)> {
        self.records
            .iter()
            .filter_map(|record| match &record.draft {
                Draft::Verification(verification) => Some((record.sequence, &**verification)),
                _ => None,
            })
    }

    /// Returns the verifications, oldest first.
    pub fn verifications(&self) -> impl DoubleEndedIterator<Item = &Verification> {
        self.numbered().map(|(_, verification)| verification)
    }

    fn acceptances(&self) -> impl DoubleEndedIterator<Item = (u64, &Acceptance)> {
        self.records
            .iter()
            .filter_map(|record| match &record.draft {
                Draft::Acceptance(acceptance) => Some((record.sequence, &**acceptance)),
                _ => None,
            })
    }

    /// Returns the latest end that any record names.
    fn last_end(&self) -> Option<Timestamp> {
        self.records().filter_map(Record::ended_at).max()
    }

    /// The earliest recovery point ever written down: the source existed then.
    pub const fn begun_at(&self) -> Option<Timestamp> {
        self.begun_at
    }
}

#[cfg(test)]
mod tests;
