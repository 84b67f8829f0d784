//! What shows an artifact to be bad is shown twice where the first showing could have been us.

use std::sync::Arc;

use catalog::evidence::Reason;

use super::{
    answers::{self, TWICE},
    attempt::{Attempt, Kept, attempt, read_again},
    growing,
    part::{Part, Shown},
    reasons,
};
use crate::{
    engine::{Judged, Stopped},
    verdict::conclude,
};

/// What is answered in the end, of the run that counts.
pub(super) async fn show(part: &Part<'_>, mut kept: Kept) -> Shown {
    let answers = answers::of_part(part, &kept);
    let first = conclude(&answers, kept.observed()).reason;
    match first {
        Some(Reason::Damaged) => {
            let run = part.attempt(None);
            let shown = match growing::settled(&run, &kept).await {
                Ok(()) if is_as_uploaded(&kept) => Ok(()),
                Ok(()) => damaged_again(&run, &mut kept).await,
                growing => growing,
            };
            if let Err(doubt) = shown {
                kept.stopped = Some(doubt);
            }
            let answers = answers::of_part(part, &kept);
            Shown::of(kept, answers)
        }
        Some(reason @ (Reason::Unrestorable | Reason::Identity | Reason::Inconsistent)) => {
            run_again(part, reason, kept).await
        }
        _ => Shown::of(kept, answers),
    }
}

/// A whole second run in a new sandbox: it is the one that counts.
async fn run_again(part: &Part<'_>, reason: Reason, first: Kept) -> Shown {
    let mut second = attempt(&part.attempt(Some("again"))).await;
    let doubt = same_again(reason, &first, &second, &answers::of_part(part, &second));
    second.after(first);
    let mut answers = answers::of_part(part, &second);
    let doubtful = doubt.is_some();
    let twice = match doubt {
        None => Judged::passed(TWICE, "a second run in a new sandbox showed the same"),
        Some(doubt) => {
            for answer in &mut answers {
                answer.spoils = None;
            }
            Judged::not_run(TWICE, Some(doubt.reason), doubt.message)
        }
    };
    answers.push(twice);
    Shown {
        doubtful,
        ..Shown::of(second, answers)
    }
}

/// Whether the store's own checksum says that what was read is what lies there.
fn is_as_uploaded(kept: &Kept) -> bool {
    let last = kept.read.last();
    last.is_some_and(|read| read.as_uploaded == Some(true))
}

/// A second reading of the same pin, hashed and inspected only.
async fn damaged_again(run: &Arc<Attempt>, kept: &mut Kept) -> Result<(), Stopped> {
    // Damage ends the reading.
    let at = kept.read.len().saturating_sub(1);
    let first = kept.read.last().map(|read| read.sha256.clone());
    let second = read_again(run, at, &mut kept.seen).await?;
    if first.as_ref() != Some(&second.sha256) {
        let message = "two readings of the same object gave different bytes\nhint: Look at the \
                       storage, the network and this machine's memory.";
        return Err(Stopped::new(Reason::UnstableRead, message));
    }
    match reasons::understood(&second.inspection) {
        Err(stopped) if stopped.reason == Reason::Damaged => Ok(()),
        _ => {
            let message = "the same bytes were found damaged once and not again\nhint: Look at \
                           this machine's memory.";
            Err(Stopped::new(Reason::Internal, message))
        }
    }
}

/// Why a second run does not confirm the first; `None` = it does.
fn same_again(reason: Reason, first: &Kept, second: &Kept, answers: &[Judged]) -> Option<Stopped> {
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
