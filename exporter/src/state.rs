//! The state of the program: one immutable value from which every page is made.
//!
//! It is replaced as a whole, never changed in place, so that no reader ever sees half a survey.

mod drill;
mod measure;
mod repository;
mod source;

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    assess::{Assessment, Stored, full_at},
    config::{Config, Repository, Source},
    ledger::{Ledger, OldVersions},
    model::{DrillName, Inventory, RepositoryName, SourceName},
    storage::Requests,
};
use jiff::Timestamp;

use self::measure::measure;
pub use self::{
    drill::DrillState,
    repository::{LastSurvey, RepositoryState, SurveyOutcome},
    source::{EvidenceState, SourceState, Unproven},
};

/// Everything the program knows.
#[derive(Debug, Clone)]
pub struct State {
    /// The configuration in use.
    pub config: Arc<Config>,
    /// Time at which that configuration was loaded.
    pub loaded_at: Timestamp,
    /// Problem that the last reload failed with; `None` if it succeeded, or there was none.
    pub reload_problem: Option<String>,
    /// State of each configured repository.
    pub repositories: BTreeMap<RepositoryName, RepositoryState>,
    /// State of each configured source.
    pub sources: BTreeMap<SourceName, SourceState>,
    /// State of each configured drill.
    pub drills: BTreeMap<DrillName, DrillState>,
}

/// The result of a survey that listed its repository to the end.
#[derive(Debug, Clone)]
pub struct WholeSurvey {
    /// What lies in the repository.
    pub inventory: Inventory,
    /// Answers of the store, asked right after the survey, about last proofs that are listed no
    /// more, by source.
    pub old_versions: BTreeMap<SourceName, OldVersions>,
}

impl State {
    /// A state in which nothing is surveyed yet.
    pub fn new(config: Arc<Config>, loaded_at: Timestamp) -> Self {
        let repositories = config.repositories.iter();
        let repositories = repositories.map(|it| (it.name.clone(), RepositoryState::default()));
        let sources = config.sources.iter();
        let sources = sources.map(|source| {
            let measure = Arc::new(measure(&config, source));
            let known = SourceState::new(source.format.engine(), measure, loaded_at);
            (source.name.clone(), known)
        });
        let drills = config.drills.iter();
        let drills = drills.map(|it| (it.name.clone(), DrillState::new(loaded_at)));
        Self {
            drills: drills.collect(),
            repositories: repositories.collect(),
            sources: sources.collect(),
            config,
            loaded_at,
            reload_problem: None,
        }
    }

    /// This state under another configuration, with what is still known:
    ///
    /// | knowledge of | is kept if these did not change |
    /// |---|---|
    /// | a repository | its name and location |
    /// | a source | its name and engine, its repository's name and location |
    /// | its ledger | the same as for the source, and where its records are read |
    /// | a drill | its name, and where its reports are read |
    #[must_use]
    pub fn under(&self, config: Arc<Config>, loaded_at: Timestamp) -> Self {
        let mut next = Self::new(config, loaded_at);
        for (name, known) in &mut next.repositories {
            if same_place(&self.config, &next.config, name) {
                *known = self.repositories.get(name).cloned().unwrap_or_default();
            }
        }
        for source in &next.config.sources {
            let before = self.config.sources.iter().find(|it| it.name == source.name);
            let same = before.is_some_and(|before| {
                before.repository == source.repository
                    && before.format.engine() == source.format.engine()
                    && same_place(&self.config, &next.config, &source.repository)
            });
            let keeps_evidence = self.config.shares_evidence(&next.config);
            if let (true, Some(known), Some(new)) = (
                same,
                self.sources.get(&source.name),
                next.sources.get_mut(&source.name),
            ) {
                new.take_over(known, keeps_evidence);
            }
        }
        if self.config.shares_evidence(&next.config) {
            for (name, known) in &mut next.drills {
                if let Some(before) = self.drills.get(name) {
                    known.clone_from(before);
                }
            }
        }
        for repository in &next.config.repositories.clone() {
            next.forecast(repository);
        }
        next
    }

