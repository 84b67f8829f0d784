//! A repository's keys, passed once: each to the sources it fits, the rest only counted.
//!
//! Memory is bounded by what is recognised, and that by [`OBJECTS_MAX`] for each source.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use futures::StreamExt;

use super::SurveySource;
use crate::{
    grouping::{Group, Grouping},
    model::{Key, ObjectMeta, UNRECOGNISED_SHOWN_MAX, Usage, UsageState},
    storage::{ListFrom, Operation, Page, Storage, StorageError, StorageReason},
};

/// Most objects one source may have: a snapshot a minute for more than four months.
pub const OBJECTS_MAX: usize = 200_000;

/// What a whole listing found.
#[derive(Debug)]
pub(super) struct Listing {
    /// One for each source in order: its snapshots and duplicates, or why it was not wholly seen.
    pub(super) groups: Vec<Result<(Vec<Group>, u64), String>>,
    pub(super) usage: Vec<Usage>,
    pub(super) unrecognised: Vec<String>,
}

/// Lists what the sources need, or `everything` where that is not refused; each key once.
pub(super) async fn list(
    storage: &dyn Storage,
    sources: &[SurveySource],
    everything: bool,
) -> Result<Listing, StorageError> {
    let mut tally = Tally::new(sources);
    let prefixes = sources
        .iter()
        .flat_map(|source| source.layout.listing_prefixes());
    let mut wanted: BTreeSet<&str> = prefixes.chain(everything.then_some("")).collect();
    let mut refused = BTreeMap::new();
    // Of these all was seen but older versions.
    let mut unversioned = BTreeMap::new();
    let mut answered = false;
    // In byte order a prefix comes before all that it covers.
    while let Some(prefix) = wanted.pop_first() {
        let mut part = Tally::of(storage, sources, prefix, wants_versions(sources, prefix)).await;
        if let Err(error) = &part
            && error.reason == StorageReason::AccessDenied
            && is_shared(sources, prefix)
        {
            let plain = Tally::of(storage, sources, prefix, false).await;
            if plain.is_ok()
                && let Err(error) = mem::replace(&mut part, plain)
            {
                unversioned.insert(prefix, error);
            }
        }
        match part {
            Ok(part) => {
                answered = true;
                wanted.retain(|other| !other.starts_with(prefix));
                tally.absorb(part);
            }
            Err(error) if is_refusal(&error) => drop(refused.insert(prefix, error)),
            Err(error) => return Err(error),
        }
    }
    match refused.pop_first() {
        Some((_, error)) if !answered => Err(error),
        first => {
            refused.extend(first);
            Ok(tally.finish(&refused, &unversioned))
        }
    }
}

/// Whether an object's versions are snapshots of a source below this prefix.
fn wants_versions(sources: &[SurveySource], prefix: &str) -> bool {
    let mut sources = sources.iter();
    sources.any(|source| source.layout.has_versions() && is_below(source, prefix))
}

/// Whether versions are wanted, and also snapshots of sources that need none.
fn is_shared(sources: &[SurveySource], prefix: &str) -> bool {
    let dated = |source: &SurveySource| !source.layout.has_versions() && is_below(source, prefix);
    wants_versions(sources, prefix) && sources.iter().any(dated)
}

fn is_below(source: &SurveySource, prefix: &str) -> bool {
    let mut prefixes = source.layout.listing_prefixes();
    prefixes.any(|its| its.starts_with(prefix))
}

/// Whether only what lies below the prefix is out of reach.
fn is_refusal(error: &StorageError) -> bool {
    matches!(
        error.reason,
        StorageReason::AccessDenied | StorageReason::NotFound
    )
}

/// Counts while pages come.
#[derive(Debug)]
struct Tally<'a> {
    sources: &'a [SurveySource],
    groupings: Vec<Grouping>,
    /// Bytes and objects, by source (index), class and state.
    usage: BTreeMap<(Option<usize>, String, UsageState), (u64, u64)>,
    unrecognised: Vec<String>,
}

impl<'a> Tally<'a> {
    fn new(sources: &'a [SurveySource]) -> Self {
        let groupings = sources.iter().map(|_| Grouping::default()).collect();
        Self {
            sources,
            groupings,
            usage: BTreeMap::new(),
            unrecognised: Vec::new(),
        }
    }

    /// All that lies below a prefix.
    async fn of(
        storage: &dyn Storage,
        sources: &'a [SurveySource],
        prefix: &str,
        versions: bool,
    ) -> Result<Self, StorageError> {
        let mut tally = Self::new(sources);
        let mut pages = storage.list(ListFrom {
            prefix: prefix.into(),
            after: None,
            versions,
        });
        let mut last: Option<Key> = None;
        while let Some(page) = pages.next().await {
            let page = page?;
            let first = page.objects.first().map(|object| &object.key);
            // A store that answers a page again would otherwise keep us for ever.
            if let (Some(last), Some(first)) = (&last, first)
                && last >= first
            {
                return Err(out_of_order(prefix));
            }
            last = page
                .objects
                .last()
                .map(|object| object.key.clone())
                .or(last);
            tally.add(page);
        }
        Ok(tally)
    }

