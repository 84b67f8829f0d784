//! Grouping of objects into snapshots: objects of one time belong together, and a rule says when
//! all are there.
//!
//! Pure: no reading, no clock of its own. What was read of the heads is handed in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::{
    layout::Match,
    manifest::Manifest,
    model::{Artifact, Key, ObjectMeta, SnapshotFacts, SnapshotId, SnapshotState},
    settle::{SETTLE, Written, is_young},
};

/// Id of the one snapshot of a path without time in an unversioned repository.
pub const CURRENT: &str = "current";

/// `artifacts: { count, within }`: when a snapshot of several artifacts is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactRule {
    count: usize,
    within: SignedDuration,
}

/// A rule that no snapshot could keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ArtifactRuleError {
    /// The count is 0: nothing would be a snapshot.
    #[error(
        "artifacts.count is 0\nhint: Write how many objects one snapshot has, or leave it out."
    )]
    None,
    /// The count is more than 1, but only one object fits the path.
    #[error(
        "artifacts.count is {0}, but the path has no *, so only one object fits each time\n\
         hint: Write * where the artifacts' names differ."
    )]
    Single(usize),
}

impl ArtifactRule {
    /// Makes the rule of a snapshot with `count` objects. A missing one is waited for until the
    /// newest is `within` old. `has_star` is true if the path has a `*`. Errs if no snapshot could
    /// keep the rule.
    pub fn new(
        count: usize,
        within: settings::Duration,
        has_star: bool,
    ) -> Result<Self, ArtifactRuleError> {
        match count {
            0 => Err(ArtifactRuleError::None),
            2.. if !has_star => Err(ArtifactRuleError::Single(count)),
            _ => {
                let within = within.as_std().try_into().unwrap_or(SignedDuration::MAX);
                Ok(Self { count, within })
            }
        }
    }
}

/// `manifest:` of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ManifestRule {
    /// A manifest is read where there is one.
    #[default]
    Optional,
    /// A snapshot is not complete before each of its artifacts has a manifest.
    Required,
}

/// Rules for when the snapshots of one source are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completeness {
    /// Time for which a file without an end may still be growing after its last change. Missing
    /// artifacts and manifests are waited for as long, unless `artifacts` has a `within`.
    pub settle: SignedDuration,
    /// Number of artifacts of a snapshot; `None`: whatever is there is all there is.
    pub artifacts: Option<ArtifactRule>,
    /// Rule that says if each artifact needs a manifest.
    pub manifest: ManifestRule,
    /// True if all artifacts are needed and nobody says how many there are. Then a snapshot is
    /// complete once none has arrived for the time of `settle`.
    pub settles: bool,
}

impl Default for Completeness {
    fn default() -> Self {
        Self {
            settle: SETTLE.into(),
            artifacts: None,
            manifest: ManifestRule::default(),
            settles: false,
        }
    }
}

/// Findings about a group besides its heads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Manifests that could be read, by the key of their artifact.
    pub manifests: BTreeMap<Key, Manifest>,
    /// True if an artifact has its end, by its key. Absent if nobody looked, or that cannot be
    /// told.
    pub ends: BTreeMap<Key, bool>,
    /// True if the store may show an object before it is whole.
    pub grows: bool,
}

/// The objects of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Id, unique within its source.
    pub id: SnapshotId,
    /// The time in the keys; `None` if the path has none.
    pub named: Option<Timestamp>,
    /// True for an older version of an object, and not the one that is current now.
    pub is_older: bool,
    /// Artifacts, at least one, ordered by name.
    pub artifacts: Vec<Artifact>,
    /// Manifests, by the key of their artifact; an artifact may have none.
    pub manifests: BTreeMap<Key, ObjectMeta>,
}

