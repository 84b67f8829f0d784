//! Checks that a source's records are still the chain that was once written, and finds the first
//! break.
//!
//! Sans-I/O: records are handed in, in ascending order, one at a time. The chain shows that a
//! record was changed, removed or inserted. That the newest records were removed, only somebody who
//! remembers the head can tell. A break ends where a later record, at its own place, repairs it.

mod breaks;
mod broken;
mod gaps;

pub use self::broken::{Break, BrokenBy};
use self::{
    breaks::{BREAKS_MAX, Breaks},
    gaps::Gaps,
};
use super::{Draft, Record, RecordError, Repaired};
use crate::{digest::sha256, model::SourceName};

/// The newest record that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Position of the record in the chain.
    pub sequence: u64,
    /// What the next record must name as `previous`.
    pub digest: String,
}

/// Summary of a whole chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainReport {
    /// Number of records, readable or not. Records that a checkpoint says are pruned do not count,
    /// whether or not they are removed already.
    pub records: u64,
    /// The newest record; `None` for an empty chain.
    pub head: Option<Head>,
    /// First break that is not repaired; `None` if the chain is intact or every break was repaired.
    pub first_break: Option<Break>,
}

/// Returns what the next record names as `previous`: the digest of a record. Where no record can be
/// read, it is the digest of the text that lies there, or of the reason why there is no text. So a
/// chain goes on after a break.
pub(super) fn digest_to_follow(text: Result<&str, &str>) -> String {
    let parsed = text.map(Record::parse);
    digest_of(text, parsed.as_ref().ok().and_then(|it| it.as_ref().ok()))
}

/// The same, of a text that was parsed already.
fn digest_of(text: Result<&str, &str>, record: Option<&Record>) -> String {
    record.map_or_else(
        || sha256(text.unwrap_or_else(|why| why)),
        |record| record.digest.to_string(),
    )
}

/// Checks a chain record by record; a checker that is kept goes on where it stopped.
#[derive(Debug, Clone)]
pub struct Checker {
    source: SourceName,
    records: u64,
    head: Option<Head>,
    /// Digest of the text of the head, byte by byte.
    head_text: Option<String>,
    /// True if the head belongs at its place. If not, the record behind it names as `previous` what
    /// once was there, which is no second break.
    head_is_sound: bool,
    /// The oldest record that counts, from 1.
    first: u64,
    /// Missing records that no checkpoint or repair explains yet.
    gaps: Gaps,
    breaks: Breaks,
    /// Breaks that these records alone do not show, each held until it is repaired.
    remembered: Vec<Break>,
}

impl Checker {
    /// Creates the checker of an empty chain.
    pub fn new(source: SourceName) -> Self {
        Self {
            source,
            records: 0,
            head: None,
            head_text: None,
            head_is_sound: true,
            first: 1,
            gaps: Gaps::default(),
            breaks: Breaks::default(),
            remembered: Vec::new(),
        }
    }

    /// Returns the source whose chain this is.
    pub const fn source(&self) -> &SourceName {
        &self.source
    }

    /// Sequence number of the oldest record that is not pruned, whether or not the pruned records
    /// are removed already.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// Returns the repairs of the chain, oldest first, with the breaks they are about. Pruned
    /// repairs are included; of more than 1,000 the newest are kept.
    pub fn repairs(&self) -> impl DoubleEndedIterator<Item = &Repaired> {
        self.breaks.repairs()
    }

    /// True if this record names another `previous` than what lies before it, repaired or not: no
    /// checkpoint could vouch for a beginning there.
    pub(super) fn is_seam(&self, sequence: u64) -> bool {
        self.breaks.is_seam(sequence)
    }

