//! What is known right now: one immutable value from which every page is made.
//!
//! It is replaced as a whole, never changed in place, so that no reader ever sees half a survey.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use catalog::{
    assess::{Assessment, Stored, full_at},
    config::{Config, Repository},
    evidence::{Ledger, OldVersions, Proofs},
    model::{Dropped, Inventory, RepositoryName, SourceInventory, SourceName, Unread, Usage},
    storage::Requests,
};
use jiff::Timestamp;

use crate::judge::Measures;

/// Everything the program knows.
#[derive(Debug, Clone)]
pub struct State {
    /// In use.
    pub config: Arc<Config>,
    /// When that was loaded.
    pub loaded_at: Timestamp,
    /// Why the last attempt to load another one failed.
    pub reload_problem: Option<String>,
    /// What sources are measured by.
    pub measures: Arc<Measures>,
    /// One per configured repository.
    pub repositories: BTreeMap<RepositoryName, RepositoryState>,
    /// One per configured source.
    pub sources: BTreeMap<SourceName, SourceState>,
}

/// What is known of a repository as a whole.
#[derive(Debug, Clone, Default)]
pub struct RepositoryState {
    /// `None` until the first survey ended.
    pub last: Option<LastSurvey>,
    /// When the last good survey ended.
    pub surveyed_at: Option<Timestamp>,
    /// As of then.
    pub usage: Vec<Usage>,
    /// Entries of the listing that were passed over, as of then.
    pub dropped: BTreeMap<Dropped, u64>,
    /// Since the program began.
    pub requests: Requests,
    /// Since the program began.
    pub surveys: BTreeMap<SurveyOutcome, u64>,
    /// When its capacity is used up, as far as the last good survey can tell.
    pub full_at: Option<Timestamp>,
}

impl RepositoryState {
    /// All that lies there, whosever it is.
    pub fn stored_bytes(&self) -> u64 {
        let bytes = self.usage.iter().map(|usage| usage.bytes);
        bytes.fold(0, u64::saturating_add)
    }
}

/// The survey that ended last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSurvey {
    /// How it ended.
    pub outcome: SurveyOutcome,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// What went wrong, for people.
    pub problem: Option<String>,
}

/// How a survey ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SurveyOutcome {
    /// The repository was listed to its end.
    Completed,
    /// The repository did not answer, or not to the end.
    Failed,
    /// Cut off at the deadline.
    TimedOut,
}

impl SurveyOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Completed, Self::Failed, Self::TimedOut];

    /// The value of the `outcome` label.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
        }
    }
}

/// What a survey saw of a repository that was listed to its end.
#[derive(Debug, Clone)]
pub struct WholeSurvey {
    /// What lies there.
    pub inventory: Inventory,
    /// What the store said, right after it, of the last proof of a source that is listed no more.
    pub old_versions: BTreeMap<SourceName, OldVersions>,
}

/// What is known of one source.
#[derive(Debug, Clone)]
pub struct SourceState {
    /// Since when this program looks at it.
    pub watched_since: Timestamp,
    /// Whether a complete snapshot was ever seen since then.
    pub was_held: bool,
    /// When it was last wholly seen.
    pub surveyed_at: Option<Timestamp>,
    /// What was seen then.
    pub inventory: Option<Arc<SourceInventory>>,
    /// Why the last survey did not wholly see it, although the repository answered.
    pub problem: Option<String>,
    /// Heads that the last survey of its repository could not read; `None` before the first.
    pub unread: Option<BTreeMap<Unread, u64>>,
    /// Its proof.
    pub evidence: EvidenceState,
    /// What the store said after that survey of its last proof, if that is listed no more.
    pub old_versions: Option<OldVersions>,
    /// Its ledger beside its inventory, joined whenever one of them was read; `None` before both.
    pub proofs: Option<Arc<Proofs>>,
    /// That none of the snapshots that were verified lies there any more, as whole surveys showed.
    pub unproven: Option<Unproven>,
    /// When a survey first saw full backups newer than any that was tried, where the survey before
    /// saw none.
    pub untried_seen: Option<Timestamp>,
}

/// Whole surveys in a row that saw no snapshot that was verified, not even as an older version,
/// although there were some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproven {
    /// When the first of them ended.
    pub since: Timestamp,
    /// When the last of them ended.
    pub last: Timestamp,
}

impl Unproven {
    /// Since when, once a second survey has shown it.
    pub fn confirmed(self) -> Option<Timestamp> {
        (self.last > self.since).then_some(self.since)
    }
}

/// What is known of the ledger of a source.
#[derive(Debug, Clone, Default)]
pub struct EvidenceState {
    /// As last read.
    pub ledger: Option<Arc<Ledger>>,
    /// Whether the last attempt to read it succeeded; `None` before the first.
    pub up: Option<bool>,
}

impl SourceState {
    /// Nothing known yet.
    pub fn new(watched_since: Timestamp) -> Self {
        Self {
            watched_since,
            was_held: false,
            surveyed_at: None,
            inventory: None,
            problem: None,
            unread: None,
            evidence: EvidenceState::default(),
            old_versions: None,
            proofs: None,
            unproven: None,
            untried_seen: None,
        }
    }

