//! The record of one verification: what was kept of its runs, written down. Pure.

use std::{collections::BTreeMap, sync::Arc};

use catalog::ledger::{
    ArtifactRecord, Egress, Fingerprints, Reason, RehearsalRecord, SandboxRecord, SnapshotRecord,
    Stage, StageRecord, Verification,
};
use jiff::Timestamp;

use super::{
    Assignment, Context,
    answers::{self, RESTORED},
    artifacts,
    outcome::{PartOutcome, recovery_milliseconds},
    trial::{ARTIFACTS_MAX, Judgement},
};
use crate::{engine::CheckResult, verdict::Conclusion};

/// The whole record but for its place in the chain.
pub(super) fn write(
    context: &Context,
    assignment: &Assignment,
    (began_at, ended_at): (Timestamp, Timestamp),
    judgement: Judgement,
    rehearsal: Option<RehearsalRecord>,
) -> Verification {
    let Judgement {
        shown,
        answers,
        conclusion,
        items,
        fingerprints,
    } = judgement;
    let shown = shown.as_slice();
    let snapshot = &assignment.snapshot;
    Verification {
        id: assignment.run.0.clone(),
        source: assignment.source.clone(),
        engine: assignment.engine.name().as_str().into(),
        trigger: assignment.trigger,
        by: context.by.as_str().into(),
        began_at,
        ended_at,
        snapshot: SnapshotRecord {
            repository: assignment.repository.as_str().into(),
            id: snapshot.id.clone(),
            taken_at: snapshot.taken_at,
            taken_at_from: snapshot.taken_at_from,
            artifacts: artifacts(assignment, shown),
            continues: artifacts::continued(assignment, shown),
        },
        verdict: conclusion.verdict,
        reason: conclusion.reason,
        findings: answers.into_iter().map(|answer| answer.finding).collect(),
        stages: stages(assignment, shown),
        recovery_milliseconds: recovery_milliseconds(shown),
        items: items
            .into_iter()
            .map(|(item, count)| (item.into(), count))
            .collect(),
        fingerprints,
        data_at: data_at(assignment, shown),
        sandbox: weakest(shown).cloned().map(Arc::new),
        rehearsals: rehearsal.into_iter().collect(),
        tool: context.tool.clone().into(),
        log_tail: log_tail(shown),
    }
}

/// The record of a verification whose verifier ended before it did. Whoever takes over writes it,
/// and says when it ended.
pub(super) fn interrupted(
    context: &Context,
    assignment: &Assignment,
    began_at: Timestamp,
) -> Verification {
    let why = "the verifier ended before its verification did";
    let mut answers = answers::of_all(assignment, &[], &[]);
    answers.insert(
        0,
        CheckResult::not_run(RESTORED, Some(Reason::Interrupted), why),
    );
    let judgement = Judgement {
        shown: Vec::new(),
        answers,
        conclusion: Conclusion::because(Reason::Interrupted),
        items: BTreeMap::new(),
        fingerprints: Fingerprints::default(),
    };
    write(context, assignment, (began_at, began_at), judgement, None)
}

/// Records of the artifacts, each with what was read of it; an artifact that was not tried is only
/// named.
fn artifacts(assignment: &Assignment, shown: &[PartOutcome]) -> Vec<ArtifactRecord> {
    // A snapshot of more is refused, and its record must not outgrow what can be written.
    let indexes = 0..assignment.snapshot.artifacts.len().min(ARTIFACTS_MAX);
    let artifact = |index: usize| match shown.get(index) {
        Some(shown) => shown.artifact.clone(),
        None => artifacts::artifact(assignment, index, None),
    };
    indexes.filter_map(artifact).collect()
}

/// The sandbox that kept the data least: a record tells of one, and must not tell of a better one.
fn weakest(shown: &[PartOutcome]) -> Option<&SandboxRecord> {
    let sandboxes = shown.iter().filter_map(|shown| shown.kept.sandbox.as_ref());
    sandboxes.min_by_key(|sandbox| match sandbox.egress {
        Egress::Open => 0,
        Egress::NotTried => 1,
        Egress::Denied => 2,
    })
}

/// The newest change observed in any artifact; if none was, the one that the survey knows.
fn data_at(assignment: &Assignment, shown: &[PartOutcome]) -> Option<Timestamp> {
    let observed = shown
        .iter()
        .filter_map(|it| it.kept.observations.as_deref());
    let newest = observed.filter_map(|observed| assignment.engine.data_at(observed));
    newest.max().or(assignment.snapshot.facts.data_at)
}

/// Log of the first artifact that something spoils, else of the last: a record has no room for all.
fn log_tail(shown: &[PartOutcome]) -> Vec<String> {
    let spoiled = |shown: &&PartOutcome| shown.answers.iter().any(|it| it.spoils.is_some());
    let told = shown.iter().find(spoiled).or(shown.last());
    told.map_or_else(Vec::new, |shown| shown.kept.seen.log.clone())
}

/// Stages with their times. A stage that never ended has no duration to tell, and is left out.
fn stages(assignment: &Assignment, shown: &[PartOutcome]) -> Vec<StageRecord> {
    let ended = shown
        .iter()
        .flat_map(|PartOutcome { kept, .. }| kept.discarded.iter().chain(&kept.seen.stages))
        .filter_map(|stage| Some((stage.stage, stage.took?)));
    let evidence = [(Stage::Select, assignment.selected_in)]
        .into_iter()
        .chain(ended)
        .map(|(stage, took)| StageRecord {
            stage,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    evidence.collect()
}
