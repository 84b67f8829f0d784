//! A repository's keys, passed once: each to the sources it fits, the rest only counted.
//!
//! A listing is a set ([`part`]): no order is asked of a store, and what it names twice is one
//! entry. Memory is bounded by what is recognised, and that by [`OBJECTS_MAX`] for each source;
//! of all else hashes of a bounded number are kept ([`strangers`]).

mod part;
mod strangers;

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use self::part::Part;
use super::{SurveySource, reading::UnreadHeads};
use crate::{
    grouping::{Group, Grouping},
    model::{Dropped, ObjectMeta, UNRECOGNISED_SHOWN_MAX, Unread, Usage, UsageState},
    storage::{Storage, StorageError, StorageReason},
};

/// Most objects one source may have: a snapshot a minute for more than four months.
pub const OBJECTS_MAX: usize = 200_000;

/// What a whole listing found.
#[derive(Debug)]
pub(super) struct Listing {
    /// One for each source in order: its snapshots and duplicates, or why it was not wholly seen.
    pub(super) groups: Vec<Result<(Vec<Group>, u64), String>>,
    /// One for each source in order: objects whose head was needed and not answered.
    pub(super) unread: Vec<UnreadHeads>,
    pub(super) usage: Vec<Usage>,
    pub(super) unrecognised: Vec<String>,
    pub(super) dropped: BTreeMap<Dropped, u64>,
}

/// Lists what the sources need, or `everything` where that is not refused; each key once.
///
/// | a listing of a prefix | then |
/// |---|---|
/// | with versions fails, and sources below need none | it is listed without them, for those |
/// | is refused, makes no sense or has no end | the sources below are not wholly seen |
/// | fails otherwise | nothing can be said of the repository |
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
    // Prefixes of which all was seen but older versions, and why those were not.
    let mut unversioned = BTreeMap::new();
    let mut answered = false;
    // In byte order a prefix comes before all that it covers.
    while let Some(prefix) = wanted.pop_first() {
        let mut part = Part::of(storage, sources, prefix, wants_versions(sources, prefix)).await;
        if let Err(error) = &part
            && is_shared(sources, prefix)
        {
            tracing::debug!(prefix, %error, "listing again without versions");
            match Part::of(storage, sources, prefix, false).await {
                Err(error) if is_of_prefix(&error) => {}
                plain => {
                    if let Err(error) = mem::replace(&mut part, plain) {
                        unversioned.insert(prefix, error);
                    }
                }
            }
        }
        match part {
            Ok(part) => {
                answered = true;
                wanted.retain(|other| !other.starts_with(prefix));
                tally.absorb(part);
            }
            Err(error) if is_of_prefix(&error) => drop(refused.insert(prefix, error)),
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
fn is_of_prefix(error: &StorageError) -> bool {
    matches!(
        error.reason,
        StorageReason::AccessDenied | StorageReason::NotFound | StorageReason::Protocol
    )
}

/// What was found so far.
#[derive(Debug)]
struct Tally<'a> {
    sources: &'a [SurveySource],
    groupings: Vec<Grouping>,
    /// Why a source was not wholly seen, by index.
    spoiled: BTreeMap<usize, String>,
    unread: Vec<UnreadHeads>,
    /// Bytes and objects, by source (index), class and state.
    usage: BTreeMap<(Option<usize>, String, UsageState), (u64, u64)>,
    unrecognised: Vec<String>,
    dropped: BTreeMap<Dropped, u64>,
}

impl<'a> Tally<'a> {
    fn new(sources: &'a [SurveySource]) -> Self {
        Self {
            sources,
            groupings: sources.iter().map(|_| Grouping::default()).collect(),
            spoiled: BTreeMap::new(),
            unread: sources.iter().map(|_| BTreeMap::new()).collect(),
            usage: BTreeMap::new(),
            unrecognised: Vec::new(),
            dropped: BTreeMap::new(),
        }
    }

    fn drop(&mut self, why: Dropped, entries: u64) {
        if entries > 0 {
            *self.dropped.entry(why).or_default() += entries;
        }
    }

    fn leave_unread(&mut self, source: usize, why: Unread) {
        *self.unread[source].entry(why).or_default() += 1;
    }

    fn spoil(&mut self, source: usize, why: String) {
        self.spoiled.entry(source).or_insert(why);
    }

    /// An object of which only numbers are kept.
    fn pass(&mut self, owner: Option<usize>, object: ObjectMeta, state: UsageState) {
        if owner.is_none() && self.unrecognised.len() < UNRECOGNISED_SHOWN_MAX {
            self.unrecognised.push(object.key.to_string());
        }
        let state = owner.map_or(UsageState::Unrecognised, |_| state);
        let class = object.storage_class.unwrap_or_default();
        self.count((owner, class, state), object.size_bytes, 1);
    }

    /// Two sources that share a path both see the object; its bytes are counted to the first.
    fn take(&mut self, object: ObjectMeta, state: UsageState) {
        let mut owner = None;
        for (index, source) in self.sources.iter().enumerate() {
            let Some(found) = source.layout.recognise(&object.key) else {
                continue;
            };
            owner = owner.or(Some(index));
            match state {
                UsageState::Noncurrent => self.groupings[index].add_older(found, object.clone()),
                _ => self.groupings[index].add(found, object.clone()),
            }
        }
        self.pass(owner, object, state);
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
        for (whole, part) in self.unread.iter_mut().zip(part.unread) {
            for (why, heads) in part {
                *whole.entry(why).or_default() += heads;
            }
        }
        for (source, why) in part.spoiled {
            self.spoil(source, why);
        }
        for (why, entries) in part.dropped {
            self.drop(why, entries);
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
        let mut errors: Vec<Option<String>> = self.sources.iter().map(why).collect();
        for (source, why) in self.spoiled {
            errors[source].get_or_insert(why);
        }
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
            unread: self.unread,
            usage,
            unrecognised: self.unrecognised,
            dropped: self.dropped,
        }
    }
}

fn too_many() -> String {
    format!(
        "its path fits more than {OBJECTS_MAX} objects\n\
         hint: Make the path narrower, or give each series a source of its own."
    )
}
