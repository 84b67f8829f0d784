//! Records in memory whose store may be full, slow or hang, and whose clock goes on.

use std::{
    fmt, future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use catalog::{
    ledger::{
        LedgerError, MemoryRecords, RecordReader, RecordWriter, ReservedEntry, ReservedPath,
        ReservedReader, ReservedWriter,
    },
    model::SourceName,
};
use jiff::Timestamp;
use tokio::time::sleep;
use toolkit::clock::Clock;

/// How the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It answers at once.
    Well,
    /// It reads, and writes nothing.
    Full,
    /// Each answer takes this long.
    Slow(Duration),
    /// It never answers.
    Hangs,
}

/// The records; clones share them.
#[derive(Clone)]
pub struct SimulatedRecords {
    records: MemoryRecords,
    clock: Clock,
    condition: Arc<Mutex<Condition>>,
}

impl fmt::Debug for SimulatedRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedRecords").finish_non_exhaustive()
    }
}

impl SimulatedRecords {
    /// These records, at a store with this clock.
    pub fn new(records: MemoryRecords, clock: Clock) -> Self {
        Self {
            records,
            clock,
            condition: Arc::new(Mutex::new(Condition::Well)),
        }
    }

    /// Changes how the store is; calls under way go on as they began.
    pub fn set(&self, condition: Condition) {
        *self
            .condition
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = condition;
    }

    /// Waits as the store does; errs if it refuses.
    async fn pass(&self, writes: bool) -> Result<&MemoryRecords, LedgerError> {
        let condition = *self
            .condition
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match condition {
            Condition::Full if writes => {
                return Err(LedgerError::Store {
                    operation: "write",
                    location: self.records.place(),
                    hint: "".into(),
                    source: "no space left".into(),
                });
            }
            Condition::Well | Condition::Full => {}
            Condition::Slow(time) => sleep(time).await,
            Condition::Hangs => future::pending().await,
        }
        self.records.set_time(self.clock.now());
        Ok(&self.records)
    }
}

#[async_trait]
impl RecordReader for SimulatedRecords {
    fn place(&self) -> String {
        self.records.place()
    }

    async fn is_marked(&self) -> Result<bool, LedgerError> {
        self.pass(false).await?.is_marked().await
    }

    async fn list(&self, source: &SourceName, after: u64) -> Result<Vec<u64>, LedgerError> {
        self.pass(false).await?.list(source, after).await
    }

    async fn newest(&self, source: &SourceName) -> Result<Option<u64>, LedgerError> {
        self.pass(false).await?.newest(source).await
    }

    async fn read(&self, source: &SourceName, sequence: u64) -> Result<String, LedgerError> {
        self.pass(false).await?.read(source, sequence).await
    }
}

#[async_trait]
impl RecordWriter for SimulatedRecords {
    async fn mark(&self) -> Result<bool, LedgerError> {
        self.pass(true).await?.mark().await
    }

    async fn time(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.pass(false).await?.time().await
    }

    async fn create(
        &self,
        source: &SourceName,
        sequence: u64,
        text: &str,
    ) -> Result<(), LedgerError> {
        self.pass(true).await?.create(source, sequence, text).await
    }

    async fn remove(&self, source: &SourceName, sequence: u64) -> Result<(), LedgerError> {
        self.pass(true).await?.remove(source, sequence).await
    }
}

#[async_trait]
impl ReservedReader for SimulatedRecords {
    async fn list_reserved(&self, below: &ReservedPath) -> Result<Vec<ReservedEntry>, LedgerError> {
        self.pass(false).await?.list_reserved(below).await
    }

    async fn read_reserved(&self, path: &ReservedPath) -> Result<Option<String>, LedgerError> {
        self.pass(false).await?.read_reserved(path).await
    }
}

#[async_trait]
impl ReservedWriter for SimulatedRecords {
    async fn create_reserved(&self, path: &ReservedPath, text: &str) -> Result<bool, LedgerError> {
        self.pass(true).await?.create_reserved(path, text).await
    }

    async fn remove_reserved(&self, path: &ReservedPath) -> Result<(), LedgerError> {
        self.pass(true).await?.remove_reserved(path).await
    }
}