impl Group {
    /// Newest modification time of its artifacts.
    pub fn completed_at(&self) -> Timestamp {
        let modified = self
            .artifacts
            .iter()
            .map(|artifact| artifact.meta.modified_at);
        modified.max().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Returns what is known of the writing of one of its artifacts.
    pub fn written(&self, meta: &ObjectMeta, seen: &Seen) -> Written {
        let manifest = self.manifests.get(&meta.key);
        Written {
            modified_at: meta.modified_at,
            manifest_at: manifest.map(|manifest| manifest.modified_at),
            grows: seen.grows,
            end: seen.ends.get(&meta.key).copied(),
        }
    }

    /// Time of the group before anything is read: the time in the keys, else the newest
    /// modification.
    pub fn about(&self) -> Timestamp {
        self.named.unwrap_or_else(|| self.completed_at())
    }
}

/// Collects the recognised objects of one source, in any order.
#[derive(Debug, Clone, Default)]
pub struct Grouping {
    artifacts: Vec<(Moment, Artifact)>,
    manifests: BTreeMap<Key, ObjectMeta>,
    objects: usize,
}

/// What the artifacts of one snapshot have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    at: Option<Timestamp>,
    /// Version id, or [`CURRENT`]; empty if a time tells snapshots apart.
    version: String,
    /// True if this is an older version, and not the current one.
    is_older: bool,
    /// Index of the path; 0 is the newest layout.
    pattern: usize,
    id: String,
}

impl Moment {
    fn is_of(&self, other: &Self) -> bool {
        (self.at, &self.version) == (other.at, &other.version)
    }
}

impl Grouping {
    /// Adds an object that the layout recognised.
    pub fn add(&mut self, found: Match, mut meta: ObjectMeta) {
        self.objects += 1;
        if !is_version(&found) {
            // Whether versions were listed depends on the other sources, so the version is left
            // out: the entity tag will do.
            meta.version_id = None;
        }
        if let Some(of) = found.manifest_of {
            self.manifests.insert(of, meta);
            return;
        }
        self.put(found, meta, false);
    }

    /// Adds an older version of an object that the layout recognised. If nothing else tells
    /// snapshots apart it is a snapshot of its own, else it is ignored. Its manifest is not known:
    /// the one that lies there is of the newest version.
    pub fn add_older(&mut self, found: Match, meta: ObjectMeta) {
        if found.manifest_of.is_some() || !is_version(&found) {
            return;
        }
        self.objects += 1;
        self.put(found, meta, true);
    }

    /// Adds everything that another part of the same listing collected.
    pub fn absorb(&mut self, part: Self) {
        self.objects += part.objects;
        self.manifests.extend(part.manifests);
        if self.artifacts.is_empty() {
            self.artifacts = part.artifacts;
        } else {
            self.artifacts.extend(part.artifacts);
        }
    }

    fn put(&mut self, found: Match, meta: ObjectMeta, is_older: bool) {
        let name = found.artifact.clone();
        let moment = moment(found, &meta, is_older);
        self.artifacts.push((moment, Artifact { name, meta }));
    }

    /// Number of objects added, manifests included.
    pub fn objects(&self) -> usize {
        self.objects
    }

    /// Returns the snapshots, newest first, and how many duplicates were passed over. Of several
    /// snapshots of one time that of the newest layout is kept, and of one layout the object
    /// modified last.
    pub fn finish(mut self) -> (Vec<Group>, u64) {
        self.artifacts.sort_by(|(moment, one), (other, another)| {
            let place = (moment, &one.name).cmp(&(other, &another.name));
            place.then_with(|| age(&another.meta).cmp(&age(&one.meta)))
        });
        let all = self.artifacts.len();
        self.artifacts
            .dedup_by(|(moment, one), (of, kept)| moment == of && one.name == kept.name);
        let doubled = all - self.artifacts.len();
        let mut groups: Vec<(Moment, Group)> = Vec::new();
        let mut passed_over = BTreeSet::new();
        for (moment, artifact) in self.artifacts {
            match groups.last_mut() {
                Some((last, group)) if *last == moment => group.artifacts.push(artifact),
                Some((last, _)) if last.is_of(&moment) => drop(passed_over.insert(moment)),
                _ => {
                    let group = Group {
                        id: SnapshotId(moment.id.clone()),
                        named: moment.at,
                        is_older: moment.is_older,
                        artifacts: vec![artifact],
                        manifests: BTreeMap::new(),
                    };
                    groups.push((moment, group));
                }
            }
        }
        let duplicates = (doubled + passed_over.len()) as u64;
        let mut groups: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
        for group in groups.iter_mut().filter(|group| !group.is_older) {
            let metas = group.artifacts.iter().map(|artifact| &artifact.meta);
            let manifest = |meta: &ObjectMeta| self.manifests.remove_entry(&meta.key);
            group.manifests = metas.filter_map(manifest).collect();
        }
        groups.sort_by(|one, other| (other.about(), &other.id).cmp(&(one.about(), &one.id)));
        (groups, duplicates)
    }
}

