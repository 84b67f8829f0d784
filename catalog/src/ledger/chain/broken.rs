//! Breaks of a chain, as data and in words.

use std::fmt;

use crate::model::SourceName;

/// A place where a chain is not what was once written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Sequence number of the broken record.
    pub sequence: u64,
    /// What is wrong with that record.
    pub what: BrokenBy,
    /// Digest found where another was expected, by which this break is told from a later one:
    ///
    /// | what | digest of |
    /// |---|---|
    /// | the record is missing | what lies behind the gap |
    /// | it does not follow the record before it | the record before it |
    /// | else | what lies at its place; `None` where nothing does |
    pub found: Option<String>,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {:08} {}", self.sequence, self.what)
    }
}

/// What can be wrong with a record of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokenBy {
    /// The record is not there, and no checkpoint says that it was pruned.
    Missing,
    /// The record is torn, too large, not JSON, or edited by hand: its digest is not that of its
    /// contents. With the reason, in words.
    Contents(String),
    /// The record says that it has another sequence number: this one.
    Sequence(u64),
    /// The record belongs to another source: this one.
    Source(SourceName),
    /// The record does not name the record before it as its `previous`.
    Previous,
    /// The record is another one than was seen here before, or it is gone.
    Rewritten,
}

impl fmt::Display for BrokenBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Contents(why) => write!(f, "was changed or torn: {why}"),
            Self::Sequence(found) => write!(f, "says that it is record {found:08}"),
            Self::Source(found) => write!(f, "belongs to source {found}"),
            Self::Previous => f.write_str("does not follow the record before it"),
            Self::Rewritten => f.write_str("is not the one that was here before"),
        }
    }
}
