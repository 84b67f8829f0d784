//! The record of one verification: what was kept of its runs, written down. Pure.

use std::{collections::BTreeMap, time::Duration};

use catalog::{
    evidence::{
        ArtifactEvidence, Fingerprints, Integrity, RehearsalEvidence, SandboxEvidence,
        SnapshotEvidence, StageEvidence, Verification,
    },
    manifest::Manifest,
    model::{ObjectMeta, Snapshot},
};
use jiff::Timestamp;

use super::{
    Assignment, Context, answers,
    attempt::Kept,
    part::Shown,
    trial::{ARTIFACTS_MAX, Judgement},
};
use crate::{engine::Stage, stream::Passed, verdict::integrity};

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
            continues: before(assignment, shown),
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
fn before(assignment: &Assignment, shown: &[Shown]) -> Vec<ArtifactEvidence> {
    let kept = shown.first().map(|shown| &shown.kept);
    let snapshots = assignment.before().into_iter().enumerate();
    let evidence = snapshots
        .filter_map(|(at, snapshot)| continued(snapshot, kept.and_then(|it| it.before.get(at))));
    evidence.collect()
}

pub(super) fn continued(snapshot: &Snapshot, read: Option<&Passed>) -> Option<ArtifactEvidence> {
    let meta = &snapshot.artifacts.first()?.meta;
    Some(evidence(meta, read, manifest_of(snapshot)))
}

/// Of one that others continue, which has one object.
pub(super) fn manifest_of(snapshot: &Snapshot) -> Option<&Manifest> {
    snapshot
        .manifests
        .get(&snapshot.artifacts.first()?.meta.key)
}

pub(super) fn artifact(
    assignment: &Assignment,
    index: usize,
    kept: Option<&Kept>,
) -> Option<ArtifactEvidence> {
    let meta = &assignment.snapshot.artifacts.get(index)?.meta;
    let read = kept.and_then(|kept| kept.passed.as_ref());
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
    sandboxes.min_by_key(|sandbox| match sandbox.egress.as_str() {
        "open" => 0,
        "denied" => 2,
        _ => 1,
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
        .filter(|stage| stage.name == "check");
    let ours = ours.filter_map(|stage| stage.took).sum();
    let took = answered
        .checked_duration_since(requested)?
        .saturating_sub(ours);
    u64::try_from(took.as_millis()).ok()
}

/// A stage that never ended has no duration to tell, and is left out.
fn stages(assignment: &Assignment, shown: &[Shown]) -> Vec<StageEvidence> {
    let is_chained = !assignment.before().is_empty();
    let ended = shown.iter().flat_map(|Shown { kept, .. }| {
        let runs = [&kept.discarded, &kept.seen.stages];
        runs.map(|stages| ended(stages, is_chained))
    });
    let ended = ended.flatten();
    let evidence = [(super::SELECT, assignment.selected_in)]
        .into_iter()
        .chain(ended)
        .map(|(name, took)| StageEvidence {
            stage: name.into(),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    evidence.collect()
}

/// Where several objects are brought, one after the other, what that took in all: a record has no
/// room for each.
fn ended(stages: &[Stage], is_chained: bool) -> Vec<(&'static str, Duration)> {
    const BROUGHT: [&str; 3] = ["fetch", "inspect", "stage"];
    let mut all: Vec<(&'static str, Duration)> = Vec::new();
    for (name, took) in stages.iter().filter_map(|it| Some((it.name, it.took?))) {
        let is_brought = is_chained && BROUGHT.contains(&name);
        match all.iter_mut().find(|it| is_brought && it.0 == name) {
            Some((_, sum)) => *sum += took,
            None => all.push((name, took)),
        }
    }
    all
}
