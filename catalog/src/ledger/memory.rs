//! Records in memory, with scripted faults, for tests of everyone who reads or writes records.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    LedgerError, RECORD_BYTES_MAX, RecordReader, RecordWriter, ReservedEntry, ReservedPath,
    ReservedReader, ReservedWriter,
};
use crate::model::SourceName;

/// Sequence numbers per listing: few, so that every caller shows that it asks again.
const PAGE_MAX: usize = 2;

/// What the next matching call does instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryFault {
    /// `list` or `newest` fails.
    List,
    /// `read` fails.
    Read,
    /// `create` fails, and nothing is written.
    Create,
    /// `create` fails, although the record is written: the answer was lost.
    Lost,
    /// Another writer puts this text there first.
    Overtaken(String),
    /// `remove` fails, and nothing is removed.
    Remove,
    /// `create_reserved` fails, and nothing is written.
    Reserve,
}

/// Records of all sources; clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryRecords {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<(SourceName, u64), String>,
    faults: VecDeque<MemoryFault>,
    marked: bool,
    /// Numbers that cannot be created any more, although nothing lies there.
    burnt: BTreeSet<(SourceName, u64)>,
    /// Reserved files, with the time of their creation.
    reserved: BTreeMap<ReservedPath, (String, Timestamp)>,
    /// The clock of the store, once it was set.
    time: Option<Timestamp>,
}

impl MemoryRecords {
    /// Scripts faults. They strike in this order, each at the next call that it fits; until then it
    /// waits.
    pub fn script(&self, faults: impl IntoIterator<Item = MemoryFault>) {
        self.state().faults.extend(faults);
    }

    /// Puts any text there, as somebody with an editor would.
    pub fn tamper(&self, source: &SourceName, sequence: u64, text: impl Into<String>) {
        self.state()
            .records
            .insert((source.clone(), sequence), text.into());
    }

    /// Removes a record, as somebody with a shell would.
    pub fn lose(&self, source: &SourceName, sequence: u64) {
        self.state().records.remove(&(source.clone(), sequence));
    }

    /// Removes a record whose number cannot be created again, as a bucket with versions may.
    pub fn burn(&self, source: &SourceName, sequence: u64) {
        self.lose(source, sequence);
        self.state().burnt.insert((source.clone(), sequence));
    }

    /// Removes all records and the marker, as if the volume were not mounted.
    pub fn unmount(&self) {
        let mut state = self.state();
        state.records.clear();
        state.reserved.clear();
        state.marked = false;
    }

    /// Sets the clock of the store, which stands still between two calls.
    pub fn set_time(&self, time: Timestamp) {
        self.state().time = Some(time);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn strikes(&mut self, fits: impl Fn(&MemoryFault) -> bool) -> Option<MemoryFault> {
        if self.faults.front().is_some_and(fits) {
            self.faults.pop_front()
        } else {
            None
        }
    }

    fn of(&self, source: &SourceName) -> impl Iterator<Item = u64> {
        let mine = (source.clone(), 0)..=(source.clone(), u64::MAX);
        self.records.range(mine).map(|((_, sequence), _)| *sequence)
    }
}

#[async_trait]
impl RecordReader for MemoryRecords {
    fn place(&self) -> String {
        "memory".into()
    }

    async fn is_marked(&self) -> Result<bool, LedgerError> {
        Ok(self.state().marked)
    }

    async fn list(&self, source: &SourceName, after: u64) -> Result<Vec<u64>, LedgerError> {
        let mut state = self.state();
        if state.strikes(|fault| *fault == MemoryFault::List).is_some() {
            return Err(refused("list"));
        }
        let later = state.of(source).filter(|&sequence| sequence > after);
        Ok(later.take(PAGE_MAX).collect())
    }

    async fn newest(&self, source: &SourceName) -> Result<Option<u64>, LedgerError> {
        let mut state = self.state();
        if state.strikes(|fault| *fault == MemoryFault::List).is_some() {
            return Err(refused("list"));
        }
        Ok(state.of(source).last())
    }

