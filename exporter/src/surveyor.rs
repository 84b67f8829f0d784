//! Surveys repositories and reads ledgers, over and over, apart from every scrape.
//!
//! Each repository has its own loop, so that a repository that hangs holds up no other; a loop
//! never has two surveys under way. The surveyor publishes states and judges nothing.

mod drills;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use catalog::{
    config::{Config, Source},
    ledger::{OldVersions, Proofs, RecordReader, RecoveryPoints, is_mounted, old_versions},
    model::{Inventory, ObjectMeta, RepositoryName, SourceName},
    storage::Counted,
    survey::{HeadCache, SurveyContext},
};
use futures::future::join_all;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use toolkit::{clock::Clock, problem, published::Published};
use tracing::{info, warn};

use crate::state::{LastSurvey, State, SurveyOutcome, WholeSurvey};

/// Largest jitter, as a part of the refresh by which a pause is longer: many exporters that began
/// together then do not ask together.
const JITTER_PART: f64 = 0.1;

/// Source of jitter: returns a number from 0 to 1, another one each time.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// A configuration with everything it names opened.
#[derive(Debug, Clone)]
pub struct World {
    /// The configuration as loaded.
    pub config: Arc<Config>,
    /// The opened storage of each repository.
    pub storages: BTreeMap<RepositoryName, Counted>,
    /// Reader of the records; `None` if no evidence is configured.
    pub evidence: Option<Arc<dyn RecordReader>>,
}

/// Surveys a world and publishes what it saw.
#[derive(Clone)]
pub struct Surveyor {
    world: Arc<World>,
    published: Published<State>,
    clock: Clock,
    jitter: Jitter,
}

impl fmt::Debug for Surveyor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surveyor")
            .field("world", &self.world)
            .finish_non_exhaustive()
    }
}

impl Surveyor {
    /// A surveyor that looks at `world` and publishes to `published`.
    pub fn new(
        world: Arc<World>,
        published: Published<State>,
        clock: Clock,
        jitter: Jitter,
    ) -> Self {
        Self {
            world,
            published,
            clock,
            jitter,
        }
    }

    /// Reads all ledgers once, then surveys all repositories once, side by side.
    pub async fn once(&self) {
        // Recovery points may come from evidence, so it is read first.
        self.read_ledgers().await;
        let repositories = self.world.storages.keys().map(async |name| {
            self.survey(name, &mut HeadCache::default()).await;
        });
        join_all(repositories).await;
    }

    /// Surveys repositories and reads ledgers again and again, until stopped. Surveys under way
    /// then are given up.
    pub async fn run(&self, stop: CancellationToken) {
        let repositories = self.world.storages.keys().map(async |name| {
            let mut cache = HeadCache::default();
            loop {
                self.survey(name, &mut cache).await;
                tokio::time::sleep(self.pause()).await;
            }
        });
        let ledgers = async {
            loop {
                self.read_ledgers().await;
                tokio::time::sleep(self.pause()).await;
            }
        };
        // Side by side from the start: evidence that hangs holds up no survey.
        let forever = async { tokio::join!(join_all(repositories), ledgers) };
        tokio::select! {
            () = stop.cancelled() => {}
            _ = forever => {}
        }
    }

    fn pause(&self) -> Duration {
        let part = (self.jitter)().clamp(0.0, 1.0) * JITTER_PART;
        self.world.config.refresh.mul_f64(1.0 + part)
    }

    fn deadline(&self) -> Duration {
        self.world.config.survey_deadline()
    }

