//! Turns errors of storage into errors of the ledger.

use std::{error::Error, fmt};

use super::call::S3Records;
use crate::{
    ledger::LedgerError,
    storage::{StorageError, StorageReason},
};

pub(super) fn listing(error: StorageError) -> LedgerError {
    of("list", error)
}

pub(super) fn reading(error: StorageError) -> LedgerError {
    of("read", error)
}

pub(super) fn writing(records: &S3Records, error: StorageError) -> LedgerError {
    of("write", needing(records, "s3:PutObject", error))
}

pub(super) fn pruning(records: &S3Records, error: StorageError) -> LedgerError {
    of("prune", needing(records, "s3:DeleteObject", error))
}

pub(super) fn overwrites(records: &S3Records) -> LedgerError {
    let place = records.bucket.whole("");
    let location = records.call(&place).asked().subject();
    LedgerError::Overwrites { location }
}

/// Names the permission for `action` in the hint: storage knows only what reading needs.
fn needing(records: &S3Records, action: &str, error: StorageError) -> StorageError {
    let place = records.bucket.whole("*");
    let bucket = &records.bucket.asked(error.operation, "").bucket.bucket;
    let hint = match error.reason {
        StorageReason::AccessDenied => format!("Allow {action} on {bucket}/{place}."),
        StorageReason::KeyDenied => {
            format!("Allow kms:GenerateDataKey with the key of the bucket {bucket}.")
        }
        _ => return error,
    };
    StorageError { hint, ..error }
}

fn of(operation: &'static str, error: StorageError) -> LedgerError {
    let StorageError {
        subject,
        reason,
        hint,
        source,
        ..
    } = error;
    LedgerError::Store {
        operation,
        location: subject,
        hint: hint.into(),
        source: Box::new(Because { reason, source }),
    }
}

/// The reason of a storage error without its operation, which the ledger's message says already.
#[derive(Debug)]
struct Because {
    reason: StorageReason,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason.as_label().replace('_', " "))
    }
}

impl Error for Because {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
