//! What commands share once a configuration is read: repositories, ledgers, the chosen sources.

mod surveyed;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[cfg(test)]
use catalog::storage::Counted;
use catalog::{
    config::{Config, Repository, Source},
    evidence::{self, Evidence, EvidenceError, Ledger, MARKER, ToolEvidence},
    model::{RepositoryName, SourceName},
    storage::Storage,
    survey::HeadCache,
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use toolkit::{clock::Clock, problem::render};

use crate::{
    cli::Select,
    console::{Console, Env, Outside, Refusal},
    identity,
    runtime::{self, Instance, Runtime, RuntimeConfig, Variables},
    supervise::Context,
};

pub use surveyed::Surveyed;

/// The configured world, opened.
#[derive(Debug)]
pub struct World {
    /// As loaded.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    cancelled: CancellationToken,
    env: Env,
    storages: BTreeMap<RepositoryName, Arc<dyn Storage>>,
    evidence: Option<Arc<dyn Evidence>>,
    /// Whether evidence was seen or begun at its place: from then on it lies there.
    adopted: AtomicBool,
    compares_clocks: bool,
    heads: BTreeMap<RepositoryName, Mutex<HeadCache>>,
    /// What was read of each chain: the next look reads only what is new.
    ledgers: BTreeMap<SourceName, Mutex<Ledger>>,
}

/// Where directories of runs lie on this machine: stable, so that a sweep finds them, and
/// traversable, so that the unprivileged user of a sandbox reaches its own.
fn run_root() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    Path::new("/var/tmp").join(format!("backup-witness-{user}"))
}

/// Said of a place without a marker and without records: new, or not mounted.
pub(crate) fn unmounted(place: &str) -> String {
    format!(
        "no records yet: {place} has no marker `{MARKER}`; if records were written there before, \
         it is not mounted\n\
         hint: Mount it; at a new place the first `backup-verifier verify` makes the marker."
    )
}

/// Longest pull of one image: a gigabyte over a slow line.
const PULL_MAX: Duration = Duration::from_mins(15);

impl World {
    /// Reads the configuration and opens what it names; nothing is listed yet.
    pub fn open(console: &mut Console<'_>) -> Result<Self, Refusal> {
        Ok(Self::of(console.config()?, &console.outside()))
    }

