//! What storage says of a failure, said of evidence.

use std::{error::Error, fmt};

use super::call::S3Evidence;
use crate::{
    evidence::EvidenceError,
    storage::{StorageError, StorageReason},
};

pub(super) fn listing(error: StorageError) -> EvidenceError {
    of("list", error)
}

pub(super) fn reading(error: StorageError) -> EvidenceError {
    of("read", error)
}

pub(super) fn writing(evidence: &S3Evidence, error: StorageError) -> EvidenceError {
    of("write", needing(evidence, "s3:PutObject", error))
}

pub(super) fn pruning(evidence: &S3Evidence, error: StorageError) -> EvidenceError {
    of("prune", needing(evidence, "s3:DeleteObject", error))
}

pub(super) fn overwrites(evidence: &S3Evidence) -> EvidenceError {
    let place = evidence.bucket.whole("");
    let location = evidence.call(&place).asked().subject();
    EvidenceError::Overwrites { location }
}

/// Storage knows only what reading needs.
fn needing(evidence: &S3Evidence, action: &str, error: StorageError) -> StorageError {
    let place = evidence.bucket.whole("*");
    let bucket = &evidence.bucket.asked(error.operation, "").bucket.bucket;
    let hint = match error.reason {
        StorageReason::AccessDenied => format!("Allow {action} on {bucket}/{place}."),
        StorageReason::KeyDenied => {
            format!("Allow kms:GenerateDataKey with the key of the bucket {bucket}.")
        }
        _ => return error,
    };
    StorageError { hint, ..error }
}

fn of(operation: &'static str, error: StorageError) -> EvidenceError {
    let StorageError {
        subject,
        reason,
        hint,
        source,
        ..
    } = error;
    EvidenceError::Store {
        operation,
        location: subject,
        hint: hint.into(),
        source: Box::new(Because { reason, source }),
    }
}

/// The reason without what was attempted, which is said already.
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
