//! Everything that commands share once a configuration is read: repositories, ledgers, the chosen
//! sources.

mod ledgers;
mod runtime;
mod surveyed;
mod write;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

#[cfg(test)]
use catalog::storage::Counted;
use catalog::{
    config::{Config, Repository, Source},
    ledger::{Ledger, RecordWriter},
    model::{RepositoryName, SourceName},
    storage::Storage,
    survey::HeadCache,
};
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;
use toolkit::clock::Clock;

use crate::{
    cli::Select,
    console::{Console, Env, Outside, Refusal},
    runtime::Instance,
    supervise::PipelessImages,
};

pub(crate) use ledgers::unmounted;
pub use surveyed::Surveyed;

/// Everything that a configuration names, opened.
#[derive(Debug)]
pub struct World {
    /// The configuration as loaded.
    pub config: Config,
    /// The clock, by which records are dated.
    pub clock: Clock,
    cancelled: CancellationToken,
    env: Env,
    storages: BTreeMap<RepositoryName, Arc<dyn Storage>>,
    evidence: Option<Arc<dyn RecordWriter>>,
    /// True once records were seen or begun at their place: from then on they must lie there.
    adopted: AtomicBool,
    compares_clocks: bool,
    /// This installation, once it was asked for.
    instance: OnceLock<Arc<Instance>>,
    /// Images whose servers are fed by file alone.
    pipeless: PipelessImages,
    heads: BTreeMap<RepositoryName, Mutex<HeadCache>>,
    /// The names of all sources, former ones included: records may lie below each.
    names: Vec<SourceName>,
    /// The ledgers as far as they were read: the next look reads only what is new.
    ledgers: BTreeMap<SourceName, Mutex<Ledger>>,
}

impl World {
    /// Reads the configuration and opens what it names; nothing is listed yet. Errs if the
    /// configuration cannot be used.
    pub fn open(console: &mut Console<'_>) -> Result<Self, Refusal> {
        Ok(Self::of(console.config()?, &console.outside()))
    }

    /// Opens what this configuration names; nothing is listed yet.
    pub(crate) fn of(config: Config, outside: &Outside) -> Self {
        let opened = |it: &Repository| (it.name.clone(), it.location.open());
        let storages = config.repositories.iter().map(opened).collect();
        let evidence = config.evidence.as_ref();
        let evidence = evidence.map(|evidence| evidence.location.open_records());
        let unread = |it: &Source| (it.name.clone(), Mutex::new(it.unread_ledger()));
        let heads = config.repositories.iter();
        let names = config.sources.iter().flat_map(Source::names).cloned();
        Self {
            names: names.collect(),
            storages,
            heads: heads
                .map(|it| (it.name.clone(), Mutex::default()))
                .collect(),
            evidence,
            adopted: AtomicBool::new(false),
            compares_clocks: outside.compares_clocks,
            instance: OnceLock::new(),
            pipeless: PipelessImages::default(),
            ledgers: config.sources.iter().map(unread).collect(),
            config,
            clock: outside.clock.clone(),
            cancelled: outside.cancelled.clone(),
            env: outside.env,
        }
    }

    /// The same world, with this storage for every repository and these records.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn replaced(
        mut self,
        storage: &Arc<dyn Storage>,
        records: Arc<dyn RecordWriter>,
    ) -> Self {
        for of_it in self.storages.values_mut() {
            *of_it = Arc::clone(storage);
        }
        self.evidence = Some(records);
        self
    }

    /// The same world, with a count of what every repository is asked.
    #[cfg(test)]
    pub(crate) fn counted(mut self) -> (Self, Vec<Counted>) {
        let mut counts = Vec::new();
        for storage in self.storages.values_mut() {
            let counted = Counted::new(Arc::clone(storage));
            *storage = Arc::new(counted.clone());
            counts.push(counted);
        }
        (self, counts)
    }

    /// Every repository with its storage.
    pub fn storages(&self) -> impl Iterator<Item = (&RepositoryName, &Arc<dyn Storage>)> {
        self.storages.iter()
    }

    /// The storage of a source.
    ///
    /// # Panics
    /// If the source is of another configuration.
    pub fn storage(&self, source: &Source) -> Arc<dyn Storage> {
        let storage = self.storages.get(&source.repository);
        Arc::clone(storage.expect("invariant: every source names a configured repository"))
    }

    /// Returns the named sources, each once, in the order they are named; or all, in the order of
    /// the file. Errs for an unknown name.
    pub fn sources(&self, select: &Select) -> Result<Vec<&Source>, Refusal> {
        if select.sources.is_empty() {
            return Ok(self.config.sources.iter().collect());
        }
        let mut named: Vec<&Source> = Vec::new();
        for name in &select.sources {
            let source = self.source(name)?;
            if named.iter().all(|other| other.name != source.name) {
                named.push(source);
            }
        }
        Ok(named)
    }

    /// Finds one source by its name; errs with the names there are.
    pub fn source(&self, name: &str) -> Result<&Source, Refusal> {
        self.config.source(name).ok_or_else(|| {
            let names: Vec<_> = self
                .config
                .sources
                .iter()
                .map(|it| it.name.as_str())
                .collect();
            Refusal::usage(format!(
                "there is no source {name:?}\nhint: Sources of the configuration: {}.",
                names.join(", ")
            ))
        })
    }

    /// The cache of heads of a repository, unless another survey is at it.
    pub(crate) fn heads(&self, name: &RepositoryName) -> Option<MutexGuard<'_, HeadCache>> {
        self.heads.get(name)?.try_lock().ok()
    }
}

#[cfg(test)]
mod tests;
