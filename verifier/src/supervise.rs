//! One verification from its snapshot to its record. It cannot fail: whatever happens, there is a
//! verdict, and no sandbox is left behind.
//!
//! Each artifact of the snapshot is restored in a sandbox of its own, one after the other within
//! the one deadline. What shows one to be bad is shown twice where the first showing could have
//! been us.

mod answers;
mod assignment;
mod attempt;
mod part;
mod reasons;
mod record;
mod steps;
mod twice;

use std::sync::Arc;

use catalog::evidence::{Reason, Verification};
use tokio::time::Instant;

use self::{
    attempt::{Attempt, Kept, attempt},
    part::{Part, Shown},
};
use crate::{engine::Stopped, verdict::conclude};

pub use assignment::{
    Assignment, Context, OnProgress, Progress, SelectAgain, Selected, default_deadline,
};

/// The stage before a run: the survey and the choice, also when made once more.
const SELECT: &str = "select";

/// Most artifacts of one snapshot: each adds up to 10 KiB to a record, which has at most 1 MiB.
const ARTIFACTS_MAX: usize = 100;

/// Verifies one snapshot. When the returned future is dropped, the run goes on to its end and its
/// sandbox is removed all the same: end it by the token of `context`.
pub async fn verify_one(context: &Context, mut assignment: Assignment) -> Verification {
    let began_at = context.clock.now();
    let deadline = Instant::now() + assignment.deadline;
    let mut kept = every_artifact(context, &assignment, deadline, None).await;
    let gone = |kept: &Kept| kept.stopped_by(&[Reason::Vanished, Reason::Replaced]);
    if let Some(at) = kept.iter().position(gone) {
        match selected_again(context, &mut assignment, deadline).await {
            Ok(false) => {}
            Ok(true) => {
                let earlier = kept;
                kept = every_artifact(context, &assignment, deadline, Some("reselected")).await;
                if let Some(first) = kept.first_mut() {
                    earlier.into_iter().rev().for_each(|it| first.after(it));
                }
            }
            Err(stopped) => kept[at].stopped = Some(stopped),
        }
    }
    let mut shown: Vec<Shown> = Vec::new();
    for (index, kept) in kept.into_iter().enumerate() {
        let part = Part {
            context,
            assignment: &assignment,
            index,
            deadline,
        };
        shown.push(twice::show(&part, kept).await);
    }
    let answers = answers::of_all(context, &assignment, &shown);
    let observed = !shown.is_empty() && shown.iter().all(|shown| shown.kept.observed());
    let conclusion = conclude(&answers, observed);
    let verification = record::write(
        context,
        &assignment,
        began_at,
        &shown,
        (answers, conclusion),
    );
    let _ = catalog::fault::point("judged");
    verification
}

/// One after the other. What ends the verification as a whole leaves those behind it untried.
async fn every_artifact(
    context: &Context,
    assignment: &Assignment,
    deadline: Instant,
    why: Option<&str>,
) -> Vec<Kept> {
    let count = assignment.snapshot.artifacts.len();
    if count > ARTIFACTS_MAX {
        let message = format!("it has {count} artifacts, and at most {ARTIFACTS_MAX} are verified");
        return vec![Kept::untried(Stopped::new(Reason::TooLarge, message))];
    }
    let mut all: Vec<Kept> = Vec::new();
    for index in 0..count {
        let part = Part {
            context,
            assignment,
            index,
            deadline,
        };
        let kept = match all.last().and_then(Kept::ends_all) {
            Some(reason) => {
                let message = "not tried, for the verification had ended before";
                Kept::untried(Stopped::new(reason, message))
            }
            None => attempt(&part.attempt(why)).await,
        };
        all.push(kept);
    }
    all
}

/// Looks once more for a snapshot; whether there is one now. Its time is that of choosing.
async fn selected_again(
    context: &Context,
    assignment: &mut Assignment,
    deadline: Instant,
) -> Result<bool, Stopped> {
    let select_again = Arc::clone(&assignment.select_again);
    (assignment.on_progress)(Progress::Stage(SELECT));
    let began = Instant::now();
    let part = Part {
        context,
        assignment,
        index: 0,
        deadline,
    };
    let run: Arc<Attempt> = part.attempt(None);
    let selected = run.guard(async { Ok(select_again().await) }).await;
    assignment.selected_in += began.elapsed();
    let Some(selected) = selected? else {
        return Ok(false);
    };
    assignment.snapshot = selected.snapshot;
    assignment.previous = selected.previous;
    Ok(true)
}

#[cfg(test)]
mod tests;
