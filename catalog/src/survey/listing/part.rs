//! Listing of one prefix, as a set: each key and version counts once, even if a store repeats it.
//!
//! Only objects of sources are kept, at most one more than [`OBJECTS_MAX`] for each. All other
//! entries are counted, and known again by hashes if they are listed twice.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    mem,
    sync::atomic::{AtomicBool, Ordering},
};

use futures::{FutureExt, StreamExt, stream};

use super::{
    super::{reading::unread, source::CONCURRENT},
    places::{Fit, Places},
    strangers::Strangers,
    tally::{OBJECTS_MAX, Tally},
};
use crate::{
    grouping::is_version,
    model::{Dropped, Key, ObjectIdentity, ObjectMeta, UsageState},
    storage::{ListFrom, Operation, Page, Storage, StorageError, StorageReason, Undescribed},
};

/// Largest number of entries below one prefix whose size or time is asked for: one page. A store
/// that describes none of its objects is no repository.
const ASKED_MAX: usize = 1000;

/// An object of a source.
#[derive(Debug)]
struct Kept {
    meta: ObjectMeta,
    state: UsageState,
    fit: Fit,
}

/// Collector of the pages of one prefix.
#[derive(Debug)]
pub(super) struct ListedPart<'a> {
    places: &'a Places<'a>,
    prefix: &'a str,
    kept: BTreeMap<ObjectIdentity, Kept>,
    /// Number of kept objects, by source.
    objects: BTreeMap<usize, usize>,
    undescribed: BTreeMap<ObjectIdentity, UsageState>,
    strangers: Strangers,
    tally: Tally<'a>,
}

impl<'a> ListedPart<'a> {
    /// Lists everything below a prefix.
    pub(super) async fn of(
        storage: &dyn Storage,
        places: &'a Places<'a>,
        prefix: &'a str,
        versions: bool,
    ) -> Result<Tally<'a>, StorageError> {
        let mut part = Self {
            places,
            prefix,
            kept: BTreeMap::new(),
            objects: BTreeMap::new(),
            undescribed: BTreeMap::new(),
            strangers: Strangers::default(),
            tally: Tally::new(places),
        };
        let mut pages = storage.list(ListFrom {
            prefix: prefix.into(),
            after: None,
            versions,
        });
        while let Some(page) = pages.next().await {
            if !part.take(page?) {
                return Err(looped(prefix));
            }
        }
        drop(pages);
        part.ask(storage).await;
        Ok(part.counted())
    }

    /// Takes one page. False if all of its entries were listed before: then the listing has no end.
    fn take(&mut self, page: Page) -> bool {
        let mut is_new = !page.has_keys();
        self.tally.drop(Dropped::OutsidePrefix, page.outside);
        self.tally.drop(Dropped::Unnameable, page.skipped);
        if page.skipped > 0 {
            let of = (None, String::new(), UsageState::Unrecognised);
            self.tally.count(of, 0, page.skipped);
        }
        for object in page.objects {
            is_new |= self.see(object, UsageState::Current);
        }
        for object in page.noncurrent {
            is_new |= self.see(object, UsageState::Noncurrent);
        }
        for entry in page.undescribed {
            is_new |= self.see_undescribed(entry);
        }
        is_new
    }

    /// Takes an object; true if it is new.
    fn see(&mut self, object: ObjectMeta, state: UsageState) -> bool {
        let version = object.version_id.as_deref();
        if !object.key.as_str().starts_with(self.prefix) {
            self.tally.drop(Dropped::OutsidePrefix, 1);
            return self.strangers.is_new(&object.key, version);
        }
        let fit = self.fit(&object.key, state);
        if fit.keepers.is_empty() {
            let is_new = self.strangers.is_new(&object.key, version);
            if is_new {
                self.tally.pass(fit.owner, &object, state);
            }
            return is_new;
        }
        let identity = object.identity();
        if self.undescribed.remove(&identity).is_some() {
            self.tally.drop(Dropped::Repeated, 1);
        }
        let meta = object;
        self.keep(identity, Kept { meta, state, fit })
    }

    /// Takes an entry without size or time; true if it is new. If the same entry is also listed
    /// with both, that description counts.
    fn see_undescribed(&mut self, entry: Undescribed) -> bool {
        let Undescribed {
            key,
            version_id,
            is_current,
        } = entry;
        let state = if is_current {
            UsageState::Current
        } else {
            UsageState::Noncurrent
        };
        let why = match key.as_str() {
            outside if !outside.starts_with(self.prefix) => Dropped::OutsidePrefix,
            folder if folder.ends_with('/') => Dropped::FolderMarker,
            _ => Dropped::Undescribed,
        };
        let fit = self.fit(&key, state);
        if why == Dropped::OutsidePrefix || fit.keepers.is_empty() {
            self.tally.drop(why, 1);
            return self.strangers.is_new(&key, version_id.as_deref());
        }
        let identity = (key, version_id);
        if self.kept.contains_key(&identity) || self.undescribed.contains_key(&identity) {
            self.tally.drop(Dropped::Repeated, 1);
            return false;
        }
        if self.undescribed.len() >= ASKED_MAX {
            for (source, _) in fit.keepers {
                self.tally.spoil(source, too_many());
            }
            return self.strangers.is_new(&identity.0, identity.1.as_deref());
        }
        self.undescribed.insert(identity, state);
        true
    }

    /// Finds the sources of a key. Two sources that share a path both keep the object; a source
    /// that has too many already keeps no more.
    fn fit(&self, key: &Key, state: UsageState) -> Fit {
        let mut fit = Fit::default();
        for &index in &*self.places.may_have(key.as_str()) {
            let Some(found) = self.places.sources[index].layout.recognise(key) else {
                continue;
            };
            fit.owner = fit.owner.or(Some(index));
            let is_its = match state {
                UsageState::Noncurrent => is_version(&found) && found.manifest_of.is_none(),
                _ => true,
            };
            let objects = self.objects.get(&index).copied().unwrap_or_default();
            if is_its && objects <= OBJECTS_MAX {
                fit.keepers.push((index, found));
            }
        }
        fit
    }

    /// Keeps an object; true if it is new. If the same key and version comes again, the later
    /// description replaces the earlier one.
    fn keep(&mut self, identity: ObjectIdentity, object: Kept) -> bool {
        match self.kept.entry(identity) {
            Entry::Vacant(entry) => {
                for (source, _) in &entry.insert(object).fit.keepers {
                    *self.objects.entry(*source).or_default() += 1;
                }
                true
            }
            Entry::Occupied(mut entry) => {
                let kept = entry.get_mut();
                if (&kept.meta, kept.state) != (&object.meta, object.state) {
                    *kept = object;
                    self.tally.drop(Dropped::Repeated, 1);
                }
                false
            }
        }
    }

    /// Asks for size and time of entries that a source needs and that are listed without.
    ///
    /// | the answer | then |
    /// |---|---|
    /// | comes | the entry is an object like any other |
    /// | is that there is no such object | the entry is passed over |
    /// | is a refusal, or does not come | the sources of the entry were not wholly seen |
    async fn ask(&mut self, storage: &dyn Storage) {
        let wanted = mem::take(&mut self.undescribed);
        let broken = AtomicBool::new(false);
        // A loop and boxes, because through a closure the compiler cannot see that the future is
        // `Send`.
        let mut asked = Vec::with_capacity(wanted.len());
        for (identity, state) in wanted {
            asked.push(head(storage, identity, state, &broken).boxed());
        }
        let mut answers = stream::iter(asked).buffered(CONCURRENT);
        while let Some((identity, state, answer)) = answers.next().await {
            let fit = self.fit(&identity.0, state);
            match answer {
                Some(Ok(mut meta)) => {
                    meta.version_id.clone_from(&identity.1);
                    self.keep(identity, Kept { meta, state, fit });
                }
                Some(Err(error)) if error.reason == StorageReason::NotFound => {
                    self.tally.drop(Dropped::Vanished, 1);
                }
                Some(Err(error)) => {
                    for (source, _) in fit.keepers {
                        self.tally.leave_unread(source, unread(error.reason));
                        let why = format!("{error}\nhint: {}", error.hint);
                        self.tally.spoil(source, why);
                    }
                }
                None => {
                    for (source, _) in fit.keepers {
                        self.tally.spoil(source, unasked());
                    }
                }
            }
        }
    }

    /// Groups and counts the kept objects.
    fn counted(self) -> Tally<'a> {
        let mut tally = self.tally;
        let mut kept: Vec<Kept> = self.kept.into_values().collect();
        demote(&mut kept);
        for Kept { meta, state, fit } in kept {
            tally.take(meta, state, fit);
        }
        tally
    }
}

