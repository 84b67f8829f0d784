//! The result of reading a snapshot to its last byte, without a server.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt::{self, Debug},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// How a native inspection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InspectionState {
    /// Every byte was understood and nothing is wrong; says nothing about a missing checksum.
    Intact,
    /// Every byte was understood, but something is odd: its writer may have written it so, or it is
    /// damage. No checksum inside the file tells which; another witness of the bytes may.
    Unvouched,
    /// The snapshot is shown to be damaged; at least one finding says where.
    Damaged,
    /// Something unknown was met, such as a version or an opcode; nothing is known to be wrong.
    NotUnderstood,
    /// The file is of another kind altogether.
    NotRecognised,
    /// Our own stream broke, which says nothing about the snapshot.
    Aborted,
}

crate::words! {
    /// What the checksum inside the file says.
    pub enum Checksum {
        /// Recomputed over all bytes and equal.
        Verified = "verified",
        /// The file carries none, or it was switched off.
        Absent = "absent",
        /// Recomputed and different.
        Wrong = "wrong",
    }
}

/// One thing found wrong or worth saying. Never quotes a key or a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionFinding {
    /// Bytes from the beginning of the restorable content, after any wrapper was undone. Where the
    /// content itself is packed, the message says whether it counts in the unpacked bytes.
    pub offset: u64,
    /// What is wrong there, in words.
    pub message: String,
}

/// Most findings one inspection keeps.
pub const FINDINGS_MAX: usize = 20;

/// Facts that only one engine has: counts per database, modules and so on. Their type is known only
/// to the engine's two modules, here and in the verifier.
pub trait InspectionDetail: Any + Debug + Send + Sync {
    /// Returns the members to add to the object that `inspect --format json` prints.
    fn json(&self) -> Map<String, Value>;
}

/// A shared [`InspectionDetail`].
#[derive(Clone)]
pub struct Detail(Arc<dyn InspectionDetail>);

impl Detail {
    /// Wraps an engine's own facts.
    pub fn new(detail: impl InspectionDetail) -> Self {
        Self(Arc::new(detail))
    }

    /// Returns the engine's own facts, if they are of this type.
    pub fn get<T: InspectionDetail>(&self) -> Option<&T> {
        (&*self.0 as &dyn Any).downcast_ref()
    }

    /// See [`InspectionDetail::json`].
    pub fn json(&self) -> Map<String, Value> {
        self.0.json()
    }
}

impl Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The result of [`Format::inspect`](super::Format::inspect).
#[derive(Debug, Clone)]
pub struct Inspection {
    /// `rdb`, `neo4j`, …: the member `format` of the printed object.
    pub format: &'static str,
    /// How the inspection ended.
    pub state: InspectionState,
    /// True if the damage is that the file is cut off. A file that is still being written looks the
    /// same.
    pub truncated: bool,
    /// Version of the file format, once it was read.
    pub version: Option<u32>,
    /// Bytes of restorable content read, trailing bytes included.
    pub bytes: u64,
    /// What the file's own checksum says.
    pub checksum: Checksum,
    /// Bytes behind the end of the content.
    pub trailing_bytes: u64,
    /// Recovery point written inside; `None` if there is none.
    pub taken_at: Option<Timestamp>,
    /// Counts made while reading, by the names of [`Format::items`](super::Format::items).
    pub items: BTreeMap<&'static str, u64>,
    /// The first findings, at most [`FINDINGS_MAX`].
    pub findings: Vec<InspectionFinding>,
    /// What is odd in an intact or unvouched file; empty in every other state. An intact file has a
    /// checksum that says that its writer wrote it so. The first ones, at most [`FINDINGS_MAX`].
    pub warnings: Vec<InspectionFinding>,
    /// The engine's own facts.
    pub detail: Option<Detail>,
}

impl Inspection {
    /// Creates an inspection that ended in this state and tells nothing else yet.
    pub const fn new(format: &'static str, state: InspectionState) -> Self {
        Self {
            format,
            state,
            truncated: false,
            version: None,
            bytes: 0,
            checksum: Checksum::Absent,
            trailing_bytes: 0,
            taken_at: None,
            items: BTreeMap::new(),
            findings: Vec::new(),
            warnings: Vec::new(),
            detail: None,
        }
    }

    /// Returns the object that `inspect --format json` prints (design §4).
    pub fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("format".into(), self.format.into());
        object.insert("version".into(), self.version.into());
        object.insert(
            "intact".into(),
            (self.state == InspectionState::Intact).into(),
        );
        for (item, count) in &self.items {
            object.insert((*item).into(), (*count).into());
        }
        if let Some(detail) = &self.detail {
            object.extend(detail.json());
        }
        object.insert("checksum".into(), self.checksum.as_label().into());
        object.insert("trailing_bytes".into(), self.trailing_bytes.into());
        object.insert(
            "taken_at".into(),
            self.taken_at.map(|at| at.to_string()).into(),
        );
        for (name, findings) in [("findings", &self.findings), ("warnings", &self.warnings)] {
            let findings = findings.iter().map(
                |found| serde_json::json!({ "offset": found.offset, "message": found.message }),
            );
            object.insert(name.into(), findings.collect());
        }
        Value::Object(object)
    }
}
