//! The record of one verification: what was kept of its run, judged and written down. Pure.

use catalog::evidence::{
    ArtifactEvidence, Integrity, SnapshotEvidence, StageEvidence, Verification,
};
use jiff::Timestamp;

use super::{Assignment, Context, attempt::Kept};
use crate::{
    engine::{Evidence, Judged},
    verdict::{Conclusion, integrity},
};

/// Checks that every engine's snapshots undergo.
const INTACT: &str = "snapshot.intact";
const RESTORED: &str = "snapshot.restored";
const EGRESS: &str = "sandbox.egress";
const REMOVED: &str = "sandbox.removed";

/// Every check with its outcome: those of all engines, and the engine's own.
pub(super) fn answers(context: &Context, assignment: &Assignment, kept: &Kept) -> Vec<Judged> {
    let mut answers = vec![intact(kept), restored(kept)];
    match &kept.observations {
        Some(_) => answers.extend(with_evidence(context, assignment, kept, |evidence| {
            assignment.engine.judge(evidence, &assignment.settings)
        })),
        None => {
            answers.extend(
                assignment.format.checks().iter().map(|check| {
                    Judged::not_run(check.name, None, "the snapshot was not restored")
                }),
            );
        }
    }
    answers.push(egress(kept));
    if let Some(why) = &kept.left_behind {
        let message = format!("the sandbox may be left: {why}\nhint: Run backup-verifier sweep.");
        answers.push(Judged::warning(REMOVED, message));
    }
    answers
}

/// The whole record but for its place in the chain.
pub(super) fn write(
    context: &Context,
    assignment: &Assignment,
    began_at: Timestamp,
    kept: &Kept,
    (answers, conclusion): (Vec<Judged>, Conclusion),
) -> Verification {
    let observations = kept.observations.as_deref().unwrap_or_default();
    let snapshot = &assignment.snapshot;
    Verification {
        id: assignment.run.0.clone(),
        source: assignment.source.clone(),
        engine: assignment.engine.name().as_str().into(),
        trigger: assignment.trigger,
        by: context.by.clone(),
        began_at,
        ended_at: context.clock.now(),
        snapshot: SnapshotEvidence {
            repository: assignment.repository.as_str().into(),
            id: snapshot.id.clone(),
            taken_at: snapshot.taken_at,
            taken_at_from: snapshot.taken_at_from,
            artifacts: artifacts(assignment, kept),
        },
        verdict: conclusion.verdict,
        reason: conclusion.reason,
        findings: answers.into_iter().map(|answer| answer.finding).collect(),
        stages: stages(assignment, kept),
        recovery_milliseconds: recovery_milliseconds(kept),
        items: with_evidence(context, assignment, kept, |evidence| {
            assignment.engine.items(evidence)
        }),
        data_at: assignment
            .engine
            .data_at(observations)
            .or(snapshot.facts.data_at),
        sandbox: kept.sandbox.clone(),
        rehearsals: Vec::new(),
        tool: context.tool.clone(),
        log_tail: kept.seen.log.clone(),
    }
}

fn intact(kept: &Kept) -> Judged {
    let Some(passed) = &kept.passed else {
        return Judged::not_run(INTACT, None, "the snapshot was not read to its last byte");
    };
    match super::reasons::understood(&passed.inspection) {
        Ok(()) => Judged::passed(INTACT, "every byte was read and understood")
            .observed(format!("{} bytes", passed.restorable_bytes)),
        Err(found) => {
            // A second reading may have raised doubts: then the run's own reason holds.
            let doubt = kept.stopped.as_ref().map(|stopped| stopped.reason);
            match (found.reason, doubt) {
                (reason, Some(other)) if reason == other => {
                    Judged::failed(INTACT, reason, found.message)
                }
                _ => Judged::not_run(INTACT, None, found.message),
            }
        }
    }
}

fn restored(kept: &Kept) -> Judged {
    use catalog::evidence::{Reason, Verdict};
    match &kept.stopped {
        Some(stopped) if stopped.reason == Reason::Damaged => {
            let message = "what is damaged is not restored";
            Judged::not_run(RESTORED, Some(stopped.reason), message)
        }
        Some(stopped) if stopped.reason.verdict() == Verdict::Failed => {
            Judged::failed(RESTORED, stopped.reason, &stopped.message)
        }
        Some(stopped) => Judged::not_run(RESTORED, Some(stopped.reason), &stopped.message),
        None if kept.observed() => Judged::passed(RESTORED, "a server restored it and answered"),
        None => Judged::not_run(RESTORED, Some(Reason::Internal), "no server answered"),
    }
}

fn egress(kept: &Kept) -> Judged {
    let egress = kept.sandbox.as_ref().map(|sandbox| sandbox.egress.as_str());
    match egress {
        Some("denied") => Judged::passed(EGRESS, "there was no way out of the sandbox"),
        Some("open") => {
            let message = "there was a way out of the sandbox: its server could be reached or \
                           reach others\nhint: Use a runtime that isolates.";
            Judged::warning(EGRESS, message)
        }
        _ => Judged::not_run(EGRESS, None, "it was not looked at"),
    }
}

fn artifacts(assignment: &Assignment, kept: &Kept) -> Vec<ArtifactEvidence> {
    let read = kept.passed.as_ref();
    let manifest = assignment.snapshot.manifest.as_ref();
    let several = assignment.snapshot.artifacts.len() > 1;
    let evidence = |artifact: &catalog::model::Artifact| ArtifactEvidence {
        key: artifact.meta.key.as_str().into(),
        version_id: artifact.meta.version_id.clone(),
        etag: artifact.meta.etag.clone(),
        size_bytes: artifact.meta.size_bytes,
        sha256: read
            .filter(|_| !several)
            .map(|passed| passed.sha256.clone()),
        modified_at: artifact.meta.modified_at,
        integrity: read.filter(|_| !several).map_or(Integrity::None, |passed| {
            integrity(&passed.inspection, &passed.sha256, manifest)
        }),
    };
    assignment.snapshot.artifacts.iter().map(evidence).collect()
}

fn with_evidence<T: Default>(
    context: &Context,
    assignment: &Assignment,
    kept: &Kept,
    judge: impl FnOnce(&Evidence<'_>) -> T,
) -> T {
    let artifacts = artifacts(assignment, kept);
    let (Some(passed), Some(artifact)) = (&kept.passed, artifacts.first()) else {
        return T::default();
    };
    judge(&Evidence {
        inspection: &passed.inspection,
        observations: kept.observations.as_deref().unwrap_or_default(),
        artifact,
        manifest: assignment.snapshot.manifest.as_ref(),
        previous: assignment.previous.as_ref(),
        taken_at: assignment.snapshot.taken_at,
        asked_at: kept.asked_at.unwrap_or_else(|| context.clock.now()),
        recovery_milliseconds: recovery_milliseconds(kept),
        recovery_milliseconds_max: assignment.recovery_milliseconds_max,
    })
}

/// First byte requested to first successful answer, less our own check in between.
fn recovery_milliseconds(kept: &Kept) -> Option<u64> {
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
fn stages(assignment: &Assignment, kept: &Kept) -> Vec<StageEvidence> {
    let ended = kept
        .seen
        .stages
        .iter()
        .filter_map(|stage| Some((stage.name, stage.took?)));
    let evidence = [(super::SELECT, assignment.selected_in)]
        .into_iter()
        .chain(ended)
        .map(|(name, took)| StageEvidence {
            stage: name.into(),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    evidence.collect()
}
