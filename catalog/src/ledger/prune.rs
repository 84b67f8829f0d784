//! Pruning: old records are removed, and the chain still proves the records that are left.
//!
//! The checkpoint is written first, durably; then records are removed one by one from the oldest
//! on. So what lies there is always an unbroken end of the chain, whatever dies in between and
//! however many prune at once. It begins at or before the place that the checkpoint vouches for.

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

/// Result of pruning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pruned {
    /// This many records were removed.
    Removed(usize),
    /// Nothing of a broken chain is removed: its records are needed to see what happened.
    Broken(Break),
}

/// Removes records older than `keep`, but none that is still needed, and finishes an interrupted
/// pruning. `ledger` must show the chain as it lies there. Errs if the checkpoint cannot be written
/// or a record not be removed.
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
            append(
                records,
                ledger.source(),
                Draft::Checkpoint(Box::new(due.clone())),
            )
            .await?;
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

/// True if the checkpoint knows the digest of the last record it says is pruned: somebody else's
/// checkpoint is not trusted with records that it does not know.
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
