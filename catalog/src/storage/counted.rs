//! A layer over any driver that counts how often a repository was asked and how often it failed.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream::BoxStream};

use super::{
    ListFrom, ObjectBody, Operation, Page, Storage, StorageError, StorageReason, UploadChecksum,
};
use crate::model::{Key, ObjectMeta, Pin};

/// Counts of calls since the layer was made; they only ever grow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// Number of calls, failed or not; each page of a listing is one.
    pub calls: BTreeMap<Operation, u64>,
    /// Number of failed calls, including the broken streams of opened objects.
    pub errors: BTreeMap<(Operation, StorageReason), u64>,
}

/// A driver that counts the calls which it passes through to another driver.
#[derive(Debug, Clone)]
pub struct Counted {
    inner: Arc<dyn Storage>,
    requests: Arc<Mutex<Requests>>,
}

impl Counted {
    /// Wraps a driver; clones share their counts.
    pub fn new(inner: Arc<dyn Storage>) -> Self {
        Self {
            inner,
            requests: Arc::default(),
        }
    }

    /// Returns the counts as of now.
    pub fn requests(&self) -> Requests {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn count<T>(
    requests: &Mutex<Requests>,
    operation: Operation,
    answer: Result<T, StorageError>,
) -> Result<T, StorageError> {
    let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
    *requests.calls.entry(operation).or_default() += 1;
    if let Err(error) = &answer {
        *requests
            .errors
            .entry((operation, error.reason))
            .or_default() += 1;
    }
    answer
}

#[async_trait]
impl Storage for Counted {
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        let pages = self.inner.list(from);
        pages
            .map(|page| count(&self.requests, Operation::List, page))
            .boxed()
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError> {
        let answer = self.inner.head(key);
        answer
            .map(|answer| count(&self.requests, Operation::Head, answer))
            .await
    }

    async fn head_version(&self, key: &Key, version: &str) -> Result<ObjectMeta, StorageError> {
        let answer = self.inner.head_version(key, version);
        answer
            .map(|answer| count(&self.requests, Operation::Head, answer))
            .await
    }

    async fn read(&self, pin: &Pin, range: Range<u64>) -> Result<Bytes, StorageError> {
        let answer = self.inner.read(pin, range);
        answer
            .map(|answer| count(&self.requests, Operation::Read, answer))
            .await
    }

    async fn open(&self, pin: &Pin) -> Result<ObjectBody, StorageError> {
        let body = count(&self.requests, Operation::Open, self.inner.open(pin).await)?;
        let requests = self.requests.clone();
        let bytes = body.bytes.inspect(move |item| {
            if let Err(error) = item {
                let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
                *requests
                    .errors
                    .entry((Operation::Open, error.reason))
                    .or_default() += 1;
            }
        });
        Ok(ObjectBody {
            bytes: bytes.boxed(),
            ..body
        })
    }

    fn grows(&self) -> bool {
        self.inner.grows()
    }

    async fn uploaded(&self, pin: &Pin) -> Result<Option<UploadChecksum>, StorageError> {
        let answer = self.inner.uploaded(pin);
        answer
            .map(|answer| count(&self.requests, Operation::Head, answer))
            .await
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;
    use crate::storage::memory::{Fault, Memory};

    #[tokio::test]
    async fn every_page_and_every_failed_stream_is_counted() {
        let memory = Memory::new(2);
        for key in ["a", "b", "c"] {
            memory.put(key, "body");
        }
        memory.fail(Fault::Cut {
            key: "b".into(),
            after: 1,
        });
        let counted = Counted::new(Arc::new(memory));

        let pages: Vec<Page> = counted
            .list(ListFrom::default())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(pages.len(), 2);
        let pin = pages[0].objects[1].pin();
        let body = counted
            .open(&pin)
            .await
            .unwrap()
            .bytes
            .try_collect::<Vec<_>>()
            .await;
        body.unwrap_err();
        counted.head(&Key::new("nothing")).await.unwrap_err();

        let requests = counted.requests();
        let calls = [
            (Operation::List, 2),
            (Operation::Head, 1),
            (Operation::Open, 1),
        ];
        assert_eq!(requests.calls, calls.into());
        let errors = [
            ((Operation::Head, StorageReason::NotFound), 1),
            ((Operation::Open, StorageReason::Truncated), 1),
        ];
        assert_eq!(requests.errors, errors.into());
    }
}
