//! The answer to every check: those of all engines, and the engine's own. Pure.
//!
//! Where the snapshot has several artifacts, each answer about one of them says which.

use catalog::{
    ledger::{ArtifactRecord, Egress, Reason, Verdict},
    model::{Continues, Snapshot, SnapshotState},
};

use super::{
    Assignment, artifacts, native,
    outcome::{PartOutcome, RunOutcome, recovery_milliseconds},
    run::Part,
};
use crate::{
    engine::{Case, CheckResult, Whole},
    report,
};

/// Checks that every engine's snapshots undergo.
const INTACT: &str = "snapshot.intact";
pub(super) const RESTORED: &str = "snapshot.restored";
const COMPLETE: &str = "snapshot.complete";
const EGRESS: &str = "sandbox.egress";
const REMOVED: &str = "sandbox.removed";
/// Check of what a second look came to.
pub(super) const TWICE: &str = "snapshot.shown_twice";

/// Answers about one artifact, whatever the others are like.
pub(super) fn of_part(
    part: &Part<'_>,
    kept: &RunOutcome,
    artifact: Option<&ArtifactRecord>,
) -> Vec<CheckResult> {
    let assignment = part.trial.assignment;
    let mut answers = vec![intact(part, kept), restored(kept)];
    if let Some(artifact) = artifact.filter(|_| kept.observations.is_some()) {
        let view = artifacts::view(part.trial.context, assignment, (part.index, kept), artifact);
        let judged = view.map(|view| assignment.engine.judge(&view, &assignment.settings));
        answers.extend(judged.into_iter().flatten());
    }
    answers.push(egress(kept));
    if let Some(why) = &kept.left_behind {
        let message = format!("the sandbox may be left: {why}\nhint: Run backup-verifier sweep.");
        answers.push(CheckResult::warning(REMOVED, message));
    }
    answers
}