/// True if the versions of this object are snapshots of their own.
pub(crate) fn is_version(found: &Match) -> bool {
    found.named.is_none() && found.artifact.is_empty()
}

/// Of two objects that say the same, the one of greater age counts.
fn age(meta: &ObjectMeta) -> (Timestamp, &Key) {
    (meta.modified_at, &meta.key)
}

fn moment(found: Match, meta: &ObjectMeta, is_older: bool) -> Moment {
    let pattern = found.pattern;
    // Versions tell snapshots of one object apart, but not which artifacts of several belong
    // together.
    let version = meta.version_id.clone().filter(|_| is_version(&found));
    let unnamed = |version: Option<String>| {
        let id = version.unwrap_or_else(|| CURRENT.into());
        (None, id.clone(), id)
    };
    let named = found.named.map(|it| (Some(it.at), String::new(), it.id));
    let (at, version, id) = named.unwrap_or_else(|| unnamed(version));
    Moment {
        at,
        version,
        is_older,
        pattern,
        id,
    }
}

/// Judges the state of a snapshot; why it is invalid goes into `facts.invalid`. The first row that
/// fits counts:
///
/// | the snapshot | state |
/// |---|---|
/// | has an artifact that may still be written | in progress |
/// | has an artifact that cannot be whole, or an invalid head | invalid |
/// | lacks artifacts or required manifests, its newest artifact is young | in progress |
/// | lacks artifacts or required manifests | partial |
/// | has an unknown number of artifacts that are all needed, its newest is young | in progress |
/// | is any other | complete |
pub fn judge(
    group: &Group,
    rule: &Completeness,
    seen: &Seen,
    facts: &mut SnapshotFacts,
    now: Timestamp,
) -> SnapshotState {
    let mut artifacts = group.artifacts.iter();
    let grows = |meta| group.written(meta, seen).is_in_progress(rule.settle, now);
    if artifacts.any(|artifact| grows(&artifact.meta)) {
        facts.invalid = None;
        return SnapshotState::InProgress;
    }
    facts.invalid = invalid(group, &seen.manifests).or_else(|| facts.invalid.take());
    if facts.invalid.is_some() {
        return SnapshotState::Invalid;
    }
    // Missing artifacts are waited for from the modification of the newest one on.
    let within = rule
        .artifacts
        .map_or(rule.settle, |artifacts| artifacts.within);
    let young = is_young(group.completed_at(), within, now);
    let too_few = rule
        .artifacts
        .is_some_and(|rule| group.artifacts.len() < rule.count);
    let unwitnessed = rule.manifest == ManifestRule::Required
        && group
            .artifacts
            .iter()
            .any(|artifact| !seen.manifests.contains_key(&artifact.meta.key));
    match (too_few || unwitnessed, young) {
        (false, true) if rule.settles => SnapshotState::InProgress,
        (false, _) => SnapshotState::Complete,
        (true, true) => SnapshotState::InProgress,
        (true, false) => SnapshotState::Partial,
    }
}

/// Says what is wrong with the first artifact that cannot be whole.
fn invalid(group: &Group, manifests: &BTreeMap<Key, Manifest>) -> Option<String> {
    group.artifacts.iter().find_map(|Artifact { name, meta }| {
        let size = meta.size_bytes;
        let of = if name.is_empty() {
            String::new()
        } else {
            format!("artifact {name:?}: ")
        };
        let promised = manifests
            .get(&meta.key)
            .and_then(|manifest| manifest.size_bytes);
        match promised {
            _ if size == 0 => Some(format!("{of}it is empty")),
            Some(promised) if promised != size => Some(format!(
                "{of}it has {size} bytes, its manifest says {promised}"
            )),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests;
