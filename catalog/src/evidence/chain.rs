//! Whether a source's records still are the chain that was once written, and where it first is not.
//!
//! Sans-I/O: records are handed in, in ascending order, one at a time. The chain shows that a
//! record was changed, removed or inserted; that the newest ones were removed only somebody who
//! remembers the head can tell.

use std::fmt;

use super::{Draft, Record, RecordError};
use crate::{digest::sha256, model::SourceName};

/// The newest link that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its position.
    pub sequence: u64,
    /// What the next record must name as `previous`.
    pub digest: String,
}

/// What a whole chain is like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainReport {
    /// How many records lie there, readable or not.
    pub records: u64,
    /// The newest record; `None` for an empty chain.
    pub head: Option<Head>,
    /// `None` if the chain is intact.
    pub first_break: Option<Break>,
}

/// The first place where the chain is not what was once written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Which record.
    pub sequence: u64,
    /// What is wrong with it.
    pub what: BrokenBy,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {:08} {}", self.sequence, self.what)
    }
}

/// What can be wrong with a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokenBy {
    /// The record is not there, and no checkpoint says that it was pruned.
    Missing,
    /// Torn, too large, not JSON, or edited by hand: its digest is not that of its contents.
    Contents(String),
    /// It says that it has another sequence number.
    Sequence(u64),
    /// It belongs to another source.
    Source(SourceName),
    /// It does not follow the record before it.
    Previous,
    /// It is another record than the one seen here before, or it is gone.
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

/// What the next record names as `previous`: the digest of a record; where there is none to be
/// read, that of the bytes that lie there, so that a chain goes on after a break.
pub(super) fn digest_to_follow(text: Result<&str, &str>) -> String {
    match text.map(Record::parse) {
        Ok(Ok(record)) => record.digest,
        _ => sha256(text.unwrap_or_else(|why| why)),
    }
}

/// Checks a chain record by record; kept, it goes on where it stopped.
#[derive(Debug, Clone)]
pub struct Checker {
    source: SourceName,
    report: ChainReport,
    /// Of a chain that does not begin with record 1: what a checkpoint must vouch for.
    unfounded: Option<Unfounded>,
}

/// A chain that begins late is legitimate if a checkpoint in it names the last pruned record, or
/// one that is still here: pruning writes the checkpoint first and may have been interrupted.
#[derive(Debug, Clone)]
struct Unfounded {
    first: u64,
    vouched: Vec<String>,
    pruned: Vec<String>,
}

impl Checker {
    /// An empty chain.
    pub const fn new(source: SourceName) -> Self {
        let report = ChainReport {
            records: 0,
            head: None,
            first_break: None,
        };
        Self {
            source,
            report,
            unfounded: None,
        }
    }

    /// Whose chain this is.
    pub const fn source(&self) -> &SourceName {
        &self.source
    }

    /// Takes the next record that exists, `text` being `Err` where it could not be read as text.
    /// Returns it if its own digest is right, wherever it stands.
    pub fn take(&mut self, sequence: u64, text: Result<&str, &str>) -> Option<Record> {
        let expected = self
            .report
            .head
            .as_ref()
            .map_or(1, |head| head.sequence + 1);
        let digest = digest_to_follow(text);
        let parsed = text
            .map_err(ToOwned::to_owned)
            .and_then(|text| Record::parse(text).map_err(|error| explain(&error)));
        if self.report.records == 0 && sequence > 1 {
            self.unfounded = Some(Unfounded::at(sequence, parsed.as_ref().ok()));
        } else if sequence != expected {
            self.broken(expected, BrokenBy::Missing);
        }
        self.report.records += 1;
        match parsed {
            Ok(record) => {
                self.link(sequence, &record);
                Some(record)
            }
            Err(why) => {
                self.broken(sequence, BrokenBy::Contents(why));
                self.report.head = Some(Head { sequence, digest });
                None
            }
        }
    }

    /// Notes that a record seen before is another one now, or gone.
    pub fn rewritten(&mut self, sequence: u64) {
        self.broken(sequence, BrokenBy::Rewritten);
    }

    /// What is known so far.
    pub fn report(&self) -> ChainReport {
        let mut report = self.report.clone();
        if let Some(unfounded) = self.unfounded.as_ref().filter(|it| !it.is_vouched()) {
            let sequence = unfounded.first - 1;
            report.first_break = Some(Break {
                sequence,
                what: BrokenBy::Missing,
            });
        }
        report
    }

    fn link(&mut self, sequence: u64, record: &Record) {
        let previous = self.report.head.as_ref().map(|head| head.digest.as_str());
        let begins_late = self.report.records == 1 && sequence > 1;
        if record.sequence != sequence {
            self.broken(sequence, BrokenBy::Sequence(record.sequence));
        } else if let Some(other) = record.draft.source().filter(|&it| *it != self.source) {
            self.broken(sequence, BrokenBy::Source(other.clone()));
        } else if !begins_late && record.previous.as_deref() != previous {
            self.broken(sequence, BrokenBy::Previous);
        }
        if let Some(unfounded) = &mut self.unfounded {
            unfounded.see(record);
        }
        self.report.head = Some(Head {
            sequence,
            digest: record.digest.clone(),
        });
    }

    fn broken(&mut self, sequence: u64, what: BrokenBy) {
        self.report
            .first_break
            .get_or_insert(Break { sequence, what });
    }
}

impl Unfounded {
    fn at(first: u64, record: Option<&Record>) -> Self {
        let vouched = record
            .and_then(|record| record.previous.clone())
            .into_iter()
            .collect();
        Self {
            first,
            vouched,
            pruned: Vec::new(),
        }
    }

    fn see(&mut self, record: &Record) {
        if !self.is_vouched() {
            self.vouched.push(record.digest.clone());
            if let Draft::Checkpoint(checkpoint) = &record.draft {
                self.pruned.push(checkpoint.pruned.clone());
            }
        }
    }

    fn is_vouched(&self) -> bool {
        self.pruned
            .iter()
            .any(|pruned| self.vouched.contains(pruned))
    }
}

fn explain(error: &RecordError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
