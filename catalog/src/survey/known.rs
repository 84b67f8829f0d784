//! Cache of what surveys read of snapshots, by the exact bytes it was read from. Pure.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::Arc,
};

use jiff::Timestamp;

use super::{oddities::Oddities, source::SurveySource};
use crate::{
    grouping::{Group, Seen},
    manifest::Manifest,
    model::{
        Inventory, ObjectIdentity, ObjectMeta, Pin, SnapshotFacts, SourceInventory, SourceName,
    },
};

/// Cache of what surveys of one repository read, by the exact bytes it was read from ([`Pin`]).
///
/// The cache holds only what the last survey met, so it is as large as the repository and no
/// larger.
#[derive(Debug, Default)]
pub struct HeadCache {
    /// By source, because its settings decide what a head says.
    sources: BTreeMap<SourceName, KnownSource>,
    /// Oddities that the last survey warned of.
    warned: Oddities,
}

/// What the last survey read and found of one source.
#[derive(Debug, Default)]
struct KnownSource {
    snapshots: KnownSnapshots,
    found: Arc<SourceInventory>,
}

/// What was read of the snapshots of one source, by key and version of their first artifacts: an
/// object belongs to one snapshot alone.
pub(super) type KnownSnapshots = HashMap<ObjectIdentity, KnownSnapshot>;

/// Where a snapshot stands among those that are known; `None` without an artifact.
pub(super) fn place(group: &Group) -> Option<ObjectIdentity> {
    group.artifacts.first().map(|it| it.meta.identity())
}

/// What was read of one snapshot, and of which bytes.
#[derive(Debug, Default)]
pub(super) struct KnownSnapshot {
    /// What the heads of these artifacts say.
    pub(super) facts: Option<(Vec<Pin>, SnapshotFacts)>,
    /// Manifests; `None` for an object that is none.
    pub(super) manifests: Vec<(Pin, Option<Manifest>)>,
    /// True if a young file has its end; `None` if that cannot be told.
    pub(super) ends: Vec<(Pin, Option<bool>)>,
    /// True if the survey that goes on met the snapshot.
    is_met: bool,
}

/// What is not known of a snapshot and would have to be read.
#[derive(Debug)]
pub(super) struct Unknown {
    /// True if the heads of the artifacts were not read.
    pub(super) heads: bool,
    /// Manifests that were not read.
    pub(super) manifests: Vec<Pin>,
    /// Young artifacts whose end was not looked at.
    pub(super) ends: Vec<Pin>,
}

/// Facts and manifests that were read of one snapshot.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) facts: SnapshotFacts,
    /// Valid manifests, and the ends of young files.
    pub(super) seen: Seen,
}

impl HeadCache {
    /// Returns what is known of the snapshots of a source.
    pub(super) fn of(&mut self, source: &SourceName) -> &mut KnownSnapshots {
        &mut self.known(source).snapshots
    }

    /// Takes what a survey found of a source, and returns that: the one that the survey before
    /// found, if it is the same. Snapshots that the survey did not meet are forgotten.
    pub(super) fn take(
        &mut self,
        source: &SourceName,
        found: SourceInventory,
    ) -> Arc<SourceInventory> {
        let known = self.known(source);
        let snapshots = &mut known.snapshots;
        snapshots.retain(|_, snapshot| mem::take(&mut snapshot.is_met));
        if *known.found != found {
            known.found = Arc::new(found);
        }
        Arc::clone(&known.found)
    }

    fn known(&mut self, source: &SourceName) -> &mut KnownSource {
        self.sources.entry(source.clone()).or_default()
    }

    /// Ends a survey: forgets sources that are not in it, and warns of each oddity of the inventory
    /// that the inventory before did not have.
    pub(super) fn end(&mut self, inventory: &Inventory) {
        self.sources
            .retain(|source, _| inventory.sources.contains_key(source));
        self.warned = Oddities::of(inventory).told(&self.warned, inventory);
    }
}

impl KnownSnapshot {
    /// Notes that a survey met the snapshot; what was read of other bytes is forgotten.
    pub(super) fn meet(&mut self, group: &Group) {
        self.is_met = true;
        let is_read = |(pins, _): &(Vec<Pin>, SnapshotFacts)| {
            let mut pairs = pins.iter().zip(&group.artifacts);
            pins.len() == group.artifacts.len() && pairs.all(|(pin, it)| pin.is_of(&it.meta))
        };
        self.facts.take_if(|facts| !is_read(facts));
        let is_listed = |pin: &Pin| group.manifests.values().any(|meta| pin.is_of(meta));
        self.manifests.retain(|(pin, _)| is_listed(pin));
        let is_listed = |pin: &Pin| group.artifacts.iter().any(|it| pin.is_of(&it.meta));
        self.ends.retain(|(pin, _)| is_listed(pin));
    }

    /// Adds what was read.
    pub(super) fn learn(&mut self, learned: Self) {
        self.facts = learned.facts.or(self.facts.take());
        self.manifests.extend(learned.manifests);
        self.ends.extend(learned.ends);
    }

    /// What must be read of a snapshot so that all is known. `grows` is true if the store may show
    /// an object before it is whole.
    pub(super) fn unknown(
        &self,
        group: &Group,
        source: &SurveySource,
        grows: bool,
        now: Timestamp,
    ) -> Unknown {
        let seen = Seen {
            grows,
            ..Seen::default()
        };
        let settle = source.completeness.settle;
        let needs_end = |meta: &ObjectMeta| group.written(meta, &seen).needs_end(settle, now);
        let metas = group.artifacts.iter().map(|artifact| &artifact.meta);
        let endless = metas.filter(|meta| needs_end(meta) && of(&self.ends, meta).is_none());
        let manifests = group.manifests.values();
        let unread = manifests.filter(|meta| of(&self.manifests, meta).is_none());
        Unknown {
            heads: self.facts.is_none(),
            manifests: unread.map(ObjectMeta::pin).collect(),
            ends: endless.map(ObjectMeta::pin).collect(),
        }
    }

    /// All that is known of a snapshot.
    pub(super) fn described(&self, group: &Group, grows: bool) -> Described {
        let mut described = Described::nothing(grows);
        if let Some((_, facts)) = &self.facts {
            described.facts.clone_from(facts);
        }
        let Seen {
            manifests, ends, ..
        } = &mut described.seen;
        for (artifact, meta) in &group.manifests {
            let manifest = of(&self.manifests, meta).and_then(Option::as_ref);
            manifests.extend(manifest.map(|it| (artifact.clone(), it.clone())));
        }
        for artifact in &group.artifacts {
            let end = of(&self.ends, &artifact.meta).copied().flatten();
            ends.extend(end.map(|end| (artifact.meta.key.clone(), end)));
        }
        described
    }
}

impl Unknown {
    /// True if nothing has to be read.
    pub(super) const fn is_nothing(&self) -> bool {
        !self.heads && self.manifests.is_empty() && self.ends.is_empty()
    }
}

impl Described {
    /// A snapshot of which nothing was read.
    pub(super) fn nothing(grows: bool) -> Self {
        Self {
            facts: SnapshotFacts::default(),
            seen: Seen {
                grows,
                ..Seen::default()
            },
        }
    }
}

/// What is known of exactly this object.
fn of<'a, T>(known: &'a [(Pin, T)], object: &ObjectMeta) -> Option<&'a T> {
    let mut known = known.iter();
    known.find_map(|(pin, what)| pin.is_of(object).then_some(what))
}