/// Asks for one entry. `None` if the store failed for another entry before: then it is not asked
/// again.
async fn head(
    storage: &dyn Storage,
    identity: ObjectIdentity,
    state: UsageState,
    broken: &AtomicBool,
) -> (
    ObjectIdentity,
    UsageState,
    Option<Result<ObjectMeta, StorageError>>,
) {
    if broken.load(Ordering::Relaxed) {
        return (identity, state, None);
    }
    let answer = match &identity.1 {
        Some(version) => storage.head_version(&identity.0, version).await,
        None => storage.head(&identity.0).await,
    };
    let failed = answer.as_ref().err();
    if failed.is_some_and(|error| error.reason.is_transient()) {
        broken.store(true, Ordering::Relaxed);
    }
    (identity, state, Some(answer))
}

/// Leaves one current version for each key: of several, the one modified last. `kept` is ordered by
/// key.
fn demote(kept: &mut [Kept]) {
    let mut newest: Option<usize> = None;
    for index in 0..kept.len() {
        if kept[index].state != UsageState::Current {
            continue;
        }
        let rival = newest.filter(|newest| kept[*newest].meta.key == kept[index].meta.key);
        newest = Some(index);
        if let Some(rival) = rival {
            let is_older = kept[rival].meta.modified_at <= kept[index].meta.modified_at;
            let older = if is_older { rival } else { index };
            kept[older].state = UsageState::Noncurrent;
            newest = Some(if is_older { index } else { rival });
        }
    }
}

fn looped(prefix: &str) -> StorageError {
    StorageError {
        operation: Operation::List,
        subject: prefix.into(),
        reason: StorageReason::Protocol,
        hint: "The store listed a page of which every key was listed before: the listing has no \
               end. Look at what answers there, or at its version."
            .into(),
        source: None,
    }
}

fn too_many() -> String {
    format!(
        "more than {ASKED_MAX} of its objects are listed without size or time\n\
         hint: Look at the store, or at its version."
    )
}

fn unasked() -> String {
    "an object is listed without size or time, and the store did not answer for another one\n\
     hint: Look at the store and the way to it."
        .into()
}
