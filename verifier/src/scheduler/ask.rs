//! Verifications that are asked for while the scheduler runs: by a person, or by a drill.

use std::time::Duration;

use catalog::{ledger::Trigger, model::SourceName};
use thiserror::Error;
use tokio::sync::oneshot;

use super::{
    Scheduler,
    standing::{Freshness, Waiting},
    turn::DrillAsk,
};
use crate::{
    carry_out::ChosenSnapshot,
    identity,
    runtime::RunId,
    select::{Wanted, select_to_verify},
};

/// What is asked for, and the way back of the answer.
#[derive(Debug)]
pub(super) enum Ask {
    /// A person asks for one verification.
    Person {
        source: SourceName,
        wanted: Wanted,
        /// Id of the run, once its snapshot waits for room.
        answer: oneshot::Sender<Result<RunId, AskRefusal>>,
    },
    /// A drill attempts one of its sources.
    Drill(Box<DrillAsk>),
}

/// Why nothing is verified.
#[derive(Debug, Error)]
pub(crate) enum AskRefusal {
    /// No source of this name is verified.
    #[error("No source of this name expects a proof; the page lists those that do.")]
    Unknown,
    /// The source was not looked at yet.
    #[error("The source was not looked at yet; try again in a minute.")]
    NotYet,
    /// Its snapshot cannot be chosen.
    #[error("{0}")]
    NoSnapshot(String),
    /// A verification of the source is under way.
    #[error("A verification of this source is under way.")]
    Runs,
    /// The scheduler is ending.
    #[error("The verifier is ending.")]
    Ends,
}

impl Scheduler {
    /// Lets a snapshot wait for room: a person's instead of the one that waited, a drill's beside
    /// it.
    pub(super) fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Drill(ask) => self.standings.wait_for_drill(*ask),
            Ask::Person {
                source,
                wanted,
                answer,
            } => {
                let taken = self.take_in(&source, wanted);
                // Whoever asked may have gone.
                let _ = answer.send(taken);
            }
        }
    }

    fn take_in(&mut self, name: &SourceName, wanted: Wanted) -> Result<RunId, AskRefusal> {
        let now = self.now();
        let state = self.service.published().get();
        let known = state.sources.get(name).ok_or(AskRefusal::Unknown)?;
        let inventory = known.inventory.as_deref().ok_or(AskRefusal::NotYet)?;
        let snapshot = select_to_verify(inventory, &wanted);
        let snapshot = snapshot.map_err(|why| AskRefusal::NoSnapshot(why.to_string()))?;
        let config = &self.opened.world.config;
        let source = config.source(name.as_str()).ok_or(AskRefusal::Unknown)?;
        let run = RunId(identity::new_id());
        let chosen = ChosenSnapshot {
            run: run.clone(),
            source: source.clone(),
            snapshot: snapshot.clone(),
            trigger: Trigger::Manual,
            after: None,
            wanted,
            took: Duration::ZERO,
        };
        let standing = self.standings.get(name).ok_or(AskRefusal::Unknown)?;
        if standing.running.is_some() {
            return Err(AskRefusal::Runs);
        }
        // A look under way must not put another snapshot in its place.
        standing.look = standing.look.map(|_| Freshness::Stale);
        standing.waiting = Some(Waiting {
            seen_at: now,
            chosen,
        });
        Ok(run)
    }
}
