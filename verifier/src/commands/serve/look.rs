//! One look at the sources of one repository: what lies there, what was proven, what is due.
//!
//! Always at all of them that expect a proof: what is kept of heads is of the last look.

use std::{sync::Arc, time::Duration};

use catalog::{
    config::Source,
    evidence::{Ledger, Proofs, ToolEvidence},
    model::{RepositoryName, Snapshot, SourceInventory, SourceName},
};
use futures::future::join_all;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{super::World, state::Step};
use crate::plan::{Planned, Prospect, Standing, plan, prospect};

/// What a look at one repository came to.
#[derive(Debug)]
pub(super) struct Looked {
    /// Which one.
    pub(super) repository: RepositoryName,
    /// Each source that was asked for.
    pub(super) sources: Vec<(SourceName, Result<Sight, Missed>)>,
}

/// One source, as it was seen.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) newest: Option<Snapshot>,
    pub(super) inventory: SourceInventory,
    pub(super) ledger: Ledger,
    pub(super) planned: Planned,
    pub(super) prospect: Prospect,
    pub(super) took: Duration,
}

/// Why it was not.
#[derive(Debug, Clone)]
pub(super) struct Missed {
    pub(super) step: Step,
    /// For the log.
    pub(super) why: String,
    /// Whether nothing of the whole repository was seen.
    pub(super) all: bool,
}

impl Missed {
    /// Of this source alone.
    pub(super) fn one(step: Step, why: impl Into<String>) -> Self {
        Self {
            step,
            why: why.into(),
            all: false,
        }
    }
}

impl Looked {
    /// Of a look that did not end by itself.
    pub(super) fn at_nothing(
        repository: RepositoryName,
        names: Vec<SourceName>,
        why: &str,
    ) -> Self {
        let missed = Missed {
            all: true,
            ..Missed::one(Step::Survey, why)
        };
        let sources = names.into_iter().map(|name| (name, Err(missed.clone())));
        Self {
            repository,
            sources: sources.collect(),
        }
    }

    /// Whether every source was seen.
    pub(super) fn is_whole(&self) -> bool {
        self.sources.iter().all(|(_, seen)| seen.is_ok())
    }
}

impl Sight {
    /// When to look again at what needs not be verified now: never before it could be due, and
    /// every `refresh` where the next snapshot makes it so.
    pub(super) fn again_at(&self, now: Timestamp, refresh: Duration) -> Timestamp {
        let refreshed = now.checked_add(refresh).unwrap_or(Timestamp::MAX);
        let not_before = self.prospect.not_before.filter(|it| *it > now);
        let arrival = not_before.unwrap_or(refreshed);
        match self.prospect.at.filter(|at| *at > now) {
            Some(at) => arrival.min(at),
            None => arrival,
        }
    }
}

/// Reads the ledgers of these sources and surveys the repository they all lie in.
pub(super) async fn look(
    world: Arc<World>,
    tool: ToolEvidence,
    repository: RepositoryName,
    names: Vec<SourceName>,
) -> Looked {
    let began = Instant::now();
    let asked = |source: &&Source| names.contains(&source.name);
    let sources: Vec<&Source> = world.config.sources.iter().filter(asked).collect();
    let ledgers = join_all(sources.iter().map(|source| ledger(&world, source))).await;
    let (mut seen, mut read) = (Vec::new(), Vec::new());
    for (source, ledger) in sources.into_iter().zip(ledgers) {
        match ledger {
            Ok(ledger) => read.push((source, ledger)),
            Err(missed) => seen.push((source.name.clone(), Err(missed))),
        }
    }
    let surveying: Vec<&Source> = read.iter().map(|(source, _)| *source).collect();
    let surveyed = world.survey_again(&surveying).await;
    let now = world.clock.now();
    for (source, ledger) in read {
        let sight = match surveyed.found(source) {
            Ok(inventory) => {
                let proofs = Proofs::new(&ledger, inventory, now);
                let standing = Standing::new(inventory, &ledger, &proofs, now);
                Ok(Sight {
                    planned: plan(source, &standing),
                    prospect: prospect(source, &standing, &tool),
                    newest: standing.newest.cloned(),
                    inventory: inventory.clone(),
                    ledger,
                    took: began.elapsed(),
                })
            }
            Err(refusal) => {
                let of_all = surveyed.problem_of(&repository);
                let all = of_all.is_some();
                let why = of_all.map_or(refusal.message, ToOwned::to_owned);
                let step = Step::Survey;
                Err(Missed { step, why, all })
            }
        };
        seen.push((source.name.clone(), sight));
    }
    Looked {
        repository,
        sources: seen,
    }
}

async fn ledger(world: &World, source: &Source) -> Result<Ledger, Missed> {
    let read = world.ledger_in_time(&source.name).await;
    read.map_err(|refusal| Missed::one(Step::ReadEvidence, refusal.message))
}