    /// Takes what a whole survey saw.
    fn survey(
        &mut self,
        seen: SourceInventory,
        old_versions: Option<OldVersions>,
        surveyed_at: Timestamp,
    ) {
        self.surveyed_at = Some(surveyed_at);
        self.inventory = Some(Arc::new(seen));
        self.old_versions = old_versions;
        self.join(surveyed_at);
    }

    /// Takes the ledger as it was read.
    pub fn read(&mut self, ledger: Ledger, now: Timestamp) {
        self.evidence.ledger = Some(Arc::new(ledger));
        self.join(now);
    }

    /// Knows no ledger any more: the next one is another, and not this one changed.
    fn forget_evidence(&mut self) {
        self.evidence = EvidenceState::default();
        self.old_versions = None;
        self.proofs = None;
        self.unproven = None;
        self.untried_seen = None;
    }

    /// Holds the ledger against what lies there; what depends on the time is left to every scrape.
    fn join(&mut self, now: Timestamp) {
        let (Some(ledger), Some(inventory), Some(surveyed_at)) =
            (&self.evidence.ledger, &self.inventory, self.surveyed_at)
        else {
            return;
        };
        let proofs = Proofs::new(ledger, inventory, self.old_versions.as_ref(), now);
        self.unproven = match proofs.lost() {
            Some(lost) if lost.is_shown() => Some(Unproven {
                since: self.unproven.map_or(surveyed_at, |before| before.since),
                last: surveyed_at,
            }),
            // Nobody knows: what two surveys have shown stands, and one alone shows nothing.
            Some(_) => self.unproven.filter(|it| it.confirmed().is_some()),
            None => None,
        };
        let before = self.proofs.as_ref().map(|it| it.untried_since);
        self.untried_seen = match (before, proofs.untried_since) {
            (_, None) => None,
            (Some(None), Some(_)) => Some(surveyed_at),
            (_, Some(_)) => self.untried_seen,
        };
        self.proofs = Some(Arc::new(proofs));
    }
}

impl State {
    /// Nothing surveyed yet.
    pub fn new(config: Arc<Config>, loaded_at: Timestamp) -> Self {
        let repositories = config.repositories.iter();
        let repositories = repositories.map(|it| (it.name.clone(), RepositoryState::default()));
        let sources = config.sources.iter();
        let sources = sources.map(|it| (it.name.clone(), SourceState::new(loaded_at)));
        Self {
            measures: Arc::new(Measures::new(&config)),
            repositories: repositories.collect(),
            sources: sources.collect(),
            config,
            loaded_at,
            reload_problem: None,
        }
    }

    /// The same under another configuration: what is known of repositories, and of sources within
    /// them, that are still there goes on; what is known of ledgers, where evidence lies at the
    /// same place.
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
            if let (true, Some(known)) = (same, self.sources.get(&source.name)) {
                let mut known = known.clone();
                if !shares_evidence(&self.config, &next.config) {
                    known.forget_evidence();
                }
                next.sources.insert(source.name.clone(), known);
            }
        }
        for repository in &next.config.repositories.clone() {
            next.forecast(repository);
        }
        next
    }

    /// Whether every repository and every ledger was tried at least once.
    pub fn is_ready(&self) -> bool {
        self.repositories.values().all(|it| it.last.is_some())
            && self.expecting_proof().all(|name| {
                self.sources
                    .get(name)
                    .is_none_or(|known| known.evidence.up.is_some())
            })
    }

    /// Judges one configured source.
    pub fn assess(&self, name: &SourceName, now: Timestamp) -> Option<Assessment<'_>> {
        self.measures.assess(name, self.sources.get(name)?, now)
    }

    /// Sources whose ledger is read.
    pub fn expecting_proof(&self) -> impl Iterator<Item = &SourceName> {
        let sources = self.config.sources.iter();
        let any = self.config.evidence.is_some();
        sources
            .filter(move |source| any && source.verify.is_some())
            .map(|source| &source.name)
    }

    /// Every ledger that was read.
    pub fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        let sources = self.sources.values();
        sources.filter_map(|source| source.evidence.ledger.as_deref())
    }

    /// Takes a survey that ended; a failed one leaves everything seen before as it was.
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
                source.was_held |= seen.newest_complete().is_some();
                source.survey(seen, old_versions.remove(&name), inventory.surveyed_at);
            }
        }
        let config = Arc::clone(&self.config);
        let mut configured = config.repositories.iter();
        if let Some(configured) = configured.find(|it| it.name == *repository) {
            self.forecast(configured);
        }
    }

    /// Takes that no evidence of these sources could be read; what was read before is kept.
    pub fn lost_evidence(&mut self, names: &[SourceName]) {
        for (name, known) in &mut self.sources {
            if names.contains(name) {
                known.evidence.up = Some(false);
            }
        }
    }

    /// Looks ahead from the last survey: too dear for every scrape.
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

/// Whether records of the one are read under the other.
fn shares_evidence(before: &Config, after: &Config) -> bool {
    let place = |config: &Config| config.evidence.as_ref().map(|it| it.location.clone());
    place(before) == place(after)
}
