//! The second look at an artifact that looks bad, unless our own machine cannot have caused the
//! first result.

use std::sync::Arc;

use catalog::ledger::Reason;

use super::{
    answers::{self, TWICE},
    artifacts,
    attempt::{attempt, read_again},
    growing, native,
    outcome::{PartOutcome, RunOutcome},
    run::{Part, Run},
};
use crate::{
    engine::{CheckResult, Stopped},
    verdict::conclude,
};

/// Takes the second look where one is needed, and returns the outcome of the run that counts.
///
/// | the first run found | second look |
/// |---|---|
/// | damage, in an object that may still be growing | none: it is inconclusive |
/// | damage, in bytes that the store's own checksum confirms | none: it is shown |
/// | damage otherwise | a second reading of the object |
/// | `unrestorable`, `identity` or `inconsistent` | a second run in a new sandbox, which counts |
/// | anything else | none |
pub(super) async fn show(part: &Part<'_>, kept: RunOutcome) -> PartOutcome {
    let mut shown = answered(part, kept);
    match conclude(&shown.answers, shown.kept.observed()).reason {
        Some(Reason::Damaged) => {
            let run = Run::of(part, None);
            let kept = &mut shown.kept;
            let damaged = match growing::settled(&run, kept).await {
                Ok(()) if is_as_uploaded(kept) => Ok(()),
                Ok(()) => damaged_again(&run, kept).await,
                growing => growing,
            };
            match damaged {
                Ok(()) => shown,
                Err(doubt) => {
                    kept.stopped = Some(doubt);
                    answered(part, shown.kept)
                }
            }
        }
        Some(reason @ (Reason::Unrestorable | Reason::Identity | Reason::Inconsistent)) => {
            run_again(part, reason, shown.kept).await
        }
        _ => shown,
    }
}

/// Answers every check about this artifact alone.
fn answered(part: &Part<'_>, kept: RunOutcome) -> PartOutcome {
    let artifact = artifacts::artifact(part.trial.assignment, part.index, Some(&kept));
    PartOutcome {
        answers: answers::of_part(part, &kept, artifact.as_ref()),
        artifact,
        kept,
        doubtful: false,
    }
}

/// Runs the artifact a second time in a new sandbox; the second run counts.
async fn run_again(part: &Part<'_>, reason: Reason, first: RunOutcome) -> PartOutcome {
    let second = attempt(&Run::of(part, Some("again"))).await;
    let second = answered(part, second);
    let doubt = same_again(reason, &first, &second.kept, &second.answers);
    let mut counts = second.kept;
    counts.after(first);
    let mut shown = answered(part, counts);
    shown.doubtful = doubt.is_some();
    let twice = match doubt {
        None => CheckResult::passed(TWICE, "a second run in a new sandbox showed the same"),
        Some(doubt) => {
            for answer in &mut shown.answers {
                answer.spoils = None;
            }
            CheckResult::not_run(TWICE, Some(doubt.reason), doubt.message)
        }
    };
    shown.answers.push(twice);
    shown
}

/// True if the store's own checksum says that what was read is what lies there.
fn is_as_uploaded(kept: &RunOutcome) -> bool {
    let last = kept.read.last();
    last.is_some_and(|read| read.as_uploaded == Some(true))
}

/// Reads the damaged object again, hashed and inspected only; errs unless it is damaged in the same
/// way.
async fn damaged_again(run: &Arc<Run>, kept: &mut RunOutcome) -> Result<(), Stopped> {
    // Damage ends the reading, so the last object that was read is the damaged one.
    let at = kept.read.len().saturating_sub(1);
    let first = kept.read.last().map(|read| read.sha256.clone());
    let second = read_again(run, at, &mut kept.seen).await?;
    if first.as_ref() != Some(&second.sha256) {
        let message = "two readings of the same object gave different bytes\nhint: Look at the \
                       storage, the network and this machine's memory.";
        return Err(Stopped::new(Reason::UnstableRead, message));
    }
    match native::understood(&second.inspection) {
        Err(stopped) if stopped.reason == Reason::Damaged => Ok(()),
        _ => {
            let message = "the same bytes were found damaged once and not again\nhint: Look at \
                           this machine's memory.";
            Err(Stopped::new(Reason::Internal, message))
        }
    }
}

/// Returns why a second run does not confirm the first; `None` = it does.
fn same_again(
    reason: Reason,
    first: &RunOutcome,
    second: &RunOutcome,
    answers: &[CheckResult],
) -> Option<Stopped> {
    let conclusion = conclude(answers, second.observed());
    let mut both = first.read.iter().zip(&second.read);
    if both.any(|(one, other)| one.sha256 != other.sha256) {
        let message = "two readings of the same object gave different bytes";
        return Some(Stopped::new(Reason::UnstableRead, message));
    }
    if conclusion.reason != Some(reason) {
        let message = match conclusion.reason {
            Some(other) => format!("a second run ended with {} instead", other.as_label()),
            None => "a second run in a new sandbox found nothing wrong".into(),
        };
        let kind = conclusion
            .reason
            .filter(|other| other.verdict() != reason.verdict());
        return Some(Stopped::new(kind.unwrap_or(Reason::Internal), message));
    }
    (!second.sound).then(|| {
        let message = "shown twice, but it is not known that the sandbox had memory and disk left";
        Stopped::new(Reason::Disk, message)
    })
}
