//! A repository in memory that fails on request, for tests.
//!
//! It obeys the same conformance suite as every driver; a [`Fault`] is the only way to make it lie.

mod fault;

use std::{
    collections::BTreeMap,
    future,
    ops::{Bound, Range},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};
use jiff::Timestamp;

use super::{
    ListFrom, ObjectBody, Operation, PAGE_MAX, Page, Storage, StorageError, StorageReason,
    UploadChecksum, check_range,
};
use crate::model::{Key, ObjectMeta, Pin};

pub use fault::Fault;

/// Modification time of an object that was put without one: 2026-11-22T00:00:00Z.
pub const MODIFIED_AT: Timestamp = Timestamp::constant(1_795_305_600, 0);

/// Number of items, about, in which an opened object comes: so that short bodies come in several,
/// too.
const CHUNKS: usize = 4;

/// A repository in memory: objects by key. Clones share them.
#[derive(Debug, Clone)]
pub struct Memory {
    page_max: usize,
    grows: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<Key, (ObjectMeta, Bytes)>,
    /// Versions that are kept whatever becomes of their key.
    versions: BTreeMap<(Key, String), ObjectMeta>,
    uploads: BTreeMap<Key, UploadChecksum>,
    revision: u64,
    faults: Vec<Fault>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(PAGE_MAX)
    }
}

impl Memory {
    /// Makes an empty repository with at most this many objects to a page.
    pub fn new(page_max: usize) -> Self {
        Self {
            page_max,
            grows: true,
            state: Arc::default(),
        }
    }

    /// The same repository, but its objects appear whole, as those of S3 do.
    #[must_use]
    pub fn appearing_whole(self) -> Self {
        Self {
            grows: false,
            ..self
        }
    }

    /// Writes or replaces an object.
    pub fn put(&self, key: impl Into<String>, body: impl Into<Bytes>) {
        self.put_at(key, body, MODIFIED_AT);
    }

    /// Writes or replaces an object, with this modification time.
    pub fn put_at(&self, key: impl Into<String>, body: impl Into<Bytes>, modified_at: Timestamp) {
        let (key, body) = (Key::new(key.into()), body.into());
        let mut state = self.lock();
        state.revision += 1;
        let meta = ObjectMeta {
            key: key.clone(),
            size_bytes: body.len() as u64,
            modified_at,
            etag: Some(format!("revision-{}", state.revision)),
            version_id: None,
            storage_class: None,
        };
        state.objects.insert(key, (meta, body));
    }

    /// Changes what a listing says of an object that is there.
    pub fn describe(&self, key: &str, change: impl FnOnce(&mut ObjectMeta)) {
        if let Some((meta, _)) = self.lock().objects.get_mut(&Key::new(key)) {
            change(meta);
        }
    }

    /// Keeps the checksum that the uploader of this key gave.
    pub fn vouch(&self, key: &str, checksum: UploadChecksum) {
        self.lock().uploads.insert(Key::new(key), checksum);
    }

    /// Keeps what lies under a key now as this version, whatever becomes of the key. The version is
    /// not listed, but a head of it is answered, and whoever opens the object is told its name.
    pub fn keep_version(&self, key: &str, version: &str) {
        let mut state = self.lock();
        if let Some((meta, _)) = state.objects.get(&Key::new(key)) {
            let meta = ObjectMeta {
                version_id: Some(version.into()),
                ..meta.clone()
            };
            let of = (meta.key.clone(), version.into());
            state.versions.insert(of, meta);
        }
    }

    /// Forgets that version.
    pub fn expire_version(&self, key: &str, version: &str) {
        let of = (Key::new(key), version.to_owned());
        self.lock().versions.remove(&of);
    }

    /// Deletes an object.
    pub fn remove(&self, key: &str) {
        self.lock().objects.remove(&Key::new(key));
    }