    /// Opens what this configuration names; nothing is listed yet.
    pub(crate) fn of(config: Config, outside: &Outside) -> Self {
        let opened = |it: &Repository| (it.name.clone(), it.location.open());
        let storages = config.repositories.iter().map(opened).collect();
        let evidence = config.evidence.as_ref();
        let evidence = evidence.map(|evidence| evidence.location.open_evidence());
        let unread = |it: &Source| (it.name.clone(), Mutex::new(Ledger::new(it.name.clone())));
        let heads = config.repositories.iter();
        Self {
            storages,
            heads: heads
                .map(|it| (it.name.clone(), Mutex::default()))
                .collect(),
            evidence,
            adopted: AtomicBool::new(false),
            compares_clocks: outside.compares_clocks,
            ledgers: config.sources.iter().map(unread).collect(),
            config,
            clock: outside.clock.clone(),
            cancelled: outside.cancelled.clone(),
            env: outside.env,
        }
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

    /// Where records are written, or what to configure.
    pub fn evidence(&self) -> Result<&Arc<dyn Evidence>, Refusal> {
        self.evidence.as_ref().ok_or_else(|| {
            Refusal::usage(
                "no evidence is configured\n\
                 hint: Add evidence: { repository: { directory: … } } to the configuration.",
            )
        })
    }

    /// What must hold before anything is verified or written: evidence lies at its place, or begins
    /// there, and no clock is far from that of its store.
    pub(crate) async fn may_write(&self) -> Result<(), Refusal> {
        let evidence = self.evidence()?;
        let sources = self.all_sources();
        let adopting = async {
            self.make_root().await;
            evidence::adopt(&**evidence, &sources, self.is_adopted()).await
        };
        let adopted = self.in_time("its evidence was not found", adopting).await?;
        adopted.map_err(|error| Refusal::unknown(render(&error, None)))?;
        self.adopted.store(true, Ordering::Relaxed);
        if !self.compares_clocks {
            return Ok(());
        }
        let before = self.clock.now();
        let asking = self.in_time("the clock of its evidence was not read", evidence.time());
        // What fails here is told when the record is written, and a verdict is worth having.
        let Ok(Some(store)) = asking.await? else {
            return Ok(());
        };
        let ahead = evidence::ahead_of(store, before, self.clock.now());
        if ahead.abs() <= evidence::CLOCKS_APART_MAX {
            return Ok(());
        }
        let (seconds, place) = (ahead.unsigned_abs().as_secs(), evidence.place());
        let is = if ahead.is_positive() {
            "ahead of"
        } else {
            "behind"
        };
        Err(Refusal::unknown(format!(
            "the clock of this machine is {seconds} s {is} that of the evidence at {place}\n\
             hint: Set both by one time server; until then nothing is verified, for its record \
             would have a wrong time."
        )))
    }

    /// Makes the directory of the evidence at its first use, but no parent of it: what lacks may be
    /// a volume that is not mounted, and that must not look like an empty ledger.
    async fn make_root(&self) {
        let evidence = self.config.evidence.as_ref();
        let root = evidence.and_then(|it| it.location.directory());
        if let Some(root) = root.filter(|_| !self.is_adopted()) {
            // What fails here is said by the first read.
            let _ = tokio::fs::create_dir(root).await;
        }
    }

    /// Refuses a place where evidence never was, or is not now: for commands that are about the
    /// evidence itself.
    pub(crate) async fn is_mounted(&self) -> Result<(), Refusal> {
        let evidence = &**self.evidence()?;
        let mounted = evidence::is_mounted(evidence, &self.all_sources()).await;
        mounted.map_err(|error| Refusal::unknown(render(&error, None)))
    }

    /// Warns of such a place, for commands that tell of snapshots what the records say; each asks
    /// once. Whether there may be records, which without configured evidence there never are.
    pub(crate) async fn warn_unmounted(&self, console: &mut Console<'_>) -> Result<bool, Refusal> {
        let Some(evidence) = &self.evidence else {
            return Ok(false);
        };
        let sources = self.all_sources();
        let asking = evidence::is_mounted(&**evidence, &sources);
        match self.in_time("its evidence was not found", asking).await? {
            Ok(()) => Ok(true),
            Err(EvidenceError::Unmarked { location }) => {
                writeln!(console.err, "warning: {}", unmounted(&location))?;
                Ok(false)
            }
            Err(error) => Err(Refusal::unknown(render(&error, None))),
        }
    }

    fn all_sources(&self) -> Vec<SourceName> {
        self.ledgers.keys().cloned().collect()
    }

    /// Whether evidence was once found at its place.
    pub(crate) fn is_adopted(&self) -> bool {
        self.adopted.load(Ordering::Relaxed)
    }

    /// The same place as of a world before: what was known of it goes on.
    pub(crate) fn goes_on_from(&self, before: &Self) {
        self.adopted.store(before.is_adopted(), Ordering::Relaxed);
    }

    /// The storage of a source.
    ///
    /// # Panics
    /// If the source is of another configuration.
    pub fn storage(&self, source: &Source) -> Arc<dyn Storage> {
        let storage = self.storages.get(&source.repository);
        Arc::clone(storage.expect("invariant: every source names a configured repository"))
    }

    /// The named sources, or all, in the order of the file.
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

    /// One source by its name, or what to type.
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

    /// The ledger of a source; an unreadable one is an error, an absent one is empty.
    ///
    /// # Panics
    /// If the source is of another configuration.
    pub async fn ledger(&self, source: &SourceName) -> Result<Ledger, Refusal> {
        let known = self.ledgers.get(source);
        let known = known.expect("invariant: every source of a configuration has a ledger");
        let mut known = known.lock().await;
        if let Some(evidence) = &self.evidence {
            if self.is_adopted() {
                self.is_mounted().await?;
            }
            match known.refresh(&**evidence).await {
                // Not made yet, as far as this program saw.
                Err(EvidenceError::Unmarked { .. }) if !self.is_adopted() => {}
                refreshed => {
                    refreshed.map_err(|error| Refusal::unknown(render(&error, None)))?;
                }
            }
            if known.report().head.is_some() {
                self.adopted.store(true, Ordering::Relaxed);
            }
        }
        Ok(known.clone())
    }

    /// The same, as long as a survey may take and no longer.
    pub(crate) async fn ledger_in_time(&self, source: &SourceName) -> Result<Ledger, Refusal> {
        let reading = self.ledger(source);
        self.in_time("its evidence was not read", reading).await?
    }

    /// What asks the evidence, for as long as a survey may take: one that hangs, as a directory of
    /// a server that is away does, must not hold up a verification for ever.
    pub(crate) async fn in_time<T>(
        &self,
        not_done: &str,
        asking: impl Future<Output = T>,
    ) -> Result<T, Refusal> {
        let deadline = self.config.survey_deadline();
        timeout(deadline, asking).await.map_err(|_| {
            let seconds = deadline.as_secs();
            Refusal::unknown(format!(
                "{not_done} within {seconds} s\n\
                 hint: Look at the store of the evidence, or make exporter.refresh longer, of \
                 which that is twice."
            ))
        })
    }

    /// What was read of a repository, unless another survey is at it.
    pub(crate) fn heads(&self, name: &RepositoryName) -> Option<MutexGuard<'_, HeadCache>> {
        self.heads.get(name)?.try_lock().ok()
    }

    /// The configured runtime; connects to nothing yet.
    pub fn runtime(&self) -> Result<Arc<dyn Runtime>, Refusal> {
        let verifier = &self.config.verifier;
        let directory = Instance::default_directory(self.env);
        let instance = Instance::open(&directory, &identity::new_id())
            .map_err(|error| Refusal::unknown(render(&error, None)))?;
        let named = verifier
            .programs
            .values()
            .filter_map(|program| program.parent());
        let path = (self.env)("PATH").unwrap_or_default();
        let config = RuntimeConfig {
            instance: Arc::new(instance),
            pull: verifier.pull,
            pull_limit: PULL_MAX,
            variables: Variables::new(self.env),
            program_dirs: named
                .map(Into::into)
                .chain(std::env::split_paths(&path))
                .collect(),
            run_root: run_root(),
        };
        runtime::open(verifier.runtime.name, &config)
            .map_err(|error| Refusal::usage(render(&error, None)))
    }

    /// What every verification of this program shares.
    pub fn context(&self) -> Result<Context, Refusal> {
        Ok(Context {
            runtime: self.runtime()?,
            clock: self.clock.clone(),
            cancelled: self.cancelled.clone(),
            memory_bytes_max: self.config.verifier.memory_bytes_max,
            disk_bytes_max: self.config.verifier.disk_bytes_max,
            by: identity::host(),
            tool: ToolEvidence {
                version: env!("CARGO_PKG_VERSION").into(),
                config_digest: self.config.digest.clone(),
            },
        })
    }
}

#[cfg(test)]
mod tests;
