//! One chosen snapshot from its assignment to its record, and what killed runs left before.

use std::sync::Arc;

use catalog::{
    evidence::{self, Draft, Pruned, Verification},
    model::SourceName,
};
use toolkit::problem::render;
use tracing::{debug, info, warn};

use super::{super::sweep::GRACE, Chosen};
use crate::{
    console::Refusal,
    report::{Reported, Written},
    runtime::{SandboxError, SweepPolicy},
    supervise::{Context, OnProgress, verify_one},
    world::World,
};

/// Verifies, writes it down and prunes; where it could not be written down, also what to tell.
pub(in crate::commands) async fn carry_out(
    world: &Arc<World>,
    context: &Context,
    chosen: Chosen,
    on_progress: OnProgress,
) -> Result<(Reported, Option<String>), Refusal> {
    world.may_write().await?;
    let assignment = chosen.assignment(world, on_progress).await?;
    let verification = verify_one(context, assignment).await;
    let written = world.write_down(verification).await;
    if written.0.written.is_some() {
        world.prune(&written.0.verification.source).await;
    }
    Ok(written)
}

/// What killed runs left is removed before anything new is made.
pub(in crate::commands) async fn sweep(context: &Context) -> Result<(), SandboxError> {
    let policy = SweepPolicy {
        now: context.clock.now(),
        grace: GRACE,
    };
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

impl World {
    /// Appends the record; on failure, what to tell.
    async fn write_down(&self, verification: Verification) -> (Reported, Option<String>) {
        let source = verification.source.clone();
        let draft = Draft::Verification(Box::new(verification.clone()));
        let evidence = match self.evidence() {
            Ok(evidence) => evidence,
            Err(refusal) => {
                return (
                    Reported {
                        verification,
                        written: None,
                    },
                    Some(refusal.message),
                );
            }
        };
        let appending = evidence::append(&**evidence, &source, draft);
        let appended = self.in_time("its record was not written", appending).await;
        let appended = appended
            .and_then(|appended| appended.map_err(|error| Refusal::unknown(render(&error, None))));
        match appended {
            Ok(appended) => {
                let written = Written {
                    sequence: appended.record.sequence,
                    digest: appended.record.digest,
                    text: appended.text,
                };
                (
                    Reported {
                        verification,
                        written: Some(written),
                    },
                    None,
                )
            }
            Err(refusal) => (
                Reported {
                    verification,
                    written: None,
                },
                Some(refusal.message),
            ),
        }
    }

    /// Removes what `evidence.retention` no longer keeps. What fails is said, and tried again the
    /// next time: it changes nothing of what was proven.
    async fn prune(&self, source: &SourceName) {
        let Some(keep) = self.config.evidence.as_ref().and_then(|it| it.retention) else {
            return;
        };
        let pruned = async {
            let ledger = self.ledger(source).await?;
            let pruned = evidence::prune(&**self.evidence()?, &ledger, keep, self.clock.now());
            pruned
                .await
                .map_err(|error| Refusal::unknown(render(&error, None)))
        };
        let pruned = self.in_time("it was not pruned", pruned).await;
        match pruned.flatten() {
            Ok(Pruned::Removed(0)) => {}
            Ok(Pruned::Removed(records)) => info!(%source, records, "old evidence was pruned"),
            Ok(Pruned::Broken(first_break)) => {
                warn!(%source, "its evidence is not pruned, for it is broken: {first_break}");
            }
            Err(refusal) => warn!(%source, "old evidence stays: {}", refusal.message),
        }
    }
}
