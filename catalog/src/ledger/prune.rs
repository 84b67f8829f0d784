//! Pruning: old records go, and the chain still proves what is left.
//!
//! The checkpoint is written first, durably; then records are removed one by one from the oldest
//! on. So whatever dies in between, and however many prune at once, what lies there is always an
//! unbroken end of the chain that begins at or before the place the checkpoint vouches for.

use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::Timestamp;

use super::{
    Break, Checkpoint, Draft, Ledger, LedgerError, RecordWriter, append, chain::digest_to_follow,
    sequences,
};
use crate::{fault, model::SourceName};

/// Most records that are removed at once; the rest goes the next time.
const REMOVED_MAX: usize = 1_000;

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pruned {
    /// So many records were removed.
    Removed(usize),
    /// Nothing of a broken chain is removed: its records are needed to see what happened.
    Broken(Break),
}

/// Removes records older than `keep`, but for those still needed, and finishes what was begun
/// before. The ledger is that of the chain as it lies there.
pub async fn prune(
    records: &dyn RecordWriter,
    ledger: &Ledger,
    keep: Duration,
    now: Timestamp,
) -> Result<Pruned, LedgerError> {
    let due = match ledger.due_checkpoint(keep, now) {
        Ok(due) => due,
        Err(first_break) => return Ok(Pruned::Broken(first_break)),
    };
    let checkpoint = match due {
        Some(due) => {
            append(records, ledger.source(), Draft::Checkpoint(due.clone())).await?;
            stop_here("evidence.checkpointed", ledger.source())?;
            due
        }
        None => match ledger.last_checkpoint() {
            Some(earlier) => earlier.clone(),
            None => return Ok(Pruned::Removed(0)),
        },
    };
    remove_through(records, ledger.source(), &checkpoint)
        .await
        .map(Pruned::Removed)
}

async fn remove_through(
    records: &dyn RecordWriter,
    source: &SourceName,
    checkpoint: &Checkpoint,
) -> Result<usize, LedgerError> {
    let mut removed = 0;
    let mut left = sequences(records, source, 0);
    while removed < REMOVED_MAX
        && let Some(sequence) = left.try_next().await?
        && sequence <= checkpoint.through
        && (removed > 0 || names_what_lies_there(records, source, checkpoint).await?)
    {
        records.remove(source, sequence).await?;
        removed += 1;
    }
    Ok(removed)
}

/// A checkpoint of somebody else is not trusted with records that it does not know.
async fn names_what_lies_there(
    records: &dyn RecordWriter,
    source: &SourceName,
    checkpoint: &Checkpoint,
) -> Result<bool, LedgerError> {
    match records.read(source, checkpoint.through).await {
        Ok(text) => Ok(digest_to_follow(Ok(&text)) == checkpoint.pruned),
        Err(LedgerError::Gone { .. } | LedgerError::Unreadable { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn stop_here(point: &str, source: &SourceName) -> Result<(), LedgerError> {
    fault::point(point).map_err(|error| LedgerError::Store {
        operation: "prune",
        location: source.to_string(),
        hint: "".into(),
        source: Box::new(error),
    })
}
