//! One look at a whole repository: listed, grouped, the heads read, and every snapshot dated.
//!
//! It reports what lies there and judges nothing beyond a snapshot's state. Its numbers are whole
//! or absent: a listing that breaks off is an error, never a smaller repository.

mod known;
mod listing;
mod oddities;
mod reading;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    grouping::{Group, judge},
    lineage,
    model::{
        Continues, Inventory, ObjectMeta, RepositoryName, Snapshot, SourceInventory, SourceName,
    },
    recovery_point::{Witnesses, recovery_point},
    storage::{Storage, StorageError},
};

use self::{known::Described, reading::Heads};
pub use self::{
    known::HeadCache,
    listing::OBJECTS_MAX,
    reading::{HEADS_MAX, describe_object},
    source::SurveySource,
};

/// Lookup of an object of a source in the evidence records: the recovery point that a record of
/// this very object got from content or manifest.
pub type RecordedPoint<'a> =
    dyn Fn(&SourceName, &ObjectMeta) -> Option<Timestamp> + Send + Sync + 'a;

/// Inputs of a survey besides the repository.
pub struct SurveyContext<'a> {
    /// Time at which the survey begins.
    pub now: Timestamp,
    /// Cache of what earlier surveys read; each repository has its own.
    pub cache: &'a mut HeadCache,
    /// Recovery points in the evidence records.
    pub known: &'a RecordedPoint<'a>,
    /// True if the whole repository is listed, to count objects that fit no source wherever they
    /// lie. Otherwise only the prefixes of the sources are listed.
    pub everything: bool,
}

/// Surveys one repository for its sources.
///
/// | failure | consequence |
/// |---|---|
/// | an entry is odd | only the entry is left out ([`Inventory::dropped`]) |
/// | a prefix is refused, makes no sense or has no end | sources below it: an error, no snapshots |
/// | nothing can be listed, or a listing fails otherwise | error of the whole survey |
///
/// Dropping the future abandons the survey.
pub async fn survey(
    storage: &dyn Storage,
    repository: &RepositoryName,
    sources: &[SurveySource],
    context: SurveyContext<'_>,
) -> Result<Inventory, StorageError> {
    let began = Instant::now();
    let listing = listing::list(storage, sources, context.everything).await?;
    let mut inventory = Inventory {
        repository: repository.clone(),
        surveyed_at: context.now,
        sources: BTreeMap::new(),
        usage: listing.usage,
        unrecognised: listing.unrecognised,
        dropped: listing.dropped,
    };
    let listed = listing.groups.into_iter().zip(listing.unread);
    for (source, (listed, listed_unread)) in sources.iter().zip(listed) {
        let known = context.cache.of(&source.name);
        let (seen, heads_unread) =
            reading::read_source(storage, source, listed, known, context.now).await;
        let mut found = match seen {
            Ok(heads) => assemble(source, heads, &context),
            Err(error) => SourceInventory {
                error: Some(error),
                ..SourceInventory::default()
            },
        };
        for (why, heads) in heads_unread.into_iter().chain(listed_unread) {
            *found.unread.entry(why).or_default() += heads;
        }
        let found = context.cache.take(&source.name, found);
        inventory.sources.insert(source.name.clone(), found);
    }
    inventory.surveyed_at = context
        .now
        .saturating_add(began.elapsed())
        .unwrap_or(context.now);
    context.cache.end(&inventory);
    Ok(inventory)
}

fn assemble(source: &SurveySource, heads: Heads, context: &SurveyContext<'_>) -> SourceInventory {
    let older = heads.groups.iter().filter(|(group, _)| group.is_older);
    let older_versions: BTreeSet<_> = older.map(|(group, _)| group.id.clone()).collect();
    let groups = heads.groups.into_iter();
    let mut snapshots: Vec<_> = groups
        .map(|(group, described)| snapshot(source, group, described, context))
        .collect();
    // Among versions with the same recovery point the current one is newest, then the one that was
    // current last.
    let age = |it: &Snapshot| {
        let older = older_versions.contains(&it.id).then_some(it.completed_at);
        (it.taken_at, older.is_none(), older)
    };
    snapshots.sort_by(|one, other| (age(other), &other.id).cmp(&(age(one), &one.id)));
    lineage::link(&mut snapshots);
    SourceInventory {
        snapshots,
        older_versions,
        error: None,
        duplicates: heads.duplicates,
        ..SourceInventory::default()
    }
}

fn snapshot(
    source: &SurveySource,
    group: Group,
    described: Described,
    context: &SurveyContext<'_>,
) -> Snapshot {
    let Described { mut facts, seen } = described;
    let rule = &source.completeness;
    let state = judge(&group, rule, &seen, &mut facts, context.now);
    let completed_at = group.completed_at();
    let first = group.artifacts.first().map(|artifact| &artifact.meta);
    let inside = facts.taken_at;
    // As with the heads, the oldest artifact dates the snapshot.
    let manifest = seen.manifests.values().filter_map(|it| it.taken_at).min();
    // Asked only where it decides, because the index of a source is made when it is asked first.
    let decides = inside.or(manifest).is_none();
    let asked = first.filter(|_| decides);
    let point = recovery_point(&Witnesses {
        content: inside,
        manifest,
        evidence: asked.and_then(|meta| (context.known)(&source.name, meta)),
        name: group.named,
        modified: completed_at,
    });
    Snapshot {
        id: group.id,
        source: source.name.clone(),
        taken_at: point.at,
        taken_at_from: point.from,
        from_the_future: point.from_the_future,
        completed_at,
        state,
        artifacts: group.artifacts,
        facts,
        continues: Continues::Nothing,
        manifests: seen.manifests,
    }
}

#[cfg(test)]
mod tests;
