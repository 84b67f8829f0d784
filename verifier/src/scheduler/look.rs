//! One look at the sources of one repository: what lies there, what was proven, what is due.
//!
//! A look is always at all of them that expect a proof: the cache of heads keeps only what the last
//! look met.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use catalog::{
    config::Source,
    ledger::{Ledger, OldVersions, Proofs, ToolRecord, old_versions},
    model::{RepositoryName, Snapshot, SourceInventory, SourceName},
};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::{before::SeenBefore, state::Step};
use crate::{
    plan::{PlanLine, Prospect, Situation, plan, prospect},
    world::World,
};

/// What a look at one repository came to.
#[derive(Debug)]
pub(super) struct LookOutcome {
    /// The repository that was looked at.
    pub(super) repository: RepositoryName,
    /// Each source that was asked for, as it was seen or why not.
    pub(super) sources: Vec<(SourceName, Result<Sight, MissedLook>)>,
}

/// One source, as it was seen.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) newest: Option<Snapshot>,
    pub(super) inventory: Arc<SourceInventory>,
    pub(super) ledger: Ledger,
    /// The ledger held against the inventory, before the store was asked.
    pub(super) proofs: Arc<Proofs>,
    /// What the store said of the last proof, if its object is listed no more.
    pub(super) old_versions: Option<OldVersions>,
    /// Id and log of the failure that stands, if they were read now.
    pub(super) failed_log: Option<(String, Vec<String>)>,
    pub(super) planned: PlanLine,
    pub(super) prospect: Prospect,
    pub(super) took: Duration,
}

/// Why a source was not seen.
#[derive(Debug, Clone)]
pub(super) struct MissedLook {
    pub(super) step: Step,
    /// The reason in words, for the log.
    pub(super) why: String,
    /// True if nothing of the whole repository was seen.
    pub(super) all: bool,
}

impl MissedLook {
    /// A failure of one source alone.
    pub(super) fn one(step: Step, why: impl Into<String>) -> Self {
        Self {
            step,
            why: why.into(),
            all: false,
        }
    }
}

impl LookOutcome {
    /// The outcome of a look that did not end by itself: nothing was seen.
    pub(super) fn at_nothing(
        repository: RepositoryName,
        names: Vec<SourceName>,
        why: &str,
    ) -> Self {
        let missed = MissedLook {
            all: true,
            ..MissedLook::one(Step::Survey, why)
        };
        let sources = names.into_iter().map(|name| (name, Err(missed.clone())));
        Self {
            repository,
            sources: sources.collect(),
        }
    }

    /// True if every source was seen.
    pub(super) fn is_whole(&self) -> bool {
        self.sources.iter().all(|(_, seen)| seen.is_ok())
    }
}

/// The time of the next look at a source that is not due. It is `refresh` after the one before, for
/// a proof that vanished or was touched makes the newest snapshot due at once; or earlier, where
/// the source may be due earlier.
pub(super) fn again_at(
    prospect: Prospect,
    seen_at: Timestamp,
    now: Timestamp,
    refresh: Duration,
) -> Timestamp {
    let refreshed = seen_at.checked_add(refresh).unwrap_or(Timestamp::MAX);
    let Prospect { not_before, at } = prospect;
    let sooner = [not_before, at].into_iter().flatten();
    sooner
        .filter(|it| *it > now)
        .fold(refreshed, Timestamp::min)
}

