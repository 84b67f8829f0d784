//! The records of one name of a source, and the state of their chain.

use std::{collections::VecDeque, sync::Arc};

use jiff::Timestamp;

use super::{KEPT_MAX, Turn};
use crate::{
    ledger::{ChainReport, Checker, Draft, Fingerprints, Record, Repaired},
    model::SourceName,
};

/// The records that were written under one name of a source, oldest first, and the state of their
/// chain: each name has a chain of its own.
#[derive(Debug, Clone)]
pub struct Strand {
    pub(super) checker: Checker,
    pub(super) records: VecDeque<Arc<Record>>,
    pub(super) begun_at: Option<Timestamp>,
}

impl Strand {
    /// Creates the strand of a name without any record.
    pub(super) fn new(name: SourceName) -> Self {
        Self {
            checker: Checker::new(name),
            records: VecDeque::new(),
            begun_at: None,
        }
    }

    /// Takes the next record that exists; `text` is `Err`, with the reason, where the record could
    /// not be read as text.
    pub(super) fn take(&mut self, sequence: u64, text: Result<&str, &str>) {
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
        let runs = self.records().rev().filter_map(Record::verification);
        let mut before = runs.map(|it| &it.fingerprints);
        let Some(before) = before.find(|it| !it.is_empty()) else {
            return;
        };
        for (kind, marks) in fingerprints {
            if let Some(same) = before.get(kind).filter(|it| *it == marks) {
                *marks = Arc::clone(same);
            }
        }
    }

    /// Returns the name that the records were written under.
    pub const fn name(&self) -> &SourceName {
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

    /// Returns the records, each with its place if this many former names are earlier.
    pub(super) fn placed(
        &self,
        strand: usize,
    ) -> impl DoubleEndedIterator<Item = (Turn, &Arc<Record>)> {
        let records = self.records.iter();
        records.map(move |record| (Turn::new(strand, record), record))
    }
}
