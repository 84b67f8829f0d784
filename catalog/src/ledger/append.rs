//! Writing the next record of a chain, with other writers about.

use super::{
    Draft, LedgerError, Record, RecordReader, RecordWriter, SEQUENCE_MAX, chain::digest_to_follow,
};
use crate::model::SourceName;

/// How often another writer may be faster before this one gives up.
const ATTEMPTS_MAX: u32 = 16;

/// Number of deleted records that are passed one by one, before the steps double.
const SINGLE_STEPS: u32 = 16;

/// A record that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The record, as parsed back from `text`.
    pub record: Record,
    /// The record's text, as it lies there.
    pub text: String,
}

/// Writes `draft` behind the newest record of `source`, whoever else writes too.
///
/// A break in the chain does not stop the writing: what was proven must be written down, and the
/// break stays where it is. Nor does a number that cannot be created although nothing lies there,
/// as in a bucket with versions where the newest record was deleted. The record is written behind
/// that number, and the gap is a break like any other.
///
/// Errs where the store fails, where other writers are faster 16 times in a row, or where no
/// sequence number is left.
pub async fn append(
    records: &dyn RecordWriter,
    source: &SourceName,
    draft: Draft,
) -> Result<Appended, LedgerError> {
    let (mut hindrances, mut attempts) = (Hindrances::default(), 0);
    while attempts < ATTEMPTS_MAX {
        attempts += 1;
        let Some((next, previous)) = next_place(records, source).await? else {
            continue;
        };
        let sequence = next.max(hindrances.next);
        if sequence > SEQUENCE_MAX {
            return Err(LedgerError::Exhausted {
                source_name: source.clone(),
            });
        }
        let sealed = Record::seal(draft.clone(), sequence, previous.as_deref())
            .and_then(|text| Record::parse(&text).map(|record| Appended { record, text }));
        let appended = sealed.map_err(|error| LedgerError::Seal {
            source_name: source.clone(),
            source: error,
        })?;
        match records.create(source, sequence, &appended.text).await {
            Ok(()) => return Ok(appended),
            Err(LedgerError::Taken { .. }) => {}
            Err(error) => return Err(error),
        }
        if is_gone(records, source, sequence).await? && hindrances.met(sequence) {
            // No other writer was faster, so the attempts begin anew.
            attempts = 0;
        }
    }
    Err(LedgerError::Contended {
        source_name: source.clone(),
        attempts: ATTEMPTS_MAX,
    })
}

/// Numbers that cannot be created although nothing lies there.
#[derive(Debug, Default)]
struct Hindrances {
    /// Smallest number to try next.
    next: u64,
    /// Number that was met once: perhaps another writer's record is not visible yet.
    suspect: Option<u64>,
    passed: u32,
}

impl Hindrances {
    /// Takes a number that could not be created; true if it was met twice in a row and is passed
    /// now.
    ///
    /// A whole ledger may have been deleted: behind the first few numbers the steps double, so that
    /// its end is found soon. A gap is one gap however long it is.
    fn met(&mut self, sequence: u64) -> bool {
        if self.suspect.replace(sequence) != Some(sequence) {
            return false;
        }
        let doubled = self.passed.saturating_sub(SINGLE_STEPS);
        let step = 1_u64.checked_shl(doubled).unwrap_or(SEQUENCE_MAX);
        self.next = sequence.saturating_add(step);
        self.passed += 1;
        true
    }
}

/// True if nothing lies at this number, although it could not be created.
async fn is_gone(
    records: &(impl RecordReader + ?Sized),
    source: &SourceName,
    sequence: u64,
) -> Result<bool, LedgerError> {
    match records.read(source, sequence).await {
        Ok(_) | Err(LedgerError::Unreadable { .. }) => Ok(false),
        Err(LedgerError::Gone { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Returns the next sequence number and the digest of the head; `None` if the head vanished
/// meanwhile.
async fn next_place(
    records: &(impl RecordReader + ?Sized),
    source: &SourceName,
) -> Result<Option<(u64, Option<String>)>, LedgerError> {
    let Some(head) = records.newest(source).await? else {
        return Ok(Some((1, None)));
    };
    if head >= SEQUENCE_MAX {
        return Err(LedgerError::Exhausted {
            source_name: source.clone(),
        });
    }
    let previous = match records.read(source, head).await {
        Ok(text) => digest_to_follow(Ok(&text)),
        Err(LedgerError::Unreadable { what, .. }) => digest_to_follow(Err(&what)),
        Err(LedgerError::Gone { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some((head + 1, Some(previous))))
}