/// Reads the ledgers of these sources and surveys the repository they all lie in. Of failures that
/// stand the logs are read, unless they are known from `before`.
pub(super) async fn look(
    world: Arc<World>,
    tool: ToolRecord,
    repository: RepositoryName,
    names: Vec<SourceName>,
    before: BTreeMap<SourceName, SeenBefore>,
) -> LookOutcome {
    let began = Instant::now();
    let names: BTreeSet<_> = names.into_iter().collect();
    let asked = |source: &&Source| names.contains(&source.name);
    let sources: Vec<&Source> = world.config.sources.iter().filter(asked).collect();
    let ledgers = world.ledgers(&sources).await;
    let (mut seen, mut read) = (Vec::new(), Vec::new());
    for (source, ledger) in sources.into_iter().zip(ledgers) {
        match ledger {
            Ok(ledger) => read.push((source, ledger)),
            Err(refusal) => {
                let missed = MissedLook::one(Step::ReadRecords, refusal.message);
                seen.push((source.name.clone(), Err(missed)));
            }
        }
    }
    let surveying: Vec<&Source> = read.iter().map(|(source, _)| *source).collect();
    let mut surveyed = world.survey_again(&surveying).await;
    let now = world.clock.now();
    let asked_until = Instant::now() + world.config.survey_deadline();
    for (source, ledger) in read {
        let sight = match surveyed.take(source) {
            Ok(inventory) => {
                let before = before.get(&source.name);
                let unchanged = before.and_then(|it| it.unchanged(&ledger, &inventory, now));
                let proofs = unchanged.cloned().unwrap_or_else(|| {
                    let proofs = Proofs::new(&ledger, &inventory, None, now);
                    Arc::new(proofs)
                });
                let storage = world.storage(source);
                let asking = old_versions(&*storage, &proofs);
                // An answer that does not come until then is not known.
                let answer = timeout_at(asked_until, asking).await;
                let known_log = before.and_then(|it| it.log.as_ref());
                let failed_log = failed_log(&world, &ledger, &proofs, known_log).await;
                let situation = Situation::new(&inventory, &ledger, &proofs, now);
                Ok(Sight {
                    planned: plan(source, &situation),
                    prospect: prospect(source, &situation, &tool),
                    newest: situation.newest.cloned(),
                    old_versions: answer.ok().flatten(),
                    took: began.elapsed(),
                    failed_log,
                    proofs,
                    inventory,
                    ledger,
                })
            }
            Err(refusal) => {
                let of_all = surveyed.problem_of(&repository);
                let all = of_all.is_some();
                let why = of_all.map_or(refusal.message, ToOwned::to_owned);
                let step = Step::Survey;
                Err(MissedLook { step, why, all })
            }
        };
        seen.push((source.name.clone(), sight));
    }
    LookOutcome {
        repository,
        sources: seen,
    }
}

/// Reads the log of the failure that stands, unless that of this run is known.
async fn failed_log(
    world: &World,
    ledger: &Ledger,
    proofs: &Proofs,
    known: Option<&String>,
) -> Option<(String, Vec<String>)> {
    let failed = proofs.failed().filter(|it| Some(&it.id) != known)?;
    let log = world.log_of(ledger, failed).await?;
    Some((failed.id.clone(), log))
}

#[cfg(test)]
mod tests {
    use catalog::ledger::fixtures;
    use jiff::SignedDuration;

    use super::*;

    /// Minutes until the next look at a source with this prospect, refreshed every five.
    fn again(not_before: Option<i64>, at: Option<i64>) -> i64 {
        let now = fixtures::at("12:00:00");
        let moment = |minutes: i64| now + SignedDuration::from_mins(minutes);
        let prospect = Prospect {
            not_before: not_before.map(moment),
            at: at.map(moment),
        };
        let again_at = again_at(prospect, now, now, Duration::from_mins(5));
        again_at.duration_since(now).as_mins()
    }

    #[test]
    fn a_proof_that_vanishes_is_noticed_long_before_the_next_slot() {
        let slot = Some(32 * 60);
        assert_eq!(again(slot, slot), 5);
        assert_eq!(again(slot, None), 5);
        assert_eq!(again(None, None), 5);
    }

    #[test]
    fn what_is_due_before_the_next_refresh_is_looked_at_then() {
        assert_eq!(again(Some(2), None), 2);
        assert_eq!(again(None, Some(3)), 3);
        assert_eq!(again(Some(-1), Some(-1)), 5, "it was due already");
    }
}
