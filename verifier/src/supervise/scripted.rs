//! Verifications whose verdict a test decides, without a sandbox.

use std::{fmt, sync::Arc, time::Duration};

use catalog::ledger::{Reason, Verdict, Verification, fixtures};
use tokio::time::sleep;

use super::{Assignment, Context, record};

/// What one verification comes to.
#[derive(Debug, Clone, Copy)]
pub struct ScriptedRun {
    /// How long it takes.
    pub takes: Duration,
    /// Why it is not verified; `None`: it is.
    pub reason: Option<Reason>,
}

/// Decides what verifications come to.
#[derive(Clone)]
pub struct ScriptedVerdicts {
    decide: Arc<dyn Fn(&Assignment) -> ScriptedRun + Send + Sync>,
    complete: Arc<dyn Fn(&mut Verification) + Send + Sync>,
}

impl fmt::Debug for ScriptedVerdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedVerdicts").finish_non_exhaustive()
    }
}

impl ScriptedVerdicts {
    /// Verdicts as this function says, which is asked when a verification begins.
    pub fn new(decide: impl Fn(&Assignment) -> ScriptedRun + Send + Sync + 'static) -> Self {
        Self {
            decide: Arc::new(decide),
            complete: Arc::new(|_| {}),
        }
    }

    /// The same verdicts, whose records this function completes with what a sandbox would have
    /// shown.
    #[must_use]
    pub fn completed(self, complete: impl Fn(&mut Verification) + Send + Sync + 'static) -> Self {
        Self {
            complete: Arc::new(complete),
            ..self
        }
    }

    /// One verification; a stop of the program interrupts it.
    pub(super) async fn verify(&self, context: &Context, assignment: &Assignment) -> Verification {
        let began_at = context.clock.now();
        let ScriptedRun { takes, reason } = (self.decide)(assignment);
        let ended = context.cancelled.run_until_cancelled(sleep(takes)).await;
        let reason = match ended {
            None => Some(Reason::Interrupted),
            Some(()) => reason,
        };
        let ended_at = context.clock.now();
        let like = fixtures::verification(began_at, reason);
        let mut verification = Verification {
            ended_at,
            verdict: reason.map_or(Verdict::Verified, Reason::verdict),
            reason,
            recovery_milliseconds: like.recovery_milliseconds.filter(|_| reason.is_none()),
            items: like.items,
            findings: Vec::new(),
            ..record::interrupted(context, assignment, began_at)
        };
        (self.complete)(&mut verification);
        verification
    }
}