/// Answers about all artifacts and about the snapshot as a whole, check by check.
pub(super) fn of_all(
    assignment: &Assignment,
    shown: &[PartOutcome],
    artifacts: &[Case<'_>],
) -> Vec<CheckResult> {
    let mut answers: Vec<CheckResult> = Vec::new();
    for (index, shown) in shown.iter().enumerate() {
        let name = assignment.name_of(index);
        answers.extend(shown.answers.iter().cloned().map(|mut answer| {
            if let Some(name) = &name {
                answer.finding.message = format!("{name}: {}", answer.finding.message);
            }
            answer
        }));
    }
    answers.extend(of_whole(assignment, shown, artifacts));
    let state = assignment.snapshot.state;
    if state == SnapshotState::InProgress {
        // A snapshot that its writer has not finished yet accuses nobody.
        let accuses = |answer: &&mut CheckResult| {
            answer
                .spoils
                .is_some_and(|it| it.verdict() == Verdict::Failed)
        };
        for answer in answers.iter_mut().filter(accuses) {
            answer.spoils = None;
        }
    }
    answers.push(complete(&assignment.snapshot));
    let message = match state {
        SnapshotState::Complete => "the snapshot was not restored",
        _ => "the snapshot was not restored as a whole",
    };
    for check in assignment.format.checks() {
        if answers.iter().all(|it| it.finding.check != check.name) {
            answers.push(CheckResult::not_run(check.name, None, message));
        }
    }
    answers.sort_by_key(|answer| rank(assignment, &answer.finding.check));
    answers
}

/// Answers about the snapshot as a whole: none unless every artifact was asked and the snapshot is
/// complete, for a part has no sum.
fn of_whole(
    assignment: &Assignment,
    shown: &[PartOutcome],
    artifacts: &[Case<'_>],
) -> Vec<CheckResult> {
    let asked = !shown.is_empty() && shown.iter().all(|shown| shown.kept.observations.is_some());
    if !asked || assignment.snapshot.state != SnapshotState::Complete {
        return Vec::new();
    }
    let whole = Whole {
        artifacts,
        previous: assignment.previous.as_ref(),
        taken_at: assignment.snapshot.taken_at,
        recovery_milliseconds: recovery_milliseconds(shown),
        recovery_milliseconds_max: assignment.recovery_milliseconds_max,
    };
    let mut answers = assignment.engine.judge_whole(&whole, &assignment.settings);
    if shown.iter().any(|shown| shown.doubtful) {
        for answer in &mut answers {
            answer.spoils = None;
        }
    }
    answers
}

/// Place of a check in the record: what every snapshot undergoes first, then the engine's own
/// table, then the sandbox.
fn rank(assignment: &Assignment, check: &str) -> usize {
    let mut table = assignment.format.checks().iter();
    let last = table.len() + 3;
    match check {
        INTACT => 0,
        RESTORED => 1,
        COMPLETE => 2,
        EGRESS => last + 1,
        REMOVED => last + 2,
        TWICE => last + 3,
        _ => table
            .position(|it| it.name == check)
            .map_or(last, |at| at + 3),
    }
}

/// Answers whether every byte was read and understood. What is wrong with one of several objects
/// says which one.
fn intact(part: &Part<'_>, kept: &RunOutcome) -> CheckResult {
    let objects = part.trial.assignment.objects(part.index);
    let found = objects.iter().zip(&kept.read).filter_map(|(object, read)| {
        let mut found = native::understood(&read.inspection).err()?;
        if objects.len() > 1 {
            let key = report::printable(object.key.as_str());
            found.message = format!("{key}: {}", found.message);
        }
        Some(found)
    });
    // Damage is told before what was not understood.
    let Some(found) = found.max_by_key(|found| found.reason == Reason::Damaged) else {
        if kept.read.len() < objects.len() {
            let message = "the snapshot was not read to its last byte";
            return CheckResult::not_run(INTACT, None, message);
        }
        let bytes: u64 = kept.read.iter().map(|it| it.restorable_bytes).sum();
        let passed = CheckResult::passed(INTACT, "every byte was read and understood");
        return passed.observed(format!("{bytes} bytes"));
    };
    // A second reading may have raised doubts: then the run's own reason holds.
    if kept.stopped_by(&[found.reason]) {
        return CheckResult::failed(INTACT, found.reason, found.message);
    }
    CheckResult::not_run(INTACT, None, found.message)
}

fn restored(kept: &RunOutcome) -> CheckResult {
    match &kept.stopped {
        Some(stopped) if stopped.reason == Reason::Damaged => {
            let message = "what is damaged is not restored";
            CheckResult::not_run(RESTORED, Some(stopped.reason), message)
        }
        Some(stopped) if stopped.reason.verdict() == Verdict::Failed => {
            CheckResult::failed(RESTORED, stopped.reason, &stopped.message)
        }
        Some(stopped) => CheckResult::not_run(RESTORED, Some(stopped.reason), &stopped.message),
        None if kept.observed() => {
            CheckResult::passed(RESTORED, "a server restored it and answered")
        }
        None => CheckResult::not_run(RESTORED, Some(Reason::Internal), "no server answered"),
    }
}

/// Answers whether the snapshot is complete. Whoever names a snapshot may name any, and a part of
/// one proves nothing of the whole.
fn complete(snapshot: &Snapshot) -> CheckResult {
    let state = snapshot.state;
    let (reason, what) = match state {
        SnapshotState::Complete => {
            return CheckResult::passed(COMPLETE, "everything that belongs to it is there");
        }
        SnapshotState::InProgress => (
            Reason::UnstableRead,
            "it is still being written, or more of it may arrive\nhint: Verify it once `backup-verifier \
             snapshots` calls it complete.",
        ),
        SnapshotState::Partial if matches!(snapshot.continues, Continues::Missing(_)) => (
            Reason::Vanished,
            "something that it continues is missing\nhint: `backup-verifier snapshots` says what; \
             take a full backup.",
        ),
        SnapshotState::Partial => (
            Reason::Vanished,
            "something that belongs to it is missing: artifacts, or a manifest\nhint: Look at what \
             uploads it, and at `artifacts` and `manifest` of the source.",
        ),
        SnapshotState::Failed => (Reason::Vanished, "its producer says that it failed"),
        SnapshotState::Invalid => (
            Reason::UnknownVersion,
            "it cannot be a snapshot\nhint: `backup-verifier snapshots` says why.",
        ),
    };
    CheckResult::not_run(COMPLETE, Some(reason), what).observed(state.as_label())
}

fn egress(kept: &RunOutcome) -> CheckResult {
    let egress = kept.sandbox.as_ref().map(|sandbox| sandbox.egress);
    match egress {
        Some(Egress::Denied) => CheckResult::passed(EGRESS, "there was no way out of the sandbox"),
        Some(Egress::Open) => {
            let message = "there was a way out of the sandbox: its server could be reached or \
                           reach others\nhint: Use a runtime that isolates.";
            CheckResult::warning(EGRESS, message)
        }
        Some(Egress::NotTried) | None => CheckResult::not_run(EGRESS, None, "it was not looked at"),
    }
}
