//! One chosen snapshot from its assignment to its record, and the sweep before it.

mod chosen;

use std::sync::Arc;

use toolkit::problem::render;
use tracing::{debug, info};

use crate::{
    console::Refusal,
    report::Report,
    runtime::{SandboxError, SweepPolicy},
    supervise::{Context, OnProgress, verify_one},
    world::World,
};

pub(crate) use chosen::ChosenSnapshot;

/// Verifies, writes the record and prunes; if the record could not be written, returns also what to
/// tell. Errs if the verification could not begin.
pub(crate) async fn carry_out(
    world: &Arc<World>,
    context: &Context,
    chosen: ChosenSnapshot,
    on_progress: OnProgress,
) -> Result<(Report, Option<String>), Refusal> {
    world.may_write().await?;
    let assignment = chosen.assignment(world, on_progress).await?;
    let verification = verify_one(context, assignment).await;
    let written = world.write_down(verification).await;
    if written.0.written.is_some() {
        world.prune(&written.0.verification.source).await;
    }
    Ok(written)
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
