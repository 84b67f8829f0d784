//! Listing of a repository, in one pass: each key goes to the sources it fits, the rest is counted.
//!
//! A listing is a set ([`part`]): a store may list in any order, and an entry that it lists twice
//! counts once. Memory is bounded: [`OBJECTS_MAX`] limits the objects of each source, and of other
//! entries a bounded number of hashes is kept ([`strangers`]).

mod part;
mod places;
mod strangers;
mod tally;

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

pub use self::tally::OBJECTS_MAX;
use self::{
    part::ListedPart,
    places::Places,
    tally::{Listing, Tally},
};
use super::source::SurveySource;
use crate::storage::{Storage, StorageError, StorageReason};

/// Lists the prefixes that the sources need, or `everything` where that is not refused; each key
/// once.
///
/// | a listing of a prefix | then |
/// |---|---|
/// | fails with versions, and some sources below need none | listed again without, for those |
/// | is refused, makes no sense or has no end | the sources below are not wholly seen |
/// | fails otherwise | nothing can be said of the repository |
pub(super) async fn list(
    storage: &dyn Storage,
    sources: &[SurveySource],
    everything: bool,
) -> Result<Listing, StorageError> {
    let places = Places::of(sources);
    let mut tally = Tally::new(&places);
    let prefixes = places.prefixes();
    let mut wanted: BTreeSet<&str> = prefixes.chain(everything.then_some("")).collect();
    let mut refused = BTreeMap::new();
    // Prefixes that could be listed, but not with their versions, and why: sources that need
    // versions are not wholly seen there.
    let mut unversioned = BTreeMap::new();
    let mut answered = false;
    // In byte order a prefix comes before all keys and prefixes that it covers.
    while let Some(prefix) = wanted.pop_first() {
        let mut part =
            ListedPart::of(storage, &places, prefix, wants_versions(&places, prefix)).await;
        if let Err(error) = &part
            && is_shared(&places, prefix)
        {
            tracing::debug!(prefix, %error, "listing again without versions");
            match ListedPart::of(storage, &places, prefix, false).await {
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
                while wanted.first().is_some_and(|it| it.starts_with(prefix)) {
                    wanted.pop_first();
                }
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

/// True if the versions of an object are snapshots of some source below this prefix.
fn wants_versions(places: &Places<'_>, prefix: &str) -> bool {
    places.below(prefix).any(|it| it.layout.has_versions())
}

/// True if some sources below this prefix need versions and others need none.
fn is_shared(places: &Places<'_>, prefix: &str) -> bool {
    let is_dated = |it: &SurveySource| !it.layout.has_versions();
    wants_versions(places, prefix) && places.below(prefix).any(is_dated)
}

/// True if only what lies below the prefix is out of reach, and not the whole repository.
fn is_of_prefix(error: &StorageError) -> bool {
    matches!(
        error.reason,
        StorageReason::AccessDenied | StorageReason::NotFound | StorageReason::Protocol
    )
}
