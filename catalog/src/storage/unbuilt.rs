//! The place of drivers that this version does not have: it answers every call with that.
//!
//! So a configured bucket is a repository that cannot be surveyed, said where it is looked for, and
//! everything else is served.

use std::ops::Range;

use bytes::Bytes;
use futures::{
    FutureExt as _, StreamExt as _,
    future::{self, BoxFuture},
    stream::{self, BoxStream},
};

use super::{ByteStream, ListFrom, Operation, Page, Storage, StorageError, StorageReason};
use crate::model::{Key, ObjectMeta, Pin};

/// A repository nobody can read yet.
#[derive(Debug)]
pub(super) struct Unbuilt {
    /// Its location.
    pub(super) subject: String,
}

impl Unbuilt {
    fn error(&self, operation: Operation) -> StorageError {
        StorageError {
            operation,
            subject: self.subject.clone(),
            reason: StorageReason::Protocol,
            hint: "S3 repositories are not built into this version, it reads directories.".into(),
            source: None,
        }
    }

    fn refuse<T: Send + 'static>(
        &self,
        operation: Operation,
    ) -> BoxFuture<'static, Result<T, StorageError>> {
        future::ready(Err(self.error(operation))).boxed()
    }
}

impl Storage for Unbuilt {
    fn list(&self, _: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        stream::once(future::ready(Err(self.error(Operation::List)))).boxed()
    }

    fn head<'a>(&'a self, _: &'a Key) -> BoxFuture<'a, Result<ObjectMeta, StorageError>> {
        self.refuse(Operation::Head)
    }

    fn read<'a>(&'a self, _: &'a Pin, _: Range<u64>) -> BoxFuture<'a, Result<Bytes, StorageError>> {
        self.refuse(Operation::Read)
    }

    fn open<'a>(&'a self, _: &'a Pin) -> BoxFuture<'a, Result<ByteStream, StorageError>> {
        self.refuse(Operation::Open)
    }
}