    /// Adds a fault, which stands from now on.
    pub fn fail(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Forgets every fault.
    pub fn heal(&self) {
        self.lock().faults.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, hangs or fails as scripted.
    async fn pass(&self, operation: Operation, subject: &str) -> Result<(), StorageError> {
        let faults = self.lock().faults.clone();
        for fault in &faults {
            match fault {
                Fault::Slow(delay) => tokio::time::sleep(*delay).await,
                Fault::Hang(at) if *at == operation => future::pending().await,
                Fault::Refuse { at, reason } if *at == operation => {
                    return Err(error(operation, subject, *reason));
                }
                Fault::Denied { prefix } if fault::touches(prefix, operation, subject) => {
                    return Err(error(operation, subject, StorageReason::AccessDenied));
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn pass_page(&self, number: usize, from: &ListFrom) -> Result<(), StorageError> {
        let prefix = &from.prefix;
        self.pass(Operation::List, prefix).await?;
        let faults = self.lock().faults.clone();
        for fault in &faults {
            match fault {
                Fault::HangAtPage(at) if *at == number => future::pending().await,
                Fault::RefusePage { at, reason } if *at == number => {
                    return Err(error(Operation::List, prefix, *reason));
                }
                Fault::VersionsDenied if from.versions => {
                    return Err(error(Operation::List, prefix, StorageReason::AccessDenied));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn page(&self, from: &ListFrom, after: Option<&Key>) -> Page {
        let state = self.lock();
        let prefix = Key::new(&from.prefix);
        let begin = match after {
            Some(after) if *after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(&prefix),
        };
        let objects = state.objects.range((begin, Bound::Unbounded));
        let metas = objects.map(|(_, (meta, _))| meta);
        let listed = metas.take_while(|meta| meta.key.as_str().starts_with(&from.prefix));
        Page {
            objects: listed.take(self.page_max).cloned().collect(),
            ..Page::default()
        }
    }

    /// Returns the version as which the pinned bytes are kept.
    fn version_of(&self, pin: &Pin) -> Option<String> {
        let state = self.lock();
        let mut kept = state.versions.values();
        let is_it = |kept: &&ObjectMeta| kept.key == pin.key && kept.etag == pin.etag;
        kept.find(is_it)?.version_id.clone()
    }

    fn body(&self, pin: &Pin, operation: Operation) -> Result<Bytes, StorageError> {
        let state = self.lock();
        let Some((meta, body)) = state.objects.get(&pin.key) else {
            return Err(error(operation, pin.key.as_str(), StorageReason::NotFound));
        };
        if meta.pin() == *pin {
            return Ok(body.clone());
        }
        Err(error(operation, pin.key.as_str(), StorageReason::Replaced))
    }
}

#[async_trait]
impl Storage for Memory {
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        let start = (0, from.after.clone(), false);
        stream::unfold(start, move |(number, after, ended)| {
            let from = from.clone();
            async move {
                if ended {
                    return None;
                }
                if let Err(error) = self.pass_page(number, &from).await {
                    return Some((Err(error), (number, after, true)));
                }
                let page = self.page(&from, after.as_ref());
                let last = page.objects.last().map(|meta| meta.key.clone())?;
                let ended = page.objects.len() < self.page_max;
                Some((Ok(page), (number + 1, Some(last), ended)))
            }
        })
        .boxed()
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError> {
        self.pass(Operation::Head, key.as_str()).await?;
        let state = self.lock();
        let found = state.objects.get(key).map(|(meta, _)| meta.clone());
        found.ok_or_else(|| error(Operation::Head, key.as_str(), StorageReason::NotFound))
    }

    async fn head_version(&self, key: &Key, version: &str) -> Result<ObjectMeta, StorageError> {
        self.pass(Operation::Head, key.as_str()).await?;
        let of = (key.clone(), version.to_owned());
        let found = self.lock().versions.get(&of).cloned();
        found.ok_or_else(|| error(Operation::Head, key.as_str(), StorageReason::NotFound))
    }

    async fn read(&self, pin: &Pin, range: Range<u64>) -> Result<Bytes, StorageError> {
        check_range(pin, &range)?;
        self.pass(Operation::Read, pin.key.as_str()).await?;
        let body = self.body(pin, Operation::Read)?;
        let index = |at| usize::try_from(at).unwrap_or(usize::MAX);
        Ok(body.slice(index(range.start)..index(range.end.max(range.start))))
    }

    async fn open(&self, pin: &Pin) -> Result<ObjectBody, StorageError> {
        self.pass(Operation::Open, pin.key.as_str()).await?;
        let body = self.body(pin, Operation::Open)?;
        let cut = self
            .lock()
            .faults
            .iter()
            .find_map(|fault| fault.cut(&pin.key));
        let (whole, end) = match cut {
            Some((after, reason)) => (
                body.slice(..after.min(body.len())),
                Some(Err(error(Operation::Open, pin.key.as_str(), reason))),
            ),
            None => (body, None),
        };
        let step = whole.len() / CHUNKS + 1;
        let parts = (0..whole.len()).step_by(step);
        let chunks: Vec<_> = parts
            .map(|at| Ok(whole.slice(at..whole.len().min(at + step))))
            .chain(end)
            .collect();
        Ok(ObjectBody {
            bytes: stream::iter(chunks).boxed(),
            version_id: self.version_of(pin),
        })
    }

    fn grows(&self) -> bool {
        self.grows
    }

    async fn uploaded(&self, pin: &Pin) -> Result<Option<UploadChecksum>, StorageError> {
        self.pass(Operation::Head, pin.key.as_str()).await?;
        Ok(self.lock().uploads.get(&pin.key).cloned())
    }
}

fn error(operation: Operation, subject: &str, reason: StorageReason) -> StorageError {
    let hint = "A test asked for this.".into();
    StorageError {
        operation,
        subject: subject.into(),
        reason,
        hint,
        source: None,
    }
}

#[cfg(test)]
mod tests;
