//! Sums of a listing: objects by source, bytes by class and state.

use std::collections::BTreeMap;

use super::{
    super::{reading::UnreadHeads, source::SurveySource},
    places::{Fit, Places},
};
use crate::{
    grouping::{Group, Grouping},
    model::{Dropped, ObjectMeta, UNRECOGNISED_SHOWN_MAX, Unread, Usage, UsageState},
    storage::StorageError,
};

/// Largest number of objects that one source may have: a snapshot a minute for more than four
/// months.
pub const OBJECTS_MAX: usize = 200_000;

/// Result of a whole listing.
#[derive(Debug)]
pub(in crate::survey) struct Listing {
    /// One for each source in order: its snapshots and duplicates, or why it was not wholly seen.
    pub(in crate::survey) groups: Vec<Result<(Vec<Group>, u64), String>>,
    /// One for each source in order: number of objects whose head was needed and not answered, by
    /// reason.
    pub(in crate::survey) unread: Vec<UnreadHeads>,
    pub(in crate::survey) usage: Vec<Usage>,
    pub(in crate::survey) unrecognised: Vec<String>,
    pub(in crate::survey) dropped: BTreeMap<Dropped, u64>,
}

/// Sums of a listing that still goes on.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    places: &'a Places<'a>,
    /// Objects, by source (index).
    groupings: BTreeMap<usize, Grouping>,
    /// Why a source was not wholly seen, by index.
    spoiled: BTreeMap<usize, String>,
    unread: BTreeMap<usize, UnreadHeads>,
    /// Bytes and objects, by source (index), class and state.
    usage: BTreeMap<(Option<usize>, String, UsageState), (u64, u64)>,
    unrecognised: Vec<String>,
    dropped: BTreeMap<Dropped, u64>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(places: &'a Places<'a>) -> Self {
        Self {
            places,
            groupings: BTreeMap::new(),
            spoiled: BTreeMap::new(),
            unread: BTreeMap::new(),
            usage: BTreeMap::new(),
            unrecognised: Vec::new(),
            dropped: BTreeMap::new(),
        }
    }

    pub(super) fn drop(&mut self, why: Dropped, entries: u64) {
        if entries > 0 {
            *self.dropped.entry(why).or_default() += entries;
        }
    }

    pub(super) fn leave_unread(&mut self, source: usize, why: Unread) {
        let unread = self.unread.entry(source).or_default();
        *unread.entry(why).or_default() += 1;
    }

    pub(super) fn spoil(&mut self, source: usize, why: String) {
        self.spoiled.entry(source).or_insert(why);
    }

    /// Counts an object without keeping it.
    pub(super) fn pass(&mut self, owner: Option<usize>, object: &ObjectMeta, state: UsageState) {
        if owner.is_none() && self.unrecognised.len() < UNRECOGNISED_SHOWN_MAX {
            self.unrecognised.push(object.key.to_string());
        }
        let state = owner.map_or(UsageState::Unrecognised, |_| state);
        let class = object.storage_class.clone().unwrap_or_default();
        self.count((owner, class, state), object.size_bytes, 1);
    }

    /// Gives an object to every source that it fits; its bytes are counted to the first one.
    pub(super) fn take(&mut self, object: ObjectMeta, state: UsageState, mut fit: Fit) {
        self.pass(fit.owner, &object, state);
        let mut give = |(index, found), object| {
            let grouping = self.groupings.entry(index).or_default();
            match state {
                UsageState::Noncurrent => grouping.add_older(found, object),
                _ => grouping.add(found, object),
            }
        };
        let last = fit.keepers.pop();
        for keeper in fit.keepers {
            give(keeper, object.clone());
        }
        if let Some(last) = last {
            give(last, object);
        }
    }

    pub(super) fn count(
        &mut self,
        of: (Option<usize>, String, UsageState),
        bytes: u64,
        objects: u64,
    ) {
        let counted = self.usage.entry(of).or_default();
        counted.0 = counted.0.saturating_add(bytes);
        counted.1 += objects;
    }

    pub(super) fn absorb(&mut self, part: Self) {
        for (index, part) in part.groupings {
            self.groupings.entry(index).or_default().absorb(part);
        }
        for (index, part) in part.unread {
            let whole = self.unread.entry(index).or_default();
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

    /// Ends the listing. Numbers of sources and strangers that were not wholly seen are left out,
    /// because they would be too small.
    pub(super) fn finish(
        mut self,
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
        let sources = self.places.sources;
        let mut errors: Vec<Option<String>> = sources.iter().map(why).collect();
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
            source: owner.map(|index| sources[index].name.clone()),
            storage_class,
            state,
            bytes,
            objects,
        });
        let usage = usage.collect();
        let indexes = 0..sources.len();
        let groups = indexes.clone().zip(errors).map(|(index, error)| {
            let grouping = self.groupings.remove(&index).unwrap_or_default();
            match error {
                Some(error) => Err(error),
                None if grouping.objects() > OBJECTS_MAX => Err(too_many()),
                None => Ok(grouping.finish()),
            }
        });
        let groups = groups.collect();
        let unread = indexes.map(|index| self.unread.remove(&index).unwrap_or_default());
        Listing {
            groups,
            unread: unread.collect(),
            usage,
            unrecognised: self.unrecognised,
            dropped: self.dropped,
        }
    }
}

/// True if a listing of this prefix shows snapshots of the source.
pub(super) fn is_below(source: &SurveySource, prefix: &str) -> bool {
    let mut prefixes = source.layout.listing_prefixes();
    prefixes.any(|its| its.starts_with(prefix))
}

fn too_many() -> String {
    format!(
        "its path fits more than {OBJECTS_MAX} objects\n\
         hint: Make the path narrower, or give each series a source of its own."
    )
}
