//! What an archive holds and says of itself: no node, no property, only numbers, the names of the
//! database and its format, and times.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{kind::Kind, metadata::Metadata, names::StorageEngine};
use crate::format::InspectionDetail;

/// A format family that only the Enterprise Edition opens (operations manual, "Store formats").
const HIGH_LIMIT: &str = "high_limit";

/// The facts of one archive; the [`detail`](crate::format::Inspection::detail) of its inspection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archive {
    /// `None` until it was recognised.
    pub kind: Option<Kind>,
    /// Files counted.
    pub files: u64,
    /// Their sizes, summed up.
    pub bytes: u64,
    /// Files and bytes as its header announces them; gzip and tar have none.
    pub announced: Option<(i64, i64)>,
    /// What a backup says of itself; a dump says nothing.
    pub metadata: Option<Metadata>,
    /// By the names of its files, for want of metadata.
    pub engine: Option<StorageEngine>,
    /// When a file of the database, or a transaction log, was changed last: the age of the data,
    /// never the recovery point.
    pub data_at: Option<Timestamp>,
    /// Bytes under the compression; those of the file where there is none.
    pub unpacked_bytes: u64,
}

impl Archive {
    /// `record-aligned-1.1` where metadata says so; `record` or `block` by the names of files.
    pub fn format(&self) -> Option<String> {
        let said = self.metadata.as_ref().map(|it| it.store.format());
        said.or_else(|| self.engine.map(|engine| engine.as_label().into()))
    }

    /// A whole database: every dump is one. `None` where it cannot be told.
    pub fn full(&self) -> Option<bool> {
        match self.kind? {
            Kind::Directory => None,
            kind if kind.is_backup() => self.metadata.as_ref().map(|it| it.full),
            _ => Some(true),
        }
    }

    /// Whether only the Enterprise Edition restores it: a differential backup, or files that the
    /// Community Edition does not open.
    pub fn needs_enterprise(&self) -> bool {
        let said = |it: &Metadata| {
            !it.full
                || it.store.engine == StorageEngine::Block.as_label()
                || it.store.family == HIGH_LIMIT
        };
        self.engine == Some(StorageEngine::Block) || self.metadata.as_ref().is_some_and(said)
    }
}

impl InspectionDetail for Archive {
    fn json(&self) -> Map<String, Value> {
        let said = self.metadata.as_ref();
        let counts = |(files, bytes): (i64, i64)| json!({ "files": files, "bytes": bytes });
        let indexes = said.map(|it| {
            let (lowest, highest) = (it.lowest_append_index, it.highest_append_index);
            json!({ "lowest": lowest, "highest": highest })
        });
        let members = json!({
            "kind": self.kind.map(Kind::as_str),
            "files": self.files,
            "bytes": self.bytes,
            "announced": self.announced.map(counts),
            "database": said.map(|it| &it.database),
            "database_id": said.map(Metadata::database_id),
            "full": self.full(),
            "recovered": said.map(|it| it.recovered),
            "store": self.format(),
            "store_id": said.map(|it| it.store.identity()),
            "append_indexes": indexes,
            "data_at": self.data_at.map(|at| at.to_string()),
        });
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}
