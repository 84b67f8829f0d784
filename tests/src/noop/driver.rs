//! A storage driver whose places are shelves in the memory of this process. It proves that nothing
//! else knows of drivers.
//!
//! What lies on a shelf is [`Memory`] and [`MemoryRecords`]; here is only what the configuration
//! says of one.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use catalog::{
    drivers::DriverRow,
    ledger::MemoryRecords,
    storage::{DriverConfig, Storage, memory::Memory},
};
use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Place, Problems};

/// The row of a table.
pub static NOOP: DriverRow<Shelf> = DriverRow {
    evidence: Some(|shelf| Arc::new(shelf.records())),
};

/// The same of a driver that keeps no records.
pub static WITHOUT_RECORDS: DriverRow<Shelf> = DriverRow { evidence: None };

static SHELVES: Mutex<BTreeMap<String, (Memory, MemoryRecords)>> = Mutex::new(BTreeMap::new());

/// A shelf of this process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shelf {
    /// Its name.
    pub shelf: String,
}

impl Shelf {
    /// The objects on it.
    pub fn objects(&self) -> Memory {
        self.contents().0
    }

    /// The records on it.
    pub fn records(&self) -> MemoryRecords {
        self.contents().1
    }

    fn contents(&self) -> (Memory, MemoryRecords) {
        let mut shelves = SHELVES.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.entry(self.shelf.clone()).or_default().clone()
    }
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "noop:{}", self.shelf)
    }
}

impl DriverConfig for Shelf {
    const KEY: &'static str = "noop";
    const ABOUT: &'static str = "A shelf in memory.";
    const EXAMPLE: &'static str = "noop: { shelf: … }";

    fn checked(self, place: &Place, _: &Path, problems: &mut Problems) -> Self {
        if self.shelf.is_empty() {
            let hint = "Write a word.";
            problems.error(place, "the shelf has no name").hint(hint);
        }
        self
    }

    fn open(&self) -> Arc<dyn Storage> {
        Arc::new(self.objects())
    }

    fn object(&self, key: &str, _: Option<&str>) -> String {
        format!("{self}/{key}")
    }

    fn key_in(&self, repository: &Self, name: &str) -> Option<String> {
        (self == repository).then(|| name.into())
    }
}
