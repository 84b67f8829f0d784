//! Whether a source's records still are the chain that was once written, and where it first is not.
//!
//! Sans-I/O: records are handed in, in ascending order, one at a time. The chain shows that a
//! record was changed, removed or inserted; that the newest ones were removed only somebody who
//! remembers the head can tell.

mod unfounded;

use std::fmt;

use self::unfounded::Unfounded;
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
    /// How many records count, readable or not: a checkpoint takes away what it says is pruned, be
    /// it removed already or not.
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
    /// The oldest record that counts, from 1.
    first: u64,
    /// What is not there, until a checkpoint vouches for it.
    unfounded: Option<Unfounded>,
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
            first: 1,
            unfounded: None,
        }
    }

    /// Whose chain this is.
    pub const fn source(&self) -> &SourceName {
        &self.source
    }

    /// The oldest record that is not pruned, whether or not what was pruned is removed already.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// Takes the next record that exists, `text` being `Err` where it could not be read as text.
    /// Returns it if its own digest is right, wherever it stands.
    pub fn take(&mut self, sequence: u64, text: Result<&str, &str>) -> Option<Record> {
        let digest = digest_to_follow(text);
        let parsed = text
            .map_err(ToOwned::to_owned)
            .and_then(|text| Record::parse(text).map_err(|error| explain(&error)));
        let head = self.report.head.as_ref();
        let follows = sequence == head.map_or(1, |head| head.sequence + 1);
        if !follows {
            let missing = head.map_or(sequence - 1, |head| head.sequence + 1);
            let earlier = self.unfounded.take();
            self.unfounded = Some(Unfounded::new(earlier, missing, sequence));
        }
        self.report.records += 1;
        match parsed {
            Ok(record) => {
                self.link(sequence, &record, follows);
                Some(record)
            }
            Err(why) => {
                self.broken(sequence, BrokenBy::Contents(why));
                self.report.head = Some(Head { sequence, digest });
                None
            }
        }
    }

    /// Holds on to a break that these records alone do not show any more.
    pub fn remember(&mut self, first_break: Break) {
        self.report.first_break = Some(first_break);
    }

    /// What is known so far.
    pub fn report(&self) -> ChainReport {
        let mut report = self.report.clone();
        if let Some(unfounded) = &self.unfounded {
            let missing = unfounded.missing();
            if report
                .first_break
                .as_ref()
                .is_none_or(|it| it.sequence >= missing)
            {
                report.first_break = Some(Break {
                    sequence: missing,
                    what: BrokenBy::Missing,
                });
            }
        }
        report
    }

    fn link(&mut self, sequence: u64, record: &Record, follows: bool) {
        let previous = self.report.head.as_ref().map(|head| head.digest.as_str());
        if record.sequence != sequence {
            self.broken(sequence, BrokenBy::Sequence(record.sequence));
        } else if let Some(other) = record.draft.source().filter(|&it| *it != self.source) {
            self.broken(sequence, BrokenBy::Source(other.clone()));
        } else if follows && record.previous.as_deref() != previous {
            self.broken(sequence, BrokenBy::Previous);
        } else {
            self.found(record);
        }
        self.report.head = Some(Head {
            sequence,
            digest: record.digest.clone(),
        });
    }

    /// What a record at its place says of those that are not there any more.
    fn found(&mut self, record: &Record) {
        self.unfounded = self.unfounded.take().and_then(|it| it.after(record));
        let Draft::Checkpoint(checkpoint) = &record.draft else {
            return;
        };
        let through = checkpoint.through;
        if (self.first..record.sequence).contains(&through) {
            self.first = through + 1;
            self.report.records = self.report.records.min(record.sequence - through);
        }
    }

    fn broken(&mut self, sequence: u64, what: BrokenBy) {
        self.report
            .first_break
            .get_or_insert(Break { sequence, what });
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
