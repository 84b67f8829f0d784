//! The records of one name of a source, and the state of their chain.

use std::{collections::VecDeque, mem, sync::Arc};

use jiff::Timestamp;

use super::{KEPT_MAX, Turn};
use crate::{
    ledger::{ChainReport, Checker, Draft, Fingerprints, Items, Record, Repaired},
    model::SourceName,
};

/// The records that were written under one name of a source, oldest first, and the state of their
/// chain: each name has a chain of its own.
#[derive(Debug, Clone)]
pub struct Strand {
    pub(super) checker: Checker,
    pub(super) records: VecDeque<Arc<Record>>,
    pub(super) begun_at: Option<Timestamp>,
    /// The latest end that any record in memory names.
    pub(super) last_end: Option<Timestamp>,
    /// Number of the newest record in memory; 0 if there is none.
    pub(super) newest: u64,
    /// True if a record, perhaps one no more in memory, dates objects by what it read in them.
    pub(super) dates_objects: bool,
}

impl Strand {
    /// Creates the strand of a name without any record.
    pub(super) fn new(name: SourceName) -> Self {
        Self {
            checker: Checker::new(name),
            records: VecDeque::new(),
            begun_at: None,
            last_end: None,
            newest: 0,
            dates_objects: false,
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
        self.share(&mut record);
        let began = match &mut record.draft {
            Draft::Verification(verification) => {
                verification.log_tail = Vec::new();
                self.dates_objects |= verification.snapshot.is_dated_by_itself();
                Some(verification.snapshot.taken_at)
            }
            Draft::Checkpoint(checkpoint) => checkpoint.begun_at,
            _ => None,
        };
        self.begun_at = [self.begun_at, began].into_iter().flatten().min();
        if self.records.len() == KEPT_MAX {
            self.shed();
        }
        self.last_end = self.last_end.max(record.ended_at());
        self.newest = record.sequence;
        self.records.push_back(Arc::new(record));
        let first = self.checker.first();
        if self.records.front().is_some_and(|it| it.sequence < first) {
            self.retain(|record| record.sequence >= first);
        }
    }

    /// Lets records go from memory.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Record) -> bool) {
        self.records.retain(|record| stays(record));
        self.last_end = self.records().filter_map(Record::ended_at).max();
        self.newest = self.records.back().map_or(0, |it| it.sequence);
    }

    /// Shares what equals the same of earlier records, so that it is kept once: from one
    /// verification to the next most stays the same.
    fn share(&self, record: &mut Record) {
        let last = self.records.back();
        if let (Some(previous), Some(last)) = (&mut record.previous, last) {
            share(previous, &last.digest);
        }
        let Draft::Verification(run) = &mut record.draft else {
            return;
        };
        run.source = self.name().clone();
        let mut runs = self.records().rev().filter_map(Record::verification);
        if let Some(before) = runs.next() {
            share(&mut run.engine, &before.engine);
            share(&mut run.by, &before.by);
            share(&mut run.snapshot.repository, &before.snapshot.repository);
            share(&mut run.tool, &before.tool);
            run.items = counted(mem::take(&mut run.items), &before.items);
            if let (Some(sandbox), Some(before)) = (&mut run.sandbox, &before.sandbox) {
                share(sandbox, before);
            }
        }
        if !run.fingerprints.is_empty() {
            self.share_fingerprints(&mut run.fingerprints);
        }
    }

    fn share_fingerprints(&self, fingerprints: &mut Fingerprints) {
        let runs = self.records().rev().filter_map(Record::verification);
        let mut before = runs.map(|it| &it.fingerprints);
        let Some(before) = before.find(|it| !it.is_empty()) else {
            return;
        };
        for (kind, marks) in fingerprints {
            if let Some(before) = before.get(kind) {
                share(marks, before);
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

/// These counts, whose names are shared with earlier ones.
fn counted(items: Items, earlier: &Items) -> Items {
    let named = items.into_iter().map(|(mut name, count)| {
        let index = earlier.find_index(&name).ok();
        if let Some((before, _)) = index.and_then(|index| earlier.get_indexed(index)) {
            share(&mut name, before);
        }
        (name, count)
    });
    named.collect()
}

/// Shares what equals that of an earlier record.
fn share<T: PartialEq + ?Sized>(mine: &mut Arc<T>, earlier: &Arc<T>) {
    if *mine == *earlier {
        *mine = Arc::clone(earlier);
    }
}
