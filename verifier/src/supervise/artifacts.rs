//! What is known of each artifact: which object it is, what was read of it, and what the engine
//! counted in it. Built once, and only read by checks and record. Pure.

use std::collections::BTreeMap;

use catalog::{
    ledger::{ArtifactRecord, Fingerprints, Integrity},
    manifest::Manifest,
    model::ObjectMeta,
};

use super::{
    Assignment, Context,
    outcome::{PartOutcome, RunOutcome},
};
use crate::{engine::Case, stream::ReadThrough, verdict::integrity};

/// The record of one artifact: which object it is, and what was read of it. `None` if the snapshot
/// has no artifact of this index.
pub(super) fn artifact(
    assignment: &Assignment,
    index: usize,
    kept: Option<&RunOutcome>,
) -> Option<ArtifactRecord> {
    let meta = &assignment.snapshot.artifacts.get(index)?.meta;
    let read = kept.and_then(|kept| assignment.own(kept));
    Some(evidence(meta, read, assignment.manifest_of(index)))
}

/// Records of the objects that the snapshot continues, each with what was read of it.
pub(super) fn continued(assignment: &Assignment, shown: &[PartOutcome]) -> Vec<ArtifactRecord> {
    let read = shown
        .first()
        .map_or(&[][..], |shown| shown.kept.read.as_slice());
    let objects = assignment.before().into_iter();
    let objects = objects.filter_map(|it| Some((&it.artifacts.first()?.meta, &it.manifests)));
    let evidence = objects
        .enumerate()
        .map(|(at, (meta, manifests))| evidence(meta, read.get(at), manifests.get(&meta.key)));
    evidence.collect()
}

fn evidence(
    meta: &ObjectMeta,
    read: Option<&ReadThrough>,
    manifest: Option<&Manifest>,
) -> ArtifactRecord {
    // A listing names no version where a time in the path tells snapshots apart.
    let read_version = read.and_then(|passed| passed.version_id.clone());
    ArtifactRecord {
        key: meta.key.as_str().into(),
        version_id: read_version.or_else(|| meta.version_id.clone()),
        etag: meta.etag.clone(),
        size_bytes: meta.size_bytes,
        sha256: read.map(|passed| passed.sha256.clone()),
        modified_at: meta.modified_at,
        integrity: read.map_or(Integrity::None, |passed| integrity(passed, manifest)),
    }
}

/// What an engine's checks ask for, of every artifact that was wholly read, in their order.
pub(super) fn views<'a>(
    context: &Context,
    assignment: &'a Assignment,
    shown: &'a [PartOutcome],
) -> Vec<Case<'a>> {
    let views = shown.iter().enumerate().filter_map(|(index, shown)| {
        let artifact = shown.artifact.as_ref()?;
        view(context, assignment, (index, &shown.kept), artifact)
    });
    views.collect()
}

/// What an engine's checks ask for, of one artifact; `None` where it was not wholly read.
pub(super) fn view<'a>(
    context: &Context,
    assignment: &'a Assignment,
    (index, kept): (usize, &'a RunOutcome),
    artifact: &'a ArtifactRecord,
) -> Option<Case<'a>> {
    Some(Case {
        inspection: &assignment.own(kept)?.inspection,
        observations: kept.observations.as_deref().unwrap_or_default(),
        artifact,
        manifest: assignment.manifest_of(index),
        asked_at: kept.asked_at.unwrap_or_else(|| context.clock.now()),
    })
}

/// Counts summed over the artifacts; what was not counted in each of them has no sum.
pub(super) fn items(assignment: &Assignment, artifacts: &[Case<'_>]) -> BTreeMap<String, u64> {
    let counted = artifacts.iter().map(|it| assignment.engine.items(it));
    let counted: Vec<_> = counted.collect();
    if counted.len() != assignment.snapshot.artifacts.len() {
        return BTreeMap::new();
    }
    let names = counted.iter().flat_map(BTreeMap::keys);
    let sum = |name: &String| -> Option<u64> {
        let mut each = counted.iter().map(|items| items.get(name).copied());
        each.try_fold(0_u64, |sum, count| sum.checked_add(count?))
    };
    names
        .filter_map(|name| Some((name.clone(), sum(name)?)))
        .collect()
}

/// Fingerprints of all artifacts together, by kind.
pub(super) fn fingerprints(assignment: &Assignment, artifacts: &[Case<'_>]) -> Fingerprints {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let each = artifacts.iter();
    for (kind, of_one) in each.flat_map(|it| assignment.engine.fingerprints(it)) {
        all.entry(kind).or_default().extend_from_slice(&of_one);
    }
    let all = all.into_iter();
    all.map(|(kind, it)| (kind, it.into())).collect()
}
