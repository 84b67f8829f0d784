//! The counts of what an RDB file holds: no key, no value, only numbers and names of the writer's
//! own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::dialect::Family;
use crate::format::InspectionDetail;

/// Most databases counted one by one; a server has 16 unless told otherwise.
pub(super) const DATABASES_MAX: usize = 1 << 16;

/// Most names of modules that are kept.
pub(super) const MODULES_MAX: usize = 256;

/// Data types that a server writes as a module's although it needs no module: the name, and the
/// first Redis that has it built in (`t_vset.c`, `vset.c`).
pub const BUILT_IN: &[(&str, &str)] = &[("vectorset", "8.0")];

/// Counts of one database of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Database {
    /// Keys whose name was read.
    pub keys: u64,
    /// Number of keys that expire, whether or not their time has passed.
    pub expiring_keys: u64,
    /// Keys, and keys that expire, as the writer announced them before the first key (`RESIZEDB`).
    pub announced: Option<(u64, u64)>,
}

/// The facts of one RDB file; the [`detail`](crate::format::Inspection::detail) of its inspection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Family that the magic names; `None` until the header was read.
    pub family: Option<Family>,
    /// Version of the file format, once read.
    pub version: Option<u32>,
    /// Counts of every database that the file names, by number of the database.
    pub databases: BTreeMap<u64, Database>,
    /// Keys that hold a collection of nothing; they are counted as keys, too.
    pub empty_keys: u64,
    /// Keys that hold a field or member twice.
    pub repeating_keys: u64,
    /// Bytes behind the end of the content that are not the mark of a diskless transfer.
    pub stray_bytes: u64,
    /// Number of function libraries.
    pub functions: u64,
    /// Modules without which a server refuses the file: names of data types and metadata classes.
    pub modules: BTreeSet<String>,
    /// Data types stored as a module's that newer servers have built in: see [`BUILT_IN`].
    pub built_in: BTreeSet<String>,
    /// True if the file holds what only servers before a release wrote and later ones may refuse:
    /// hashes with expiring fields of 7.4 candidates (types 22 and 23), functions of 7.0 candidates
    /// (246).
    pub pre_release: bool,
    /// Version of the writing server (`redis-ver` or `valkey-ver`).
    pub writer: Option<String>,
    /// Product of the writing server: Redis if it wrote `redis-ver`, Valkey if `valkey-ver`. The
    /// magic does not tell, as Valkey 8.0 and 8.1 write that of Redis. Valkey 7.2 still called
    /// itself Redis.
    pub writer_family: Option<Family>,
    /// When the save began (`ctime`).
    pub taken_at: Option<Timestamp>,
    /// Memory in bytes that the data took in the writing server (`used-mem`).
    pub used_memory_bytes: Option<u64>,
    /// Width in bits of the writing server's pointers (`redis-bits`).
    pub bits: Option<u32>,
    /// True if the file is the base of an append-only file (`aof-base`): its expired keys are kept
    /// at load.
    pub append_only_base: bool,
    /// Replication identifier and offset of the data (`repl-id`, `repl-offset`).
    pub replication: (Option<String>, Option<u64>),
}

impl Census {
    /// Number of keys in all databases.
    pub fn keys(&self) -> u64 {
        self.databases.values().map(|database| database.keys).sum()
    }

    /// Number of keys that expire, in all databases.
    pub fn expiring_keys(&self) -> u64 {
        self.databases
            .values()
            .map(|database| database.expiring_keys)
            .sum()
    }

    /// Number of keys announced for all databases; `None` if a database announces nothing.
    pub fn announced_keys(&self) -> Option<u64> {
        self.databases
            .values()
            .map(|database| database.announced.map(|(keys, _)| keys))
            .sum()
    }

    /// Takes one named fact about the file; unknown ones are ignored, as `rdb.c` asks.
    pub(super) fn note(&mut self, name: &str, value: String) {
        match name.to_ascii_lowercase().as_str() {
            "redis-ver" => (self.writer, self.writer_family) = (Some(value), Some(Family::Redis)),
            "valkey-ver" => (self.writer, self.writer_family) = (Some(value), Some(Family::Valkey)),
            "ctime" => {
                let seconds = value.parse().ok();
                self.taken_at = seconds.and_then(|at| Timestamp::from_second(at).ok());
            }
            "used-mem" => self.used_memory_bytes = value.parse().ok(),
            "redis-bits" => self.bits = value.parse().ok(),
            "aof-base" => self.append_only_base = value != "0",
            "repl-id" => self.replication.0 = Some(value),
            "repl-offset" => self.replication.1 = value.parse().ok(),
            _ => {}
        }
    }
}

impl InspectionDetail for Census {
    fn json(&self) -> Map<String, Value> {
        let databases: Map<_, _> = self
            .databases
            .iter()
            .map(|(number, database)| {
                let counts =
                    json!({ "keys": database.keys, "expiring_keys": database.expiring_keys });
                (number.to_string(), counts)
            })
            .collect();
        let mut members = Map::new();
        members.insert("databases".into(), databases.into());
        members.insert("empty_keys".into(), self.empty_keys.into());
        members.insert("repeating_keys".into(), self.repeating_keys.into());
        members.insert("modules".into(), json!(self.modules));
        members.insert("built_in".into(), json!(self.built_in));
        members.insert("pre_release".into(), self.pre_release.into());
        members
    }
}