    async fn read(&self, source: &SourceName, sequence: u64) -> Result<String, LedgerError> {
        let mut state = self.state();
        if state.strikes(|fault| *fault == MemoryFault::Read).is_some() {
            return Err(refused("read"));
        }
        let source_name = source.clone();
        match state.records.get(&(source.clone(), sequence)) {
            None => Err(LedgerError::Gone {
                source_name,
                sequence,
            }),
            Some(text) if text.len() as u64 > RECORD_BYTES_MAX => {
                let what = "larger than 1 MiB".into();
                Err(LedgerError::Unreadable {
                    source_name,
                    sequence,
                    what,
                })
            }
            Some(text) => Ok(text.clone()),
        }
    }
}

#[async_trait]
impl RecordWriter for MemoryRecords {
    async fn mark(&self) -> Result<bool, LedgerError> {
        let was = std::mem::replace(&mut self.state().marked, true);
        Ok(!was)
    }

    async fn time(&self) -> Result<Option<Timestamp>, LedgerError> {
        Ok(self.state().time)
    }

    async fn create(
        &self,
        source: &SourceName,
        sequence: u64,
        text: &str,
    ) -> Result<(), LedgerError> {
        use MemoryFault::{Create, Lost, Overtaken};
        let mut state = self.state();
        let place = (source.clone(), sequence);
        let fault = state.strikes(|fault| matches!(fault, Create | Lost | Overtaken(_)));
        if let Some(Overtaken(other)) = &fault {
            state
                .records
                .entry(place.clone())
                .or_insert_with(|| other.clone());
        }
        let is_burnt = state.burnt.contains(&place);
        match state.records.entry(place) {
            _ if fault == Some(Create) => Err(refused("write")),
            _ if is_burnt => Err(LedgerError::Taken {
                source_name: source.clone(),
                sequence,
            }),
            Entry::Occupied(_) => Err(LedgerError::Taken {
                source_name: source.clone(),
                sequence,
            }),
            Entry::Vacant(place) => {
                place.insert(text.into());
                if fault == Some(Lost) {
                    Err(refused("write"))
                } else {
                    Ok(())
                }
            }
        }
    }

    async fn remove(&self, source: &SourceName, sequence: u64) -> Result<(), LedgerError> {
        let fault = self.state().strikes(|fault| *fault == MemoryFault::Remove);
        if fault.is_some() {
            return Err(refused("prune"));
        }
        self.lose(source, sequence);
        Ok(())
    }
}

#[async_trait]
impl ReservedReader for MemoryRecords {
    async fn list_reserved(&self, below: &ReservedPath) -> Result<Vec<ReservedEntry>, LedgerError> {
        let mut state = self.state();
        if state.strikes(|fault| *fault == MemoryFault::List).is_some() {
            return Err(refused("list"));
        }
        let prefix = format!("{below}/");
        let files = state.reserved.iter();
        let below = files.filter(|(path, _)| path.as_str().starts_with(&prefix));
        let entry =
            |(path, (_, modified_at)): (&ReservedPath, &(String, Timestamp))| ReservedEntry {
                path: path.clone(),
                modified_at: *modified_at,
            };
        Ok(below.map(entry).collect())
    }

    async fn read_reserved(&self, path: &ReservedPath) -> Result<Option<String>, LedgerError> {
        let state = self.state();
        Ok(state.reserved.get(path).map(|(text, _)| text.clone()))
    }
}

#[async_trait]
impl ReservedWriter for MemoryRecords {
    async fn create_reserved(&self, path: &ReservedPath, text: &str) -> Result<bool, LedgerError> {
        let mut state = self.state();
        if state
            .strikes(|fault| *fault == MemoryFault::Reserve)
            .is_some()
        {
            return Err(refused("write"));
        }
        let at = state.time.unwrap_or(Timestamp::UNIX_EPOCH);
        match state.reserved.entry(path.clone()) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(place) => {
                place.insert((text.into(), at));
                Ok(true)
            }
        }
    }

    async fn remove_reserved(&self, path: &ReservedPath) -> Result<(), LedgerError> {
        self.state().reserved.remove(path);
        Ok(())
    }
}

fn refused(operation: &'static str) -> LedgerError {
    let (location, source) = ("memory".into(), "scripted fault".into());
    LedgerError::Store {
        operation,
        location,
        hint: "".into(),
        source,
    }
}