    fn add(&mut self, page: Page) {
        if page.skipped > 0 {
            let of = (None, String::new(), UsageState::Unrecognised);
            self.count(of, 0, page.skipped);
        }
        for object in page.objects {
            self.see(object, UsageState::Current);
        }
        for object in page.noncurrent {
            self.see(object, UsageState::Noncurrent);
        }
    }

    fn see(&mut self, object: ObjectMeta, state: UsageState) {
        let owner = self.recognise(&object, state);
        if owner.is_none() && self.unrecognised.len() < UNRECOGNISED_SHOWN_MAX {
            self.unrecognised.push(object.key.to_string());
        }
        let state = owner.map_or(UsageState::Unrecognised, |_| state);
        let class = object.storage_class.unwrap_or_default();
        self.count((owner, class, state), object.size_bytes, 1);
    }

    /// Two sources that share a path both see the object; its bytes are counted to the first.
    fn recognise(&mut self, object: &ObjectMeta, state: UsageState) -> Option<usize> {
        let mut owner = None;
        for (index, source) in self.sources.iter().enumerate() {
            let Some(found) = source.layout.recognise(&object.key) else {
                continue;
            };
            owner = owner.or(Some(index));
            let grouping = &mut self.groupings[index];
            if grouping.objects() <= OBJECTS_MAX {
                match state {
                    UsageState::Noncurrent => grouping.add_older(found, object.clone()),
                    _ => grouping.add(found, object.clone()),
                }
            }
        }
        owner
    }

    fn count(&mut self, of: (Option<usize>, String, UsageState), bytes: u64, objects: u64) {
        let counted = self.usage.entry(of).or_default();
        counted.0 = counted.0.saturating_add(bytes);
        counted.1 += objects;
    }

    fn absorb(&mut self, part: Self) {
        for (whole, part) in self.groupings.iter_mut().zip(part.groupings) {
            whole.absorb(part);
        }
        for (of, (bytes, objects)) in part.usage {
            let counted = self.usage.entry(of).or_default();
            counted.0 = counted.0.saturating_add(bytes);
            counted.1 += objects;
        }
        let room = UNRECOGNISED_SHOWN_MAX - self.unrecognised.len();
        self.unrecognised
            .extend(part.unrecognised.into_iter().take(room));
    }

    /// Leaves out every number that a refused prefix made a part of the whole.
    fn finish(
        self,
        refused: &BTreeMap<&str, StorageError>,
        unversioned: &BTreeMap<&str, StorageError>,
    ) -> Listing {
        let why = |source: &SurveySource| {
            let mut prefixes = source.layout.listing_prefixes();
            let all = prefixes.find_map(|prefix| refused.get(prefix));
            let mut parts = unversioned.iter();
            let versions = parts.find(|(prefix, _)| is_below(source, prefix));
            let versions = versions.filter(|_| source.layout.has_versions());
            let error = all.or(versions.map(|(_, error)| error))?;
            Some(format!("{error}\nhint: {}", error.hint))
        };
        let errors: Vec<Option<String>> = self.sources.iter().map(why).collect();
        let whole = |owner: Option<usize>| match owner {
            Some(index) => errors[index].is_none(),
            None => refused.is_empty(),
        };
        let usage = self
            .usage
            .into_iter()
            .filter(|((owner, ..), _)| whole(*owner));
        let usage = usage.map(|((owner, storage_class, state), (bytes, objects))| Usage {
            source: owner.map(|index| self.sources[index].name.clone()),
            storage_class,
            state,
            bytes,
            objects,
        });
        let usage = usage.collect();
        let groups = self
            .groupings
            .into_iter()
            .zip(errors)
            .map(|(grouping, error)| match error {
                Some(error) => Err(error),
                None if grouping.objects() > OBJECTS_MAX => Err(too_many()),
                None => Ok(grouping.finish()),
            });
        Listing {
            groups: groups.collect(),
            usage,
            unrecognised: self.unrecognised,
        }
    }
}

fn too_many() -> String {
    format!(
        "its path fits more than {OBJECTS_MAX} objects\n\
         hint: Make the path narrower, or give each series a source of its own."
    )
}

fn out_of_order(prefix: &str) -> StorageError {
    StorageError {
        operation: Operation::List,
        subject: prefix.into(),
        reason: StorageReason::Protocol,
        hint: "The store listed keys out of order or twice; look at what answers there.".into(),
        source: None,
    }
}
