//! One verification of the scheduler, from its turn to its record.

use std::{fmt, sync::Arc};

use catalog::{
    ledger::{Ledger, Verdict, Verification},
    model::SourceName,
};
use tokio::{sync::oneshot, time::Instant};
use tracing::{info, warn};

use super::{
    look::MissedLook,
    opened::OpenedConfig,
    state::{Step, Tracker},
    turn::DrillAsk,
};
use crate::{
    carry_out::{self, Carried, ChosenSnapshot, NotBegun},
    report::headline,
    supervise::OnProgress,
};

/// What is to be verified, and under which configuration.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) name: SourceName,
    pub(super) opened: Arc<OpenedConfig>,
    pub(super) chosen: ChosenSnapshot,
    /// True if the snapshot waited so long that a newer one may lie there.
    pub(super) look_again: bool,
    pub(super) tracker: Tracker,
    /// What a drill is told, if it is one that attempts.
    pub(super) drill: Option<DrillAnswer>,
}

/// The way back to a drill.
pub(super) struct DrillAnswer {
    on_progress: OnProgress,
    ended: oneshot::Sender<Carried>,
}

impl fmt::Debug for DrillAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DrillAnswer").finish_non_exhaustive()
    }
}

impl Order {
    /// The order of a drill, which is told that it has its place.
    pub(super) fn of_drill(name: SourceName, ask: DrillAsk, tracker: Tracker) -> Self {
        // A drill that is gone learns nothing.
        let _ = ask.begun.send(());
        Self {
            name,
            opened: ask.opened,
            chosen: ask.chosen,
            look_again: false,
            tracker,
            drill: Some(DrillAnswer {
                on_progress: ask.on_progress,
                ended: ask.ended,
            }),
        }
    }
}

/// What became of an [`Order`].
#[derive(Debug)]
pub(super) struct RunEnd {
    pub(super) name: SourceName,
    /// The verification without its log, also if it could not be written down; `None` if none
    /// began.
    pub(super) verification: Option<Arc<Verification>>,
    /// Why there is no record of the run, or none that can be read.
    pub(super) lost: Option<MissedLook>,
    /// The ledger with the new record; `None` if it could not be read.
    pub(super) ledger: Option<Ledger>,
    /// What the server said in a verification that failed; at most 200 lines.
    pub(super) log: Option<Vec<String>>,
    /// What another verifier does with the source instead; then nothing else is known.
    pub(super) elsewhere: Option<Elsewhere>,
}

/// What another verifier does with a source.
#[derive(Debug)]
pub(super) enum Elsewhere {
    /// It verifies the source; who it is, in words.
    Runs(String),
    /// It verified the source since that was due.
    Ended,
}

impl RunEnd {
    fn lost(name: SourceName, step: Step, why: String) -> Self {
        Self {
            name,
            verification: None,
            lost: Some(MissedLook::one(step, why)),
            ledger: None,
            log: None,
            elsewhere: None,
        }
    }

    fn elsewhere(name: SourceName, elsewhere: Elsewhere) -> Self {
        Self {
            name,
            verification: None,
            lost: None,
            ledger: None,
            log: None,
            elsewhere: Some(elsewhere),
        }
    }
}

/// Carries out an order to its end, whatever happens: a panic on the way is told like any other
/// failure.
pub(super) async fn carry_out(order: Order) -> RunEnd {
    let name = order.name.clone();
    let carried = tokio::spawn(carry_out_whole(order)).await;
    carried.unwrap_or_else(|_| {
        let why = "it ended unexpectedly".to_owned();
        RunEnd::lost(name, Step::Begin, why)
    })
}

async fn carry_out_whole(order: Order) -> RunEnd {
    let Order {
        name,
        opened,
        mut chosen,
        look_again,
        tracker,
        drill,
    } = order;
    let (world, context) = (&opened.world, &opened.context);
    if look_again {
        let began = Instant::now();
        let of_it = [&chosen.source];
        let surveying = world.survey(&of_it);
        let surveyed = context.cancelled.run_until_cancelled(surveying).await;
        let surveyed = surveyed.unwrap_or_default();
        // If none is found, the snapshot chosen before is tried, and its record says what is wrong.
        if let Ok(snapshot) = surveyed.select_to_verify(&chosen.source, &chosen.wanted) {
            chosen.snapshot = snapshot.clone();
            chosen.took = began.elapsed();
        }
    }
    let trigger = chosen.trigger;
    let (told, ended) = drill.map(|it| (it.on_progress, it.ended)).unzip();
    let on_progress = Arc::new(move |progress| {
        tracker.take(progress);
        if let Some(told) = &told {
            told(progress);
        }
    });
    let carried = carry_out::carry_out(world, context, chosen, on_progress).await;
    if let Some(ended) = ended {
        // A drill that is gone learns nothing.
        let _ = ended.send(carried.clone());
    }
    let (reported, problem) = match carried {
        Ok(carried) => carried,
        Err(NotBegun::Busy { holder, .. }) => {
            return RunEnd::elsewhere(name, Elsewhere::Runs(holder));
        }
        Err(NotBegun::Done(_)) => return RunEnd::elsewhere(name, Elsewhere::Ended),
        Err(NotBegun::Refused(refusal)) => {
            return RunEnd::lost(name, Step::Begin, refusal.message);
        }
    };
    // Logs are not kept with the ledger: of a failure people want to read it on the page.
    let mut verification = reported.verification;
    let log = std::mem::take(&mut verification.log_tail);
    let log = (verification.verdict == Verdict::Failed).then_some(log);
    let told = headline(&verification);
    if verification.verdict == Verdict::Failed || problem.is_some() {
        warn!(source = %name, ?trigger, "{told}");
    } else {
        info!(source = %name, ?trigger, "{told}");
    }
    let read = world.ledger(&name).await;
    let lost = match (problem, &read) {
        (Some(why), _) => Some(MissedLook::one(Step::WriteRecords, why)),
        (None, Err(refusal)) => Some(MissedLook::one(Step::ReadRecords, &refusal.message)),
        (None, Ok(_)) => None,
    };
    RunEnd {
        verification: Some(Arc::new(verification)),
        lost,
        ledger: read.ok(),
        log,
        elsewhere: None,
        name,
    }
}
