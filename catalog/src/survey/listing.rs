//! A repository's keys, passed once: each to the sources it fits, the rest only counted.
//!
//! A listing is a set ([`part`]): no order is asked of a store, and what it names twice is one
//! entry. Memory is bounded by what is recognised, and that by [`OBJECTS_MAX`] for each source;
//! of all else hashes of a bounded number are kept ([`strangers`]).

mod part;
mod strangers;
mod tally;

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

pub use self::tally::OBJECTS_MAX;
use self::{
    part::ListedPart,
    tally::{Listing, Tally, is_below},
};
use super::source::SurveySource;
use crate::storage::{Storage, StorageError, StorageReason};

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
    // Prefixes that could be listed, but not with their versions, and why: sources that need
    // versions are not wholly seen there.
    let mut unversioned = BTreeMap::new();
    let mut answered = false;
    // In byte order a prefix comes before all that it covers.
    while let Some(prefix) = wanted.pop_first() {
        let mut part =
            ListedPart::of(storage, sources, prefix, wants_versions(sources, prefix)).await;
        if let Err(error) = &part
            && is_shared(sources, prefix)
        {
            tracing::debug!(prefix, %error, "listing again without versions");
            match ListedPart::of(storage, sources, prefix, false).await {
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

/// Whether only what lies below the prefix is out of reach.
fn is_of_prefix(error: &StorageError) -> bool {
    matches!(
        error.reason,
        StorageReason::AccessDenied | StorageReason::NotFound | StorageReason::Protocol
    )
}
