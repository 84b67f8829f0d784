//! What the store holds, and which faults stand.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use catalog::storage::memory::MODIFIED_AT;
use jiff::{SignedDuration, Timestamp};

use super::{
    ACCESS_KEY_ID, SECRET_ACCESS_KEY,
    door::Keys,
    fault::{Call, Fault},
};

/// What the keys of made-up objects begin with.
const FOREIGN: &str = "foreign/";

/// Listings tell it, and a header cannot (RFC 9110 §5.6.7).
const PART_OF_A_SECOND: SignedDuration = SignedDuration::from_millis(789);

/// One version of one key.
#[derive(Debug, Clone)]
pub struct Object {
    /// `None` is a delete marker.
    pub body: Option<Bytes>,
    /// `LastModified`.
    pub modified_at: Timestamp,
    /// Without quotes.
    pub etag: String,
    /// `null` while the bucket has no versions.
    pub version_id: String,
    /// `None` is `STANDARD`.
    pub storage_class: Option<String>,
    /// Header and value, e.g. `("crc32", "…")`; the value of a composite one ends with `-N`.
    pub checksum: Option<(&'static str, String)>,
    /// The type that a HEAD answers with it, empty for none; `None` is the one of its value.
    pub checksum_type: Option<&'static str>,
}

/// What a store may not look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// `If-Match` and `If-None-Match`.
    Conditions,
    /// `Range`.
    Ranges,
    /// `encoding-type`.
    Encoding,
    /// Others who write the same key meanwhile: it looks first, and then writes.
    Races,
    /// That a delete marker is no object, where one is only to be created.
    Markers,
    /// That a page begins behind the last entry of the one before, and not with it.
    Behind,
    /// That an `If-Match` is met.
    Match,
}

/// Everything behind the front.
#[derive(Debug, Default)]
pub struct World(Mutex<State>);

#[derive(Debug, Default)]
pub(super) struct State {
    /// Newest version first.
    pub(super) objects: BTreeMap<String, Vec<Object>>,
    revision: u64,
    versioned: bool,
    /// Objects that are made up while they are listed: `foreign/00000000` and on.
    pub(super) foreign: u64,
    ignores: Vec<Ignored>,
    faults: Vec<Fault>,
    calls: Vec<(Call, String)>,
    admitted: Option<Keys>,
    /// Writers of each key that looked and have not written yet.
    pub(super) looking: BTreeMap<String, usize>,
}

impl World {
    /// Writes an object, or a version of it.
    pub fn put(&self, key: &str, body: impl Into<Bytes>) {
        self.put_with(key, body, |_| ());
    }

    /// The same, described otherwise.
    pub fn put_with(&self, key: &str, body: impl Into<Bytes>, change: impl FnOnce(&mut Object)) {
        let mut state = self.lock();
        let mut object = state.next(Some(body.into()));
        change(&mut object);
        state.add(key, object);
    }

    /// Deletes an object, with versions by a marker.
    pub fn remove(&self, key: &str) {
        let mut state = self.lock();
        if state.versioned {
            let marker = state.next(None);
            state.add(key, marker);
        } else {
            state.objects.remove(key);
        }
    }

    /// Deletes every older version, as a rule of the bucket does.
    pub fn expire_noncurrent(&self) {
        for versions in self.lock().objects.values_mut() {
            versions.truncate(1);
        }
    }

    /// From now on every write is a version.
    pub fn version(&self) {
        self.lock().versioned = true;
    }

    /// So many further objects, that take no memory here.
    pub fn foreign(&self, count: u64) {
        self.lock().foreign = count;
    }

    /// Makes it a store that does not do all that S3 does.
    pub fn ignore(&self, what: &[Ignored]) {
        self.lock().ignores = what.into();
    }

    /// From now on; the first fault that meets a call is the one.
    pub fn fail(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Forgets every fault.
    pub fn heal(&self) {
        self.lock().faults.clear();
    }

    /// What was asked since the last time, and of which path and query.
    pub fn take_calls(&self) -> Vec<(Call, String)> {
        std::mem::take(&mut self.lock().calls)
    }

    /// From now on nobody else is let in.
    pub fn admit_only(&self, keys: Keys) {
        self.lock().admitted = Some(keys);
    }

    pub(super) fn admitted(&self) -> Keys {
        self.lock().admitted.clone().unwrap_or(Keys {
            id: ACCESS_KEY_ID,
            secret: SECRET_ACCESS_KEY,
            token: None,
        })
    }

    /// The fault that meets this call.
    pub(super) fn meet(&self, call: Call, target: &str) -> Option<Fault> {
        let mut state = self.lock();
        state.calls.push((call, target.into()));
        let meets = |fault: &Fault| {
            fault.times > 0
                && fault.call.is_none_or(|of| of == call)
                && target.contains(&fault.containing)
        };
        let fault = state.faults.iter_mut().find(|fault| meets(fault))?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= usize::from(fault.times < usize::MAX);
        Some(fault.clone())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) fn ignores(&self, what: Ignored) -> bool {
        self.ignores.contains(&what)
    }

    /// Whether it is there for who is only to create it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.holds(key) || (self.ignores(Ignored::Markers) && self.objects.contains_key(key))
    }

    /// Whether a reader would find it.
    pub(super) fn holds(&self, key: &str) -> bool {
        let newest = self.objects.get(key).and_then(|versions| versions.first());
        newest.is_some_and(|object| object.body.is_some())
    }

    pub(super) fn next(&mut self, body: Option<Bytes>) -> Object {
        self.revision += 1;
        let version_id = if self.versioned {
            format!("version-{}", self.revision)
        } else {
            "null".into()
        };
        Object {
            body,
            modified_at: MODIFIED_AT + PART_OF_A_SECOND,
            etag: format!("{:032x}", self.revision),
            version_id,
            storage_class: None,
            checksum: None,
            checksum_type: None,
        }
    }

    pub(super) fn add(&mut self, key: &str, object: Object) {
        let versions = self.objects.entry(key.into()).or_default();
        versions.retain(|old| old.version_id != object.version_id);
        versions.insert(0, object);
    }

    /// Keys behind this one, in order, the made-up ones between the others.
    pub(super) fn keys_behind(
        &self,
        after: Option<&str>,
        prefix: &str,
        most: usize,
    ) -> Vec<(String, Option<&Vec<Object>>)> {
        let begin = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let real = self.objects.range::<str, _>((begin, Bound::Unbounded));
        let real = real
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(most);
        let mut keys: Vec<_> = real
            .map(|(key, versions)| (key.clone(), Some(versions)))
            .collect();
        keys.extend(self.foreign_behind(after, prefix, most));
        keys.sort_by(|one, other| one.0.cmp(&other.0));
        keys.truncate(most);
        keys
    }

    fn foreign_behind(
        &self,
        after: Option<&str>,
        prefix: &str,
        most: usize,
    ) -> impl Iterator<Item = (String, Option<&Vec<Object>>)> {
        let name = |number: u64| format!("{FOREIGN}{number:08}");
        let number = |key: &str| key.strip_prefix(FOREIGN)?.parse::<u64>().ok();
        let begin = match after {
            Some(after) if after >= FOREIGN => number(after).map_or(self.foreign, |it| it + 1),
            _ => 0,
        };
        let names = (begin..self.foreign).map(name).take(most);
        let prefix = prefix.to_owned();
        names
            .filter(move |name| name.starts_with(&prefix))
            .map(|name| (name, None))
    }
}
