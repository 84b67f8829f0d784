//! The rehearsal of the same snapshot in another image, after the verdict stood: told apart, and
//! never a part of the verdict.

use std::{collections::BTreeMap, panic::AssertUnwindSafe};

use catalog::ledger::{Fingerprints, Reason, RehearsalRecord};
use futures::FutureExt as _;
use tokio::time::Instant;

use super::{
    Assignment, Context, Progress, answers, attempt,
    outcome::{PartOutcome, recovery_milliseconds},
    run::Trial,
    trial::Judgement,
};
use crate::{
    engine::{CheckResult, Purpose, Stopped},
    runtime::RunId,
    verdict::{Conclusion, conclude},
};

/// Restores the snapshot once more, where a rehearsal is asked for and could tell anything. It has
/// a deadline of its own, as long as that of the verification; whatever happens in it stays in it.
pub(super) async fn rehearse(
    context: &Context,
    assignment: &Assignment,
    main: &Judgement,
) -> Option<RehearsalRecord> {
    let image = assignment.rehearse.as_ref()?;
    // A differential snapshot is only read, and restored in no image.
    let is_restored = assignment.before().is_empty();
    if !is_restored || !may_tell_more(main.conclusion) {
        return None;
    }
    (assignment.on_progress)(Progress::Rehearsal);
    let rehearsed = Assignment {
        run: RunId(format!("{}-rehearsal", assignment.run.0)),
        images: vec![image.clone()],
        ..assignment.clone()
    };
    let trial = Trial {
        context,
        assignment: &rehearsed,
        purpose: Purpose::Rehearsal,
        deadline: Instant::now() + assignment.deadline,
    };
    let judged = AssertUnwindSafe(judged(&trial, &main.shown)).catch_unwind();
    let judgement = judged.await.unwrap_or_else(|_| panicked());
    Some(evidence(image, judgement))
}

/// True if another image may tell something that is worth waiting for. Whoever has to hear that a
/// snapshot is bad hears it at once. What kept it from being read or restored at all would do so
/// again.
const fn may_tell_more(main: Conclusion) -> bool {
    let Some(reason) = main.reason else {
        return true;
    };
    match reason {
        // Of the image that was tried.
        Reason::NoImage
        | Reason::ImageUnavailable
        | Reason::UnknownVersion
        | Reason::ModuleMissing
        | Reason::NeedsEnterprise
        | Reason::MigrationRequired
        | Reason::Internal
        // It was restored all the same.
        | Reason::NoChecksum => true,
        // The snapshot was shown to be bad.
        Reason::Damaged
        | Reason::Unrestorable
        | Reason::Inconsistent
        | Reason::Identity
        | Reason::Expectation
        // Of the storage.
        | Reason::AccessDenied
        | Reason::KeyDenied
        | Reason::Archived
        | Reason::Vanished
        | Reason::Replaced
        | Reason::UnstableRead
        // Of this machine and its limits; it is tried again soon.
        | Reason::RuntimeUnavailable
        | Reason::Killed
        | Reason::OutOfMemory
        | Reason::Disk
        | Reason::Deadline
        | Reason::TooLarge
        | Reason::Interrupted => false,
    }
}

async fn judged(trial: &Trial<'_>, main: &[PartOutcome]) -> Judgement {
    let kept = trial.every_artifact(None).await;
    let mut judgement = trial.judge(kept).await;
    if !is_of_same_bytes(main, &judgement.shown) {
        for answer in &mut judgement.answers {
            answer.spoils = None;
        }
        let message = "the rehearsal read other bytes than the verification\nhint: Look at the \
                       storage, the network and this machine's memory.";
        let doubt = CheckResult::not_run(answers::TWICE, Some(Reason::UnstableRead), message);
        judgement.answers.push(doubt);
        judgement.conclusion = conclude(&judgement.answers, true);
    }
    judgement
}

/// True if both trials read the same bytes, as far as both read them.
fn is_of_same_bytes(main: &[PartOutcome], rehearsed: &[PartOutcome]) -> bool {
    let mut both = main.iter().zip(rehearsed);
    both.all(|(main, rehearsed)| {
        let mut read = main.kept.read.iter().zip(&rehearsed.kept.read);
        read.all(|(one, other)| one.sha256 == other.sha256)
    })
}

fn panicked() -> Judgement {
    let Stopped { reason, message } = attempt::panicked();
    Judgement {
        shown: Vec::new(),
        answers: vec![CheckResult::not_run(
            answers::RESTORED,
            Some(reason),
            message,
        )],
        conclusion: Conclusion::because(reason),
        items: BTreeMap::new(),
        fingerprints: Fingerprints::new(),
    }
}

fn evidence(image: &str, judgement: Judgement) -> RehearsalRecord {
    let Judgement {
        shown,
        answers,
        conclusion,
        ..
    } = judgement;
    RehearsalRecord {
        image: image.into(),
        verdict: conclusion.verdict,
        reason: conclusion.reason,
        findings: answers.into_iter().map(|answer| answer.finding).collect(),
        recovery_milliseconds: recovery_milliseconds(&shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_rehearsed_where_another_image_may_tell_more() {
        let check = |reason: Option<Reason>, expected| {
            let verified = conclude(&[], true);
            let main = reason.map_or(verified, Conclusion::because);
            assert_eq!(may_tell_more(main), expected, "{reason:?}");
        };
        check(None, true);
        check(Some(Reason::MigrationRequired), true);
        check(Some(Reason::NoImage), true);
        check(Some(Reason::NoChecksum), true);
        check(Some(Reason::Damaged), false);
        check(Some(Reason::Unrestorable), false);
        check(Some(Reason::Expectation), false);
        check(Some(Reason::Interrupted), false);
        check(Some(Reason::Vanished), false);
        check(Some(Reason::Replaced), false);
        check(Some(Reason::UnstableRead), false);
        check(Some(Reason::Deadline), false);
        check(Some(Reason::RuntimeUnavailable), false);
    }
}