    async fn survey(&self, name: &RepositoryName, cache: &mut HeadCache) {
        let Some(storage) = self.world.storages.get(name) else {
            return;
        };
        let began = Instant::now();
        let sources: Vec<_> = self
            .world
            .config
            .sources_of(name)
            .map(Source::surveyed)
            .collect();
        let now = self.clock.now();
        let known = RecoveryPoints::new(self.published.get().ledgers(), now);
        let known = |source: &SourceName, listed: &ObjectMeta| known.of(source, listed);
        let context = SurveyContext {
            now,
            cache,
            known: &known,
            everything: true,
        };
        let survey = catalog::survey::survey(storage, name, &sources, context);
        let (outcome, inventory, problem) = match timeout(self.deadline(), survey).await {
            Ok(Ok(inventory)) => (SurveyOutcome::Completed, Some(inventory), None),
            Ok(Err(error)) => {
                let text = problem::render(&error, Some(&error.hint));
                warn!(repository = %name, "survey failed: {text}");
                (SurveyOutcome::Failed, None, Some(explain(&error)))
            }
            Err(_) => {
                warn!(repository = %name, deadline = ?self.deadline(), "survey timed out");
                let text = format!("no end after {} s", self.deadline().as_secs());
                (SurveyOutcome::TimedOut, None, Some(text))
            }
        };
        let took = began.elapsed();
        if outcome == SurveyOutcome::Completed {
            info!(repository = %name, ?took, "surveyed");
        }
        let last = LastSurvey {
            outcome,
            ended_at: self.clock.now(),
            took,
            problem,
        };
        let surveyed = match inventory {
            None => None,
            Some(inventory) => Some(WholeSurvey {
                old_versions: self.old_versions(storage, &inventory).await,
                inventory,
            }),
        };
        let requests = storage.requests();
        self.published
            .update(|state| state.take(name, last, surveyed, requests));
    }

    /// Asks the store for the last proof of each source, if the survey did not list that proof any
    /// more. Without an answer before the deadline it is not known.
    async fn old_versions(
        &self,
        storage: &Counted,
        inventory: &Inventory,
    ) -> BTreeMap<SourceName, OldVersions> {
        let (state, now) = (self.published.get(), self.clock.now());
        let mut known = BTreeMap::new();
        let asking = async {
            for (name, seen) in &inventory.sources {
                let source = state.sources.get(name).filter(|_| seen.error.is_none());
                let Some(ledger) = source.and_then(|it| it.evidence.ledger.as_deref()) else {
                    continue;
                };
                let proofs = Proofs::new(ledger, seen, None, now);
                if let Some(answer) = old_versions(storage, &proofs).await {
                    known.insert(name.clone(), answer);
                }
            }
        };
        if timeout(self.deadline(), asking).await.is_err() {
            let repository = &inventory.repository;
            warn!(%repository, "asking for older versions of proven snapshots timed out");
        }
        known
    }

    async fn read_ledgers(&self) {
        let Some(evidence) = &self.world.evidence else {
            return;
        };
        let state = self.published.get();
        let sources: Vec<&Source> = state.expecting_proof().collect();
        if sources.is_empty() {
            return;
        }
        let names: Vec<_> = sources.iter().flat_map(|it| it.names()).cloned().collect();
        let why = match timeout(self.deadline(), is_mounted(&**evidence, &names)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(problem::render(&error, None)),
            Err(_) => Some(format!("no answer within {:?}", self.deadline())),
        };
        if let Some(why) = why {
            // The place as a whole is at fault: said once, and every ledger known before is kept.
            warn!("evidence cannot be read: {why}");
            self.published.update(|state| state.lost_evidence(&names));
            return;
        }
        let reading = sources.iter().map(|it| self.read_ledger(&**evidence, it));
        join_all(reading).await;
        drills::read(&**evidence, &self.published, self.deadline()).await;
    }

    /// Reads the new records of a ledger; on any failure the ledger known before is kept.
    async fn read_ledger(&self, evidence: &dyn RecordReader, source: &Source) {
        let name = &source.name;
        let state = self.published.get();
        let known = state
            .sources
            .get(name)
            .and_then(|known| known.evidence.ledger.as_deref());
        let mut ledger = match known {
            // A reload may have changed the former names.
            Some(known) => known.clone().formerly(&source.formerly),
            None => source.unread_ledger(),
        };
        let read = match timeout(self.deadline(), ledger.refresh(evidence)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                warn!(source = %name, "{}", problem::render(&error, None));
                false
            }
            Err(_) => {
                warn!(source = %name, deadline = ?self.deadline(), "reading evidence timed out");
                false
            }
        };
        self.published.update(|state| {
            let Some(known) = state.sources.get_mut(name) else {
                return;
            };
            known.evidence.up = Some(read);
            if read {
                known.read(ledger, self.clock.now());
            }
        });
    }
}

/// Text for pages: the operation and why it failed, but no key and nothing the store answered.
fn explain(error: &catalog::storage::StorageError) -> String {
    let reason = error.reason.as_label().replace('_', " ");
    format!("cannot {}: {reason}", error.operation.as_label())
}

#[cfg(test)]
mod tests;
