//! The marker of a place of records, and the difference between our clock and that of the place.
//!
//! A volume that is not mounted looks like a ledger without records, so the verifier leaves a
//! marker at its first use of a place:
//!
//! | marker | records | the place |
//! |---|---|---|
//! | yes | any | is in use |
//! | no | some | was used by an earlier version: the verifier adopts it at its next use |
//! | no | none | is not mounted, or new: readers know nothing, the verifier makes the marker |

use jiff::{SignedDuration, Timestamp};

use super::{LedgerError, RecordReader, RecordWriter};
use crate::model::SourceName;

/// Largest difference between the clock of a writer and that of the store: readers believe no
/// record that ends later than that (facts of the contract, alerting 7).
pub const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_mins(5);

/// Errs with [`LedgerError::Unmarked`] where there is neither a marker nor a record of any of these
/// sources.
pub async fn is_mounted(
    records: &dyn RecordReader,
    sources: &[SourceName],
) -> Result<(), LedgerError> {
    if records.is_marked().await? || holds_records(records, sources).await? {
        return Ok(());
    }
    Err(unmarked(records))
}

/// Makes the marker where there is none. `was` says that this program has found the place in use
/// before: if nothing is left there, it is another place, and [`LedgerError::Unmarked`] is
/// returned.
pub async fn adopt(
    records: &dyn RecordWriter,
    sources: &[SourceName],
    was: bool,
) -> Result<(), LedgerError> {
    if records.is_marked().await? {
        return Ok(());
    }
    if holds_records(records, sources).await? {
        // Even without a marker the records show that this is the place; we may have no right to
        // make one.
        let _ = records.mark().await;
        return Ok(());
    }
    // Where the marker cannot be created, another verifier may have been faster.
    if !was && (records.mark().await? || records.is_marked().await?) {
        return Ok(());
    }
    Err(unmarked(records))
}

async fn holds_records(
    records: &(impl RecordReader + ?Sized),
    sources: &[SourceName],
) -> Result<bool, LedgerError> {
    for source in sources {
        if records.newest(source).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn unmarked(records: &(impl RecordReader + ?Sized)) -> LedgerError {
    LedgerError::Unmarked {
        location: records.place(),
    }
}

/// Returns how far our clock is ahead of the store's; negative where it is behind. Our clock showed
/// `before` when the store was asked and `after` when it had answered: a time of the store between
/// the two counts as equal.
pub fn ahead_of(store: Timestamp, before: Timestamp, after: Timestamp) -> SignedDuration {
    let ahead = before.duration_since(store);
    if ahead > SignedDuration::ZERO {
        return ahead;
    }
    after.duration_since(store).min(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::fixtures::at;

    #[test]
    fn an_answer_that_takes_long_sets_no_clock_apart() {
        let check = |store, before, after, seconds| {
            let ahead = ahead_of(at(store), at(before), at(after));
            assert_eq!(ahead.as_secs(), seconds, "{store} {before} {after}");
        };
        check("01:00:00", "01:00:00", "01:00:00", 0);
        check("01:30:00", "01:00:00", "02:00:00", 0);
        check("00:50:00", "01:00:00", "02:00:00", 600);
        check("02:10:00", "01:00:00", "02:00:00", -600);
    }
}
