//! The record of one verification: what was kept of its runs, written down. Pure.

use std::collections::BTreeMap;

use catalog::{
    evidence::{
        ArtifactEvidence, Egress, Fingerprints, Integrity, RehearsalEvidence, SandboxEvidence,
        SnapshotEvidence, Stage, StageEvidence, Verification,
    },
    manifest::Manifest,
    model::ObjectMeta,
};
use jiff::Timestamp;

use super::{
    Assignment, Context, answers,
    attempt::Kept,
    part::Shown,
    trial::{ARTIFACTS_MAX, Judgement},
};
use crate::{stream::Passed, verdict::integrity};

/// The whole record but for its place in the chain.
pub(super) fn write(
    context: &Context,
    assignment: &Assignment,
    (began_at, ended_at): (Timestamp, Timestamp),
    judgement: Judgement,
    rehearsal: Option<RehearsalEvidence>,
) -> Verification {
    let Judgement {
        shown,
        answers,
        conclusion,
    } = judgement;
    let shown = shown.as_slice();
    let snapshot = &assignment.snapshot;
    Verification {
        id: assignment.run.0.clone(),
        source: assignment.source.clone(),
        engine: assignment.engine.name().as_str().into(),
        trigger: assignment.trigger,
        by: context.by.clone(),
        began_at,
        ended_at,
        snapshot: SnapshotEvidence {
            repository: assignment.repository.as_str().into(),
            id: snapshot.id.clone(),
            taken_at: snapshot.taken_at,
            taken_at_from: snapshot.taken_at_from,
            artifacts: artifacts(assignment, shown),
            continues: continues(assignment, shown),
        },
        verdict: conclusion.verdict,
        reason: conclusion.reason,
        findings: answers.into_iter().map(|answer| answer.finding).collect(),
        stages: stages(assignment, shown),
        recovery_milliseconds: recovery_milliseconds(shown),
        items: items(context, assignment, shown),
        fingerprints: fingerprints(context, assignment, shown),
        data_at: data_at(assignment, shown),
        sandbox: weakest(shown).cloned(),
        rehearsals: rehearsal.into_iter().collect(),
        tool: context.tool.clone(),
        log_tail: log_tail(shown),
    }
}

/// Each with what was read of it.
fn artifacts(assignment: &Assignment, shown: &[Shown]) -> Vec<ArtifactEvidence> {
    // A snapshot of more is refused, and its record must not outgrow what can be written.
    let indexes = 0..assignment.snapshot.artifacts.len().min(ARTIFACTS_MAX);
    let kept = |index: usize| shown.get(index).map(|shown| &shown.kept);
    let evidence = indexes.filter_map(|index| artifact(assignment, index, kept(index)));
    evidence.collect()
}

/// What it continues, each with what was read of it.
fn continues(assignment: &Assignment, shown: &[Shown]) -> Vec<ArtifactEvidence> {
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

pub(super) fn artifact(
    assignment: &Assignment,
    index: usize,
    kept: Option<&Kept>,
) -> Option<ArtifactEvidence> {
    let meta = &assignment.snapshot.artifacts.get(index)?.meta;
    let read = kept.and_then(|kept| assignment.own(kept));
    Some(evidence(meta, read, assignment.manifest_of(index)))
}

fn evidence(
    meta: &ObjectMeta,
    read: Option<&Passed>,
    manifest: Option<&Manifest>,
) -> ArtifactEvidence {
    // A listing names no version where a time in the path tells snapshots apart.
    let read_version = read.and_then(|passed| passed.version_id.clone());
    ArtifactEvidence {
        key: meta.key.as_str().into(),
        version_id: read_version.or_else(|| meta.version_id.clone()),
        etag: meta.etag.clone(),
        size_bytes: meta.size_bytes,
        sha256: read.map(|passed| passed.sha256.clone()),
        modified_at: meta.modified_at,
        integrity: read.map_or(Integrity::None, |passed| integrity(passed, manifest)),
    }
}

/// Summed over the artifacts; what was not counted in each of them has no sum.
fn items(context: &Context, assignment: &Assignment, shown: &[Shown]) -> BTreeMap<String, u64> {
    let counted = answers::with_evidence(context, assignment, shown, |artifacts| {
        let counted = artifacts.iter().map(|it| assignment.engine.items(it));
        counted.collect::<Vec<_>>()
    });
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

/// Of all artifacts together.
fn fingerprints(context: &Context, assignment: &Assignment, shown: &[Shown]) -> Fingerprints {
    answers::with_evidence(context, assignment, shown, |artifacts| {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (kind, of_one) in artifacts
            .iter()
            .flat_map(|it| assignment.engine.fingerprints(it))
        {
            all.entry(kind).or_default().extend_from_slice(&of_one);
        }
        all.into_iter()
            .map(|(kind, it)| (kind, it.into()))
            .collect()
    })
}

/// The sandbox that kept the data least: a record tells of one, and must not tell of a better one.
fn weakest(shown: &[Shown]) -> Option<&SandboxEvidence> {
    let sandboxes = shown.iter().filter_map(|shown| shown.kept.sandbox.as_ref());
    sandboxes.min_by_key(|sandbox| match sandbox.egress {
        Egress::Open => 0,
        Egress::NotTried => 1,
        Egress::Denied => 2,
    })
}

/// The newest of all artifacts.
fn data_at(assignment: &Assignment, shown: &[Shown]) -> Option<Timestamp> {
    let observed = shown
        .iter()
        .filter_map(|it| it.kept.observations.as_deref());
    let newest = observed.filter_map(|observed| assignment.engine.data_at(observed));
    newest.max().or(assignment.snapshot.facts.data_at)
}

/// Of the first artifact that something spoils, else of the last: a record has no room for all.
fn log_tail(shown: &[Shown]) -> Vec<String> {
    let spoiled = |shown: &&Shown| shown.answers.iter().any(|it| it.spoils.is_some());
    let told = shown.iter().find(spoiled).or(shown.last());
    told.map_or_else(Vec::new, |shown| shown.kept.seen.log.clone())
}

/// The sum over the artifacts, which are restored one after the other; `None` unless all answered.
pub(super) fn recovery_milliseconds(shown: &[Shown]) -> Option<u64> {
    let mut each = shown.iter().map(|shown| recovered(&shown.kept));
    let sum = each.try_fold(0_u64, |sum, each| sum.checked_add(each?));
    sum.filter(|_| !shown.is_empty())
}

/// First byte requested to first successful answer, less our own check in between.
fn recovered(kept: &Kept) -> Option<u64> {
    let (requested, answered) = (kept.requested?, kept.seen.answered?);
    let ours = kept
        .seen
        .stages
        .iter()
        .filter(|stage| stage.stage == Stage::Check);
    let ours = ours.filter_map(|stage| stage.took).sum();
    let took = answered
        .checked_duration_since(requested)?
        .saturating_sub(ours);
    u64::try_from(took.as_millis()).ok()
}

/// A stage that never ended has no duration to tell, and is left out.
fn stages(assignment: &Assignment, shown: &[Shown]) -> Vec<StageEvidence> {
    let ended = shown
        .iter()
        .flat_map(|Shown { kept, .. }| kept.discarded.iter().chain(&kept.seen.stages))
        .filter_map(|stage| Some((stage.stage, stage.took?)));
    let evidence = [(Stage::Select, assignment.selected_in)]
        .into_iter()
        .chain(ended)
        .map(|(stage, took)| StageEvidence {
            stage,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    evidence.collect()
}
