//! The inventories of one survey of the needed repositories; a repository that failed is told, not
//! hidden.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use catalog::{
    config::Source,
    ledger::{Past, RecoveryPoints},
    model::{Inventory, RepositoryName, Snapshot, SourceInventory},
    storage::{Operation, StorageError, StorageReason},
    survey::{HeadCache, SurveyContext, survey},
};
use futures::future::join_all;
use tokio::time::timeout;
use toolkit::{exit::Exit, problem::render};

use super::World;
use crate::{
    console::{Console, Refusal},
    select::{NotChosen, Wanted, select, select_to_verify, select_verified},
};

/// Inventories of the repositories that answered, and why the others did not.
#[derive(Debug, Default)]
pub struct Surveyed {
    inventories: BTreeMap<RepositoryName, Inventory>,
    failed: BTreeMap<RepositoryName, String>,
}

impl World {
    /// Surveys every repository the sources lie in once, side by side.
    pub async fn survey(&self, sources: &[&Source]) -> Surveyed {
        Surveyed::make(self, sources, false).await
    }

    /// Surveys like [`survey`](Self::survey), for a caller that does so again and again: heads of
    /// snapshots that still lie there are not read again. The cache holds what the last survey met,
    /// so each call must name the same sources of a repository.
    pub(crate) async fn survey_again(&self, sources: &[&Source]) -> Surveyed {
        Surveyed::make(self, sources, true).await
    }
}

impl Surveyed {
    /// Surveys, side by side, every repository these sources lie in. `keeps`: what was read of
    /// heads is kept for the next survey of the same sources.
    async fn make(world: &World, sources: &[&Source], keeps: bool) -> Self {
        let needed = world
            .storages()
            .filter(|(name, _)| sources.iter().any(|source| source.repository == **name));
        let surveys = needed.map(async |(name, storage)| {
            let mine = sources.iter().copied();
            let mine: Vec<_> = mine.filter(|it| it.repository == *name).collect();
            let surveying = async {
                let known = recovery_points(world, &mine, keeps).await;
                let of_survey: Vec<_> = mine.iter().map(|source| source.surveyed()).collect();
                let mut kept = world.heads(name).filter(|_| keeps);
                let mut unkept = HeadCache::default();
                let context = SurveyContext {
                    now: world.clock.now(),
                    cache: kept.as_deref_mut().unwrap_or(&mut unkept),
                    known: &|source, listed| known.of(source, listed),
                    everything: false,
                };
                survey(&**storage, name, &of_survey, context).await
            };
            let deadline = world.config.survey_deadline();
            (name.clone(), in_time(deadline, surveying).await)
        });
        let mut surveyed = Self::default();
        for (name, outcome) in join_all(surveys).await {
            match outcome {
                Ok(inventory) => {
                    surveyed.inventories.insert(name, inventory);
                }
                Err(error) => {
                    surveyed
                        .failed
                        .insert(name, render(&error, Some(&error.hint)));
                }
            }
        }
        surveyed
    }

    /// Why a repository could not be surveyed; `None` if it was.
    pub(crate) fn problem_of(&self, name: &RepositoryName) -> Option<&str> {
        self.failed.get(name).map(String::as_str)
    }

    /// Writes to `err` which repositories could not be surveyed; the exit code is 3 if there are
    /// any.
    pub(crate) fn tell(&self, console: &mut Console<'_>) -> Result<Exit, Refusal> {
        for (name, problem) in &self.failed {
            writeln!(console.err, "error: repository {name}: {problem}")?;
        }
        Ok(if self.failed.is_empty() {
            Exit::Fine
        } else {
            Exit::Unknown
        })
    }

    /// The inventory of a source. `None` if it could not be surveyed; that is written to `err`,
    /// unless it is told of the whole repository.
    pub(crate) fn of(
        &self,
        source: &Source,
        console: &mut Console<'_>,
    ) -> Result<Option<&SourceInventory>, Refusal> {
        let Some(inventory) = self.inventories.get(&source.repository) else {
            return Ok(None);
        };
        let Some(found) = inventory.sources.get(&source.name) else {
            return Ok(None);
        };
        if let Some(error) = &found.error {
            writeln!(console.err, "error: {}: {error}", source.name)?;
            return Ok(None);
        }
        Ok(Some(found))
    }

