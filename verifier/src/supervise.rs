//! One verification from its snapshot to its record. It cannot fail: whatever happens, there is a
//! verdict, and no sandbox is left behind.
//!
//! Each artifact of the snapshot is restored in a sandbox of its own, one after the other within
//! the one deadline. An artifact that looks bad is checked a second time, unless our own machine
//! cannot have caused the first result; only then is the verdict `failed`. After the verdict
//! stands, the same snapshot may be rehearsed in another image.

mod answers;
mod artifacts;
mod assignment;
mod attempt;
mod growing;
mod native;
mod ours;
mod outcome;
mod patience;
mod pipeless;
mod record;
mod rehearsal;
mod run;
#[cfg(any(test, feature = "testing"))]
mod scripted;
mod second_look;
mod steps;
mod trial;

use std::sync::Arc;

use catalog::ledger::{Reason, Stage, Verification};
use tokio::time::Instant;

use self::{
    outcome::RunOutcome,
    run::{Run, Trial},
};
use crate::engine::{Purpose, Stopped};

#[cfg(any(test, feature = "testing"))]
pub use scripted::{ScriptedRun, ScriptedVerdicts};

pub use pipeless::PipelessImages;

pub use assignment::{Assignment, Context, OnProgress, Progress, SelectAgain, Selection};

/// Verifies one snapshot. When the returned future is dropped, the run goes on to its end and its
/// sandbox is removed all the same: end it by the token of `context`.
pub async fn verify_one(context: &Context, mut assignment: Assignment) -> Verification {
    #[cfg(any(test, feature = "testing"))]
    if let Some(script) = &context.script {
        return script.verify(context, &assignment).await;
    }
    let began_at = context.clock.now();
    let deadline = Instant::now() + assignment.deadline;
    let mut kept = proof(context, &assignment, deadline)
        .every_artifact(None)
        .await;
    let gone = |kept: &RunOutcome| kept.stopped_by(&[Reason::Vanished, Reason::Replaced]);
    if let Some(at) = kept.iter().position(gone) {
        match selected_again(context, &mut assignment, deadline).await {
            Ok(false) => {}
            Ok(true) => {
                let earlier = kept;
                kept = proof(context, &assignment, deadline)
                    .every_artifact(Some("reselected"))
                    .await;
                if let Some(first) = kept.first_mut() {
                    earlier.into_iter().rev().for_each(|it| first.after(it));
                }
            }
            Err(stopped) => kept[at].stopped = Some(stopped),
        }
    }
    let trial = proof(context, &assignment, deadline);
    let judgement = trial.judge(kept).await;
    let ended_at = context.clock.now();
    let rehearsal = rehearsal::rehearse(context, &assignment, &judgement).await;
    let times = (began_at, ended_at);
    let verification = record::write(context, &assignment, times, judgement, rehearsal);
    let _ = catalog::fault::point("judged");
    verification
}

/// The record of a verification that dies before its verdict, to be written by whoever finds out.
pub fn interrupted(context: &Context, assignment: &Assignment) -> Verification {
    record::interrupted(context, assignment, context.clock.now())
}

const fn proof<'a>(
    context: &'a Context,
    assignment: &'a Assignment,
    deadline: Instant,
) -> Trial<'a> {
    Trial {
        context,
        assignment,
        purpose: Purpose::Proof,
        deadline,
    }
}

/// Chooses a snapshot once more; true if there is one now. Its time counts as that of choosing.
async fn selected_again(
    context: &Context,
    assignment: &mut Assignment,
    deadline: Instant,
) -> Result<bool, Stopped> {
    let select_again = Arc::clone(&assignment.select_again);
    (assignment.on_progress)(Progress::Stage(Stage::Select));
    let began = Instant::now();
    let run = Run::of(&proof(context, assignment, deadline).part(0), None);
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
