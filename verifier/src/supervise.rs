//! One verification from its snapshot to its record. It cannot fail: whatever happens, there is a
//! verdict, and no sandbox is left behind.
//!
//! What shows a snapshot to be bad is shown twice where the first showing could have been us.

mod assignment;
mod attempt;
mod reasons;
mod record;
mod steps;

use std::sync::Arc;

use catalog::evidence::{Reason, Verification};
use tokio::time::Instant;

use self::attempt::{Attempt, Kept, attempt, read_again};
use crate::{
    engine::{Judged, Stopped},
    runtime::RunId,
    stream::Passed,
    verdict::conclude,
};

pub use assignment::{Assignment, Context, OnProgress, Progress, SelectAgain, default_deadline};

/// The stage before a run: the survey and the choice, also when made once more.
const SELECT: &str = "select";

/// Name of the finding that says what a second look came to.
const TWICE: &str = "snapshot.shown_twice";

/// Verifies one snapshot. When the returned future is dropped, the run goes on to its end and its
/// sandbox is removed all the same: end it by the token of `context`.
pub async fn verify_one(context: &Context, mut assignment: Assignment) -> Verification {
    let began_at = context.clock.now();
    let deadline = Instant::now() + assignment.deadline;
    let first = Attempt::new(context, &assignment, assignment.run.clone(), deadline);
    let mut kept = attempt(&first).await;
    if kept.stopped_by(&[Reason::Vanished, Reason::Replaced]) {
        let select_again = Arc::clone(&assignment.select_again);
        (assignment.on_progress)(Progress::Stage(SELECT));
        let began = Instant::now();
        let selected = first.guard(async { Ok(select_again().await) }).await;
        assignment.selected_in += began.elapsed();
        match selected {
            Ok(None) => {}
            Ok(Some(snapshot)) => {
                assignment.snapshot = snapshot;
                let run = again(&assignment.run, "reselected");
                let left_behind = kept.left_behind.take();
                kept = attempt(&Attempt::new(context, &assignment, run, deadline)).await;
                kept.left_behind = kept.left_behind.or(left_behind);
            }
            Err(stopped) => kept.stopped = Some(stopped),
        }
    }
    let (kept, answers) = show_twice(context, &assignment, deadline, kept).await;
    let conclusion = conclude(&answers, kept.observed());
    let verification = record::write(context, &assignment, began_at, &kept, (answers, conclusion));
    let _ = catalog::fault::point("judged");
    verification
}

/// What is answered in the end, of the run that counts.
async fn show_twice(
    context: &Context,
    assignment: &Assignment,
    deadline: Instant,
    mut kept: Kept,
) -> (Kept, Vec<Judged>) {
    let answers = record::answers(context, assignment, &kept);
    let first = conclude(&answers, kept.observed()).reason;
    match first {
        Some(Reason::Damaged) => {
            let run = Attempt::new(context, assignment, assignment.run.clone(), deadline);
            if let Err(doubt) = damaged_again(&run, &mut kept).await {
                kept.stopped = Some(doubt);
            }
            let answers = record::answers(context, assignment, &kept);
            (kept, answers)
        }
        Some(reason @ (Reason::Unrestorable | Reason::Identity | Reason::Inconsistent)) => {
            let run = Attempt::new(
                context,
                assignment,
                again(&assignment.run, "again"),
                deadline,
            );
            let mut second = attempt(&run).await;
            second.left_behind = second.left_behind.or(kept.left_behind.take());
            let mut answers = record::answers(context, assignment, &second);
            let twice = match same_again(reason, &kept, &second, &answers) {
                None => Judged::passed(TWICE, "a second run in a new sandbox showed the same"),
                Some(doubt) => {
                    for answer in &mut answers {
                        answer.spoils = None;
                    }
                    Judged::not_run(TWICE, Some(doubt.reason), doubt.message)
                }
            };
            answers.push(twice);
            (second, answers)
        }
        _ => (kept, answers),
    }
}

/// A second reading of the same pin, hashed and inspected only.
async fn damaged_again(run: &Arc<Attempt>, kept: &mut Kept) -> Result<(), Stopped> {
    let second = read_again(run, &mut kept.seen).await?;
    let first = kept.passed.as_ref().map(|passed| &passed.sha256);
    if first != Some(&second.sha256) {
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
    let sha256 = |kept: &Kept| {
        kept.passed
            .as_ref()
            .map(|passed: &Passed| passed.sha256.clone())
    };
    if let (Some(one), Some(other)) = (sha256(first), sha256(second))
        && one != other
    {
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

/// A further run of the same verification has labels of its own.
fn again(run: &RunId, why: &str) -> RunId {
    RunId(format!("{}-{why}", run.0))
}

#[cfg(test)]
mod tests;
