//! A repository that is a directory: every regular file below it is an object.
//!
//! Names are not interpreted, so one that begins with `.` is an object like any other. Symbolic
//! links to directories are never followed, so a loop cannot exist; a link to a file counts as that
//! file while it stays below the root. Nothing here opens a path for writing.

mod config;
mod file;
mod walk;

use std::{ops::Range, path::PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream, stream::BoxStream};
use tokio::task::spawn_blocking;

use self::{file::OpenFile, walk::Walker};
use super::{
    ListFrom, ObjectBody, Operation, Page, Storage, StorageError, StorageReason, check_range,
};
use crate::model::{Key, ObjectMeta, Pin};

pub use config::DirectoryRoot;

/// Bytes per item of an [`ObjectBody`]: large enough that handing one over costs nothing beside
/// reading it, small enough that a hundred in flight are nothing either.
const CHUNK_BYTES: u64 = 512 * 1024;

/// A repository that is one directory tree.
///
/// The entity tag is inode, size, and the times of modification and status change (nanoseconds). A
/// file rewritten in place, to the same size, within one tick of the file system's clock is taken
/// for the same file: no portable call tells them apart.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// Names the root. It is looked up anew at every call: it may be mounted later, or be replaced.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn open_file(
        &self,
        pin: &Pin,
        operation: Operation,
    ) -> BoxFuture<'static, Result<OpenFile, StorageError>> {
        let (root, pin) = (self.root.clone(), pin.clone());
        blocking(operation, move || OpenFile::open(&root, &pin, operation))
    }
}

#[async_trait]
impl Storage for Directory {
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        let walker = Walker::new(self.root.clone(), from);
        pull(Operation::List, walker, Walker::next_page).boxed()
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError> {
        let (root, key) = (self.root.clone(), key.clone());
        blocking(Operation::Head, move || file::head(&root, key)).await
    }

    async fn read(&self, pin: &Pin, range: Range<u64>) -> Result<Bytes, StorageError> {
        check_range(pin, &range)?;
        let mut file = self.open_file(pin, Operation::Read).await?;
        blocking(Operation::Read, move || {
            file.seek(range.start)?;
            file.read_exactly(range.end.saturating_sub(range.start))
        })
        .await
    }

    async fn open(&self, pin: &Pin) -> Result<ObjectBody, StorageError> {
        let file = self.open_file(pin, Operation::Open).await?;
        let bytes = pull(Operation::Open, file, |file| file.next_chunk(CHUNK_BYTES));
        Ok(bytes.boxed().into())
    }
}

/// Makes a stream whose next item is computed on a blocking thread only when it is asked for. So a
/// slow reader holds no thread and no more than one item.
fn pull<S: Send + 'static, T: Send + 'static>(
    operation: Operation,
    state: S,
    next: fn(&mut S) -> Result<Option<T>, StorageError>,
) -> impl stream::Stream<Item = Result<T, StorageError>> + Send + 'static {
    stream::unfold(Some(state), move |state| async move {
        let mut state = state?;
        let step = blocking(operation, move || {
            let item = next(&mut state);
            Ok((state, item))
        });
        match step.await {
            Ok((_, Ok(None))) => None,
            Ok((state, Ok(Some(item)))) => Some((Ok(item), Some(state))),
            Ok((_, Err(error))) | Err(error) => Some((Err(error), None)),
        }
    })
}

fn blocking<T: Send + 'static>(
    operation: Operation,
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> BoxFuture<'static, Result<T, StorageError>> {
    let task = spawn_blocking(work);
    async move {
        task.await.unwrap_or_else(|stopped| {
            Err(StorageError {
                operation,
                subject: "a blocking thread".into(),
                reason: StorageReason::Io,
                hint: String::new(),
                source: Some(Box::new(stopped)),
            })
        })
    }
    .boxed()
}

#[cfg(test)]
mod tests;