    /// True if every repository was surveyed and every ledger read at least once, be it in vain.
    pub fn is_ready(&self) -> bool {
        self.repositories.values().all(|it| it.last.is_some())
            && self.expecting_proof().all(|source| {
                self.sources
                    .get(&source.name)
                    .is_none_or(|known| known.evidence.up.is_some())
            })
    }

    /// Judges one source at `now`; `None` if it is not configured.
    pub fn assess(&self, name: &SourceName, now: Timestamp) -> Option<Assessment<'_>> {
        Some(self.sources.get(name)?.assess(now))
    }

    /// Sources whose ledger is read: those with `verify`, if the configuration has evidence.
    pub fn expecting_proof(&self) -> impl Iterator<Item = &Source> {
        let sources = self.config.sources.iter();
        let any = self.config.evidence.is_some();
        sources.filter(move |source| any && source.verify.is_some())
    }

    /// Every ledger that was read.
    pub fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        let sources = self.sources.values();
        sources.filter_map(|source| source.evidence.ledger.as_deref())
    }

    /// Takes over a survey that ended. A failed one (`surveyed` is `None`) leaves everything seen
    /// before as it was.
    pub fn take(
        &mut self,
        repository: &RepositoryName,
        survey: LastSurvey,
        surveyed: Option<WholeSurvey>,
        requests: Requests,
    ) {
        let Some(known) = self.repositories.get_mut(repository) else {
            return;
        };
        *known.surveys.entry(survey.outcome).or_default() += 1;
        known.last = Some(survey);
        known.requests = requests;
        let Some(WholeSurvey {
            inventory,
            mut old_versions,
        }) = surveyed
        else {
            return;
        };
        known.surveyed_at = Some(inventory.surveyed_at);
        known.usage = inventory.usage;
        known.dropped = inventory.dropped;
        for (name, seen) in inventory.sources {
            let Some(source) = self.sources.get_mut(&name) else {
                continue;
            };
            source.problem.clone_from(&seen.error);
            source.unread = Some(seen.unread.clone());
            if seen.error.is_none() {
                source.survey(seen, old_versions.remove(&name), inventory.surveyed_at);
            }
        }
        let config = Arc::clone(&self.config);
        let mut configured = config.repositories.iter();
        if let Some(configured) = configured.find(|it| it.name == *repository) {
            self.forecast(configured);
        }
    }

    /// Notes that the evidence of these sources could not be read; ledgers read before are kept.
    pub fn lost_evidence(&mut self, names: &[SourceName]) {
        for (name, known) in &mut self.sources {
            if names.contains(name) {
                known.evidence.up = Some(false);
            }
        }
    }

    /// Forecasts from the last survey when the repository will be full: too costly for every
    /// scrape.
    fn forecast(&mut self, repository: &Repository) {
        let sources = self.config.sources_of(&repository.name);
        let stored = sources.map(|source| {
            let known = self.sources.get(&source.name)?;
            Some(Stored {
                inventory: known.inventory.as_deref()?,
                retention: &source.objectives.retention,
            })
        });
        let stored: Option<Vec<_>> = stored.collect();
        if let Some(known) = self.repositories.get_mut(&repository.name) {
            let holds = repository.capacity_bytes;
            let look =
                |stored: Vec<_>| full_at(holds?, known.stored_bytes(), &stored, known.surveyed_at?);
            known.full_at = stored.and_then(look);
        }
    }
}

fn same_place(before: &Config, after: &Config, name: &RepositoryName) -> bool {
    let place = |config: &Config| {
        let mut repositories = config.repositories.iter();
        repositories
            .find(|it| it.name == *name)
            .map(|it| it.location.clone())
    };
    place(before) == place(after)
}