    /// Takes the next record that exists; `text` is `Err`, with the reason, where the record could
    /// not be read as text. Returns the record if its own digest is right, even if it is out of
    /// place.
    pub fn take(&mut self, sequence: u64, text: Result<&str, &str>) -> Option<Record> {
        let parsed = text
            .map_err(ToOwned::to_owned)
            .and_then(|text| Record::parse(text).map_err(|error| explain(&error)));
        let digest = digest_of(text, parsed.as_ref().ok());
        self.head_text = text.ok().map(sha256);
        let head = self.head.as_ref();
        let follows = sequence == head.map_or(1, |head| head.sequence + 1);
        if !follows {
            let missing = head.map_or(sequence - 1, |head| head.sequence + 1);
            self.gaps.open(missing, sequence, digest.clone());
            self.breaks.seam(sequence);
        }
        self.records += 1;
        let (record, is_sound) = match parsed {
            Ok(record) => {
                let is_sound = self.link(sequence, &record, follows);
                (Some(record), is_sound)
            }
            Err(why) => {
                self.broken(sequence, BrokenBy::Contents(why), Some(digest.clone()));
                (None, false)
            }
        };
        self.head = Some(Head { sequence, digest });
        self.head_is_sound = is_sound;
        record
    }

    /// True if this is the very text of the newest record that was taken. A record that is read
    /// again and again need not be understood again.
    pub(super) fn is_head(&self, text: &str) -> bool {
        self.head_text.as_deref() == Some(sha256(text).as_str())
    }

    /// Holds on to a break that these records alone do not show any more, until a person repairs
    /// it. A break that is already repaired or remembered changes nothing.
    pub fn remember(&mut self, met: Break) {
        let is_repaired = self.repairs().any(|it| it.repair.is_of(&met));
        if !is_repaired && !self.remembered.contains(&met) && self.remembered.len() < BREAKS_MAX {
            self.remembered.push(met);
        }
    }

    /// Returns the breaks that are held on to, in the order in which they were seen.
    pub(super) fn remembered(&self) -> &[Break] {
        &self.remembered
    }

    /// Summarizes the chain as far as it was taken.
    pub fn report(&self) -> ChainReport {
        let remembered = self.remembered.iter().cloned();
        let shown = [self.gaps.first(), self.breaks.first().cloned()];
        let first_break = remembered
            .chain(shown.into_iter().flatten())
            .min_by_key(|it| it.sequence);
        ChainReport {
            records: self.records,
            head: self.head.clone(),
            first_break,
        }
    }

    /// Takes a record with a right digest; true if the record belongs at this place.
    fn link(&mut self, sequence: u64, record: &Record, follows: bool) -> bool {
        let found = || Some(record.digest.to_string());
        if record.sequence != sequence {
            self.broken(sequence, BrokenBy::Sequence(record.sequence), found());
            return false;
        }
        if let Some(other) = record.draft.source().filter(|&it| *it != self.source) {
            self.broken(sequence, BrokenBy::Source(other.clone()), found());
            return false;
        }
        let before = self.head.as_ref().map(|head| head.digest.clone());
        if follows && record.previous.as_deref() != before.as_deref() {
            self.breaks.seam(sequence);
            // Behind a changed record this is the same break: the record names what was there
            // before.
            if self.head_is_sound {
                self.broken(sequence, BrokenBy::Previous, before);
                return true;
            }
        }
        self.found(record);
        true
    }

    /// Takes what a record at its own place says of other records.
    fn found(&mut self, record: &Record) {
        self.gaps.take(record);
        match &record.draft {
            Draft::Checkpoint(checkpoint) => {
                let through = checkpoint.through;
                if (self.first..record.sequence).contains(&through) {
                    self.first = through + 1;
                    self.records = self.records.min(record.sequence - through);
                }
                for repaired in &checkpoint.repairs {
                    self.breaks.tell(repaired);
                }
            }
            Draft::Repair(repair) => {
                self.gaps.repair(|gap| repair.is_of(gap));
                self.breaks.repair(|met| repair.is_of(met));
                self.remembered.retain(|met| !repair.is_of(met));
                self.breaks.tell(&Repaired {
                    sequence: record.sequence,
                    repair: (**repair).clone(),
                });
            }
            _ => {}
        }
    }

    fn broken(&mut self, sequence: u64, what: BrokenBy, found: Option<String>) {
        self.breaks.met(Break {
            sequence,
            what,
            found,
        });
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
