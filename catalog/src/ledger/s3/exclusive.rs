//! Tests whether a store lets only one of many writers create a name.
//!
//! A store that ignores the condition, or looks and writes in two steps, would let two verifiers
//! write the same record, and neither would know. So many writers race for names that were never
//! used. One name finds a store that looks first in a third of the cases, eight names in 97 %.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::timeout;

use super::{call::S3Records, create::Put, failure};
use crate::{
    ledger::LedgerError,
    storage::{StorageError, StorageReason},
};

/// Reserved name, created once a place has passed the test: from then on one request is enough.
const PASSED: &str = ".exclusive/raced-1";

/// Writers of one name at once.
const WRITERS: usize = 16;

/// Names that are raced for.
const NAMES: usize = 8;

/// Longest test of a place: enough for a store that takes a second for each of the names.
const RACE_MAX: Duration = Duration::from_mins(2);

/// Errs with [`LedgerError::Overwrites`] where two writers of one name both won.
pub(super) async fn prove(records: &S3Records) -> Result<(), LedgerError> {
    let passed = records.bucket.whole(PASSED);
    let call = records.call(&passed);
    if call.read().await.map_err(failure::reading)?.is_some() {
        return Ok(());
    }
    let slow = |_| {
        let hint = "The store is too slow to be put to the test; look at it.";
        failure::writing(records, call.asked().refused(StorageReason::Timeout, hint))
    };
    timeout(RACE_MAX, races(records)).await.map_err(slow)??;
    let put = call.create("16 writers raced for each of 8 names\n").await;
    match put.map_err(|error| failure::writing(records, error))? {
        Put::Created | Put::Exists => Ok(()),
        Put::Unconditional => Err(failure::overwrites(records)),
    }
}

/// Holds one race after the other; a disturbed one is held again, as often as any request is tried.
async fn races(records: &S3Records) -> Result<(), LedgerError> {
    let (name, mut number, mut disturbed) = (random(), 0, 0);
    let (mut held, mut won) = (0, false);
    while held < NAMES {
        number += 1;
        let key = records
            .bucket
            .whole(&format!(".exclusive/race-{name}-{number}"));
        let race = race(records, &key).await;
        // The object is removed if it can be; if it stays, it does no harm.
        let _ = records.call(&key).remove().await;
        match race {
            Race::Overwritten => return Err(failure::overwrites(records)),
            Race::Won => (held, won) = (held + 1, true),
            Race::Lost => held += 1,
            Race::Disturbed(error) => {
                disturbed += 1;
                if disturbed >= records.patience.attempts || !error.reason.is_transient() {
                    return Err(failure::writing(records, error));
                }
            }
        }
    }
    if !won {
        let hint = "Nobody could create an object; look at the store.";
        let key = records.bucket.whole(PASSED);
        let asked = records.call(&key).asked();
        let refused = asked.refused(StorageReason::Protocol, hint);
        return Err(failure::writing(records, refused));
    }
    Ok(())
}

/// How a race ended.
enum Race {
    /// One writer won.
    Won,
    /// Nobody won: each writer was told that another one is at it.
    Lost,
    /// Several writers won, or the store does not know the condition.
    Overwritten,
    /// A writer was not answered.
    Disturbed(StorageError),
}

async fn race(records: &S3Records, key: &str) -> Race {
    // Each writer has a text of its own, for equal ones could not overwrite each other.
    let texts: Vec<_> = (0..WRITERS).map(|it| format!("writer {it}\n")).collect();
    let writers = texts.iter().map(|text| records.call(key).race(text));
    let (mut won, mut unanswered) = (0_usize, None);
    for put in join_all(writers).await {
        match put {
            Ok(Put::Created) => won += 1,
            Ok(Put::Exists) => {}
            Ok(Put::Unconditional) => return Race::Overwritten,
            Err(error) => unanswered = Some(error),
        }
    }
    match (won, unanswered) {
        (2.., _) => Race::Overwritten,
        (_, Some(error)) => Race::Disturbed(error),
        (1, None) => Race::Won,
        (0, None) => Race::Lost,
    }
}

/// 128 bits, so that no two races are for one name.
fn random() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("invariant: the system has randomness");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
