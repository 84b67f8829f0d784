//! One chosen snapshot from its assignment to its record, and the sweep before it.

mod chosen;

use std::sync::Arc;

use catalog::model::SourceName;
use toolkit::problem::render;
use tracing::{debug, info};

use crate::{
    console::Refusal,
    lease::{HeldLease, Scope, Taken},
    report::Report,
    runtime::{SandboxError, SweepPolicy},
    supervise::{Assignment, Context, OnProgress, interrupted, verify_one},
    world::World,
};

pub(crate) use chosen::ChosenSnapshot;

/// What a verification came to: with what to tell, if no record was written.
pub(crate) type Carried = Result<(Report, Option<String>), NotBegun>;

/// Why a verification did not begin.
#[derive(Debug, Clone)]
pub(crate) enum NotBegun {
    /// Another verifier verifies the source.
    Busy {
        /// The source.
        source: SourceName,
        /// The run that verifies it, in words.
        holder: String,
    },
    /// Another verifier verified the source since it was found due.
    Done(SourceName),
    /// Something else is in the way.
    Refused(Refusal),
}

/// Verifies under the lease of the source, writes the record and prunes; if no record was written,
/// returns also what to tell. Errs if the verification could not begin.
pub(crate) async fn carry_out(
    world: &Arc<World>,
    context: &Context,
    chosen: ChosenSnapshot,
    on_progress: OnProgress,
) -> Carried {
    world.may_write().await?;
    let after = chosen.after;
    let assignment = chosen.assignment(world, on_progress).await?;
    let source = assignment.source.clone();
    let lease = take(world, context, &assignment).await?;
    if let Some(after) = after
        && world.is_verified_since(&source, after).await
    {
        world.give_back(lease).await;
        return Err(NotBegun::Done(source));
    }
    let keeping = lease.keep();
    let verification = verify_one(context, assignment).await;
    drop(keeping);
    let written = match world.look_after(&lease).await {
        None => world.write_down(verification).await,
        Some(why) => (Report::unwritten(verification), Some(why)),
    };
    if written.0.written.is_some() {
        world.prune(&source).await;
    }
    world.give_back(lease).await;
    Ok(written)
}

/// Takes the lease of the source, and writes down what a verifier that died left unwritten.
async fn take(
    world: &World,
    context: &Context,
    assignment: &Assignment,
) -> Result<HeldLease, NotBegun> {
    let interrupted = interrupted(context, assignment);
    let scope = Scope::Source(assignment.source.clone());
    match world
        .take_lease(&scope, &assignment.run, Some(&interrupted))
        .await?
    {
        Taken::By(holder) => Err(NotBegun::Busy {
            source: assignment.source.clone(),
            holder: holder.holder(),
        }),
        Taken::Held(lease, left) => {
            if let Some(left) = left {
                world.write_interrupted(*left).await;
            }
            Ok(lease)
        }
    }
}

impl From<Refusal> for NotBegun {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<NotBegun> for Refusal {
    fn from(why: NotBegun) -> Self {
        match why {
            NotBegun::Refused(refusal) => refusal,
            NotBegun::Done(source) => {
                Self::unknown(format!("another verifier verified {source} meanwhile"))
            }
            NotBegun::Busy { source, holder } => Self::unknown(format!(
                "another verifier verifies {source} now: {holder}\n\
                 hint: Wait until it has ended; a verifier that died is taken over 15 min after \
                 its last sign of life."
            )),
        }
    }
}

/// Removes what killed runs left, before anything new is made.
pub(crate) async fn sweep(context: &Context) -> Result<(), SandboxError> {
    let policy = SweepPolicy::at(context.clock.now());
    match context.runtime.sweep(&policy).await {
        Ok(swept) if swept.runs.is_empty() => Ok(()),
        Ok(swept) => {
            info!(runs = swept.runs.len(), "what killed runs left was removed");
            Ok(())
        }
        Err(error) => {
            debug!("nothing could be swept: {}", render(&error, None));
            Err(error)
        }
    }
}
