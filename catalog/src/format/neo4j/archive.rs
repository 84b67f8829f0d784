//! The facts of an archive, as it holds them or says them of itself: no node, no property, only
//! numbers, the names of the database and its format, and times.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{kind::Kind, metadata::Metadata, names::StorageEngine};
use crate::format::InspectionDetail;

/// A format family that only the Enterprise Edition opens (operations manual, "Store formats").
const HIGH_LIMIT: &str = "high_limit";

/// The facts of one archive; the [`detail`](crate::format::Inspection::detail) of its inspection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archive {
    /// Kind of the archive; `None` until it was recognised.
    pub kind: Option<Kind>,
    /// Number of files counted.
    pub files: u64,
    /// Sum of the files' sizes, in bytes.
    pub bytes: u64,
    /// Files and bytes as the header announces them; only archives in zstd have such a header.
    pub announced: Option<(i64, i64)>,
    /// Metadata that a backup carries; a dump has none.
    pub metadata: Option<Metadata>,
    /// Storage engine that the names of the files show; also filled if there is metadata.
    pub engine: Option<StorageEngine>,
    /// Time of the last change of a file of the database, or of a transaction log: the age of the
    /// data, never the recovery point.
    pub data_at: Option<Timestamp>,
    /// Size of the unpacked content in bytes; of the archive itself if nothing is packed.
    pub unpacked_bytes: u64,
}

impl Archive {
    /// Format of the store: `record-aligned-1.1` if metadata says so, else `record` or `block` by
    /// the names of files. `None` if neither tells.
    pub fn format(&self) -> Option<String> {
        let said = self.metadata.as_ref().map(|it| it.store.format());
        said.or_else(|| self.engine.map(|engine| engine.as_label().into()))
    }

    /// True if the archive holds a whole database, as every dump does; `None` if that cannot be
    /// told.
    pub fn full(&self) -> Option<bool> {
        match self.kind? {
            Kind::Directory => None,
            kind if kind.is_backup() => self.metadata.as_ref().map(|it| it.full),
            _ => Some(true),
        }
    }

    /// True if only the Enterprise Edition restores the archive: a differential backup, or files
    /// that the Community Edition does not open.
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
