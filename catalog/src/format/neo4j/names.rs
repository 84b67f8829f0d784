//! What the names and times of an archive's files tell: which storage engine wrote them, whether
//! `neo4j-admin` made the archive, and when a file was changed last.

use jiff::Timestamp;

/// Beginnings of the names of transaction logs, with every storage engine
/// (`TransactionLogFilesHelper`).
const LOGS: [&str; 2] = ["neostore.transaction.db.", "checkpoint."];

/// End of the names of files with notes about the page cache; of no use to a restore.
const PROFILE: &str = ".cacheprof";

crate::words! {
    /// Storage engine that wrote the files of a database.
    pub enum StorageEngine {
        /// `neostore.*`: of every edition, unless the format says otherwise.
        Record = "record",
        /// `block.*`: of the Enterprise Edition only.
        Block = "block",
    }
}

/// Conclusions from the entries seen so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing seen by itself"
)]
pub(super) struct EntryNames {
    pub(super) engine: Option<StorageEngine>,
    /// True if files of a database, other than logs, lie in the root of the archive.
    pub(super) in_root: bool,
    /// True if files of a database, logs among them, lie below the root.
    pub(super) below: bool,
    /// True if transaction logs lie in the root of the archive.
    pub(super) logs: bool,
    /// Newest change of a file of a database, or of a transaction log.
    pub(super) changed_at: Option<Timestamp>,
    /// True if an entry is of a kind that a database has none of: a link, a device.
    pub(super) odd: bool,
    /// True if a name leads out of the directory that the archive is unpacked into.
    pub(super) escapes: bool,
    /// True if the first entry is not `./`, or a header is not as `neo4j-admin` writes it.
    pub(super) foreign: bool,
    begun: bool,
}

impl EntryNames {
    pub(super) fn directory(&mut self, name: &[u8], posix: bool) {
        self.entry(name, posix);
    }

    pub(super) fn file(&mut self, name: &[u8], modified: Option<i64>, posix: bool) {
        self.entry(name, posix);
        let Some((base, depth)) = base(name) else {
            return;
        };
        let Some(part) = Part::of(base) else { return };
        if depth == 1 {
            self.in_root |= part != Part::Log;
            self.logs |= part == Part::Log;
        } else {
            self.below = true;
        }
        match part {
            Part::Block => self.engine = Some(StorageEngine::Block),
            Part::Record => self.engine = self.engine.or(Some(StorageEngine::Record)),
            Part::Log => {}
        }
        let modified = modified.and_then(|seconds| Timestamp::from_second(seconds).ok());
        self.changed_at = self.changed_at.max(modified);
    }

    fn entry(&mut self, name: &[u8], posix: bool) {
        let begun = std::mem::replace(&mut self.begun, true);
        self.foreign |= !posix || (!begun && name != b"./");
        let mut components = name.split(|byte| matches!(byte, b'/' | b'\\'));
        self.escapes |= name.starts_with(b"/") || components.any(|it| it == b"..");
    }
}

/// Role of a file in a database: part of its store, or a transaction log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Record,
    Block,
    Log,
}

impl Part {
    fn of(base: &str) -> Option<Self> {
        if base.ends_with(PROFILE) {
            None
        } else if LOGS.iter().any(|log| base.starts_with(log)) {
            Some(Self::Log)
        } else if base == "neostore" || base.starts_with("neostore.") {
            Some(Self::Record)
        } else if base.starts_with("block.") {
            Some(Self::Block)
        } else {
            None
        }
    }
}

/// Returns the last component of a path, and the number of its components.
fn base(name: &[u8]) -> Option<(&str, usize)> {
    let components = name.split(|byte| *byte == b'/');
    let mut components = components.filter(|it| !it.is_empty() && *it != b".");
    let mut depth = 0;
    let last = components.by_ref().inspect(|_| depth += 1).last()?;
    Some((str::from_utf8(last).ok()?, depth))
}