    /// Finds the wanted snapshot; errs if there is none.
    pub(crate) fn select(&self, source: &Source, wanted: &Wanted) -> Result<&Snapshot, Refusal> {
        Ok(select(self.found(source)?, wanted)?)
    }

    /// Finds the snapshot to verify: a differential one only where it is named. Errs if there is
    /// none.
    pub(crate) fn select_to_verify(
        &self,
        source: &Source,
        wanted: &Wanted,
    ) -> Result<&Snapshot, Refusal> {
        Ok(select_to_verify(self.found(source)?, wanted)?)
    }

    /// Finds the wanted snapshot among those with a proof; errs if there is none. `past` is that of
    /// [`select_verified`](crate::select::select_verified).
    pub(crate) fn select_verified(
        &self,
        source: &Source,
        wanted: &Wanted,
        past: Option<Past<'_>>,
    ) -> Result<&Snapshot, Refusal> {
        Ok(select_verified(self.found(source)?, wanted, past)?)
    }

    /// The inventory of a source; errs if it could not be surveyed.
    pub(crate) fn found(&self, source: &Source) -> Result<&SourceInventory, Refusal> {
        let inventory = self.inventories.get(&source.repository);
        let found = inventory.and_then(|it| it.sources.get(&source.name));
        let Some(found) = found else {
            return Err(Refusal::unknown("its repository could not be surveyed"));
        };
        match &found.error {
            Some(error) => Err(Refusal::unknown(error)),
            None => Ok(found),
        }
    }

    /// Takes the inventory of a source out; errs as [`found`](Self::found) does.
    pub(crate) fn take(&mut self, source: &Source) -> Result<Arc<SourceInventory>, Refusal> {
        self.found(source)?;
        let inventory = self.inventories.get_mut(&source.repository);
        let taken = inventory.and_then(|it| it.sources.remove(&source.name));
        Ok(taken.unwrap_or_default())
    }
}

impl From<NotChosen> for Refusal {
    fn from(error: NotChosen) -> Self {
        match error {
            NotChosen::Unknown { .. } => Self::usage(error),
            NotChosen::NoneComplete { .. }
            | NotChosen::NoneVerified { .. }
            | NotChosen::Unrecorded { .. } => Self::unknown(error),
        }
    }
}

/// Awaits a survey up to its deadline. A store that answers too slowly gives the error of one that
/// does not answer.
async fn in_time<T>(
    deadline: Duration,
    surveying: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    timeout(deadline, surveying).await.unwrap_or_else(|_| {
        let seconds = deadline.as_secs();
        Err(StorageError {
            operation: Operation::List,
            subject: String::new(),
            reason: StorageReason::Timeout,
            hint: format!(
                "The survey has no end after {seconds} s; look at the store, or make \
                 exporter.refresh longer: this limit is twice as long."
            ),
            source: None,
        })
    })
}

/// Recovery points that records know of objects. An unreadable ledger only means that a lesser
/// witness is asked.
async fn recovery_points(world: &World, sources: &[&Source], are_read: bool) -> RecoveryPoints {
    let ledgers = if are_read {
        world.known_ledgers(sources).await
    } else {
        world.ledgers(sources).await.into_iter().flatten().collect()
    };
    RecoveryPoints::new(&ledgers, world.clock.now())
}

#[cfg(test)]
mod tests {
    use std::future;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_survey_without_an_end_is_a_timeout_and_says_what_to_do() {
        let deadline = Duration::from_mins(10);
        let surveyed = in_time(deadline, future::pending::<Result<(), _>>()).await;
        let error = surveyed.unwrap_err();
        let text = render(&error, Some(&error.hint));
        assert!(text.contains("timeout"), "{text}");
        assert!(text.contains("no end after 600 s"), "{text}");
        assert_eq!(in_time(deadline, future::ready(Ok(1))).await.unwrap(), 1);
    }
}
