//! Both programs, whose time, repository and records are simulated.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use bytes::Bytes;
use catalog::{
    config::{Config, load},
    ledger::{MemoryRecords, RecordReader},
    model::RepositoryName,
    storage::{
        Counted, Operation, StorageReason,
        memory::{Fault, Memory},
    },
};
use exporter::{
    families::families,
    state::State,
    surveyor::{Surveyor, World},
};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::time::{Instant, Interval, interval_at};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use toolkit::{clock::Clock, exposition::render, published::Published};
use verifier::simulated::{Recorder, Simulated, SimulatedRecords, Surroundings};

use super::{
    END, LENGTH, SCRAPED_EVERY,
    samples::Samples,
    story::{self, SOURCES},
};
use crate::neo4j_archives::{Said, archive, store};

/// Scrapes that may wait to be written down.
const SCRAPES_AHEAD: usize = 64;

/// How long the repository takes to answer.
const ANSWERS_AFTER: Duration = Duration::from_millis(40);

/// Bytes of the largest snapshot, about; no page of them is touched but the first ones.
const SIZE_MAX: usize = 256 << 20;

/// Lives through the month and writes every scrape into a file of `OpenMetrics` at `path`.
///
/// # Panics
/// When a program fails, or the file cannot be written.
pub(super) fn live(path: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let samples = Samples::create(path).expect("a file");
    // The state goes on while what it was is still written down.
    let (sent, scrapes) = mpsc::sync_channel(SCRAPES_AHEAD);
    let writing = thread::spawn(move || write(scrapes, samples));
    runtime.block_on(async {
        let mut month = Month::begin();
        while month.now() < END {
            month.pass().await;
            sent.send(month.scrape()).expect("somebody writes");
        }
    });
    drop(sent);
    writing.join().expect("all is written");
}

/// What both programs have to say at one time.
struct Scrape {
    now: Timestamp,
    exporter: Arc<State>,
    /// `None` while the verifier is down.
    verifier: Option<String>,
}

fn write(scrapes: mpsc::Receiver<Scrape>, mut samples: Samples) {
    for Scrape {
        now,
        exporter,
        verifier,
    } in scrapes
    {
        let exposed = render(families(&exporter, now, None)).expect("metrics");
        for (job, answer) in [
            ("backup-exporter", Some(exposed)),
            ("backup-verifier", verifier),
        ] {
            let written = samples.scrape(job, answer.as_deref(), now);
            written.expect("written");
        }
    }
    samples.end().expect("written");
}

/// The month as far as it has passed.
struct Month {
    home: TempDir,
    around: Surroundings,
    storage: Counted,
    published: Published<State>,
    surveying: AbortOnDropHandle<()>,
    /// When a scrape is due.
    scrapes: Interval,
    /// `None` while the verifier is down.
    verifier: Option<Simulated>,
    /// The hour that was last begun.
    hour: i64,
    /// What lies in the repository, by the hour in which it is removed.
    kept: BTreeMap<i64, Vec<String>>,
    /// What snapshots of each engine are the beginning of.
    redis: Bytes,
    neo4j: Bytes,
}

impl Month {
    fn begin() -> Self {
        let clock = Clock::starting_at(END - LENGTH);
        let around = Surroundings {
            records: SimulatedRecords::new(MemoryRecords::default(), clock.clone()),
            clock,
            // What appears whole has no end to be looked at.
            repository: Memory::default().appearing_whole(),
            script: Some(story::verdicts()),
            recorder: Some(Recorder::default()),
        };
        let every = SCRAPED_EVERY.unsigned_abs();
        let config = configured(false);
        let published = Published::new(State::new(Arc::clone(&config), around.clock.now()));
        let storage = Counted::new(Arc::new(around.repository.clone()));
        Self {
            home: tempfile::tempdir().expect("a folder"),
            surveying: survey(config, &around, &storage, &published),
            around,
            storage,
            published,
            scrapes: interval_at(Instant::now() + every, every),
            verifier: None,
            hour: -1,
            kept: BTreeMap::new(),
            redis: large(b"REDIS0011\xfa\x09redis-ver\x057.0.0"),
            neo4j: large(&archive("DZV1", &store(), &Said::default())),
        }
    }

    fn now(&self) -> Timestamp {
        self.around.clock.now()
    }

    /// Lets the time until the next scrape pass.
    async fn pass(&mut self) {
        let hour = story::hour(self.now());
        if hour > self.hour {
            self.hour = hour;
            self.meet(hour).await;
        }
        self.scrapes.tick().await;
    }

    /// What happens at the begin of an hour.
    async fn meet(&mut self, hour: i64) {
        if hour == story::RENAMED {
            self.rename().await;
        }
        if let Some(recorder) = &self.around.recorder {
            recorder.set_away(story::AWAY.iter().any(|hours| hours.contains(&hour)));
        }
        self.around.repository.heal();
        self.around.repository.fail(Fault::Slow(ANSWERS_AFTER));
        for (at, hours) in [
            (Operation::List, story::REFUSED),
            (Operation::Read, story::UNREADABLE),
        ] {
            if hours.contains(&hour) {
                let reason = StorageReason::AccessDenied;
                self.around.repository.fail(Fault::Refuse { at, reason });
            }
        }
        self.back_up(hour);
        let is_down = story::DOWN.contains(&hour);
        match self.verifier.take() {
            Some(verifier) if is_down => verifier.kill(),
            None if !is_down => self.verify(),
            verifier => self.verifier = verifier,
        }
    }

    /// Takes the snapshots of this hour, and removes those that were kept long enough.
    fn back_up(&mut self, hour: i64) {
        let now = self.now();
        for source in SOURCES {
            let Some(bytes) = source.snapshot(hour) else {
                continue;
            };
            let (like, ending) = if source.is_graph() {
                (&self.neo4j, "dump")
            } else {
                (&self.redis, "rdb")
            };
            let key = format!("{}/{}.{ending}", source.folder, now.strftime("%Y%m%d-%H%M"));
            self.around
                .repository
                .put_at(&key, like.slice(..bytes), now);
            // It goes once its time is over.
            let gone = hour + source.kept + 1;
            self.kept.entry(gone).or_default().push(key);
        }
        for key in self.kept.remove(&hour).unwrap_or_default() {
            self.around.repository.remove(&key);
        }
    }

    /// Starts the verifier under the configuration of now.
    fn verify(&mut self) {
        let text = story::config(self.hour >= story::RENAMED);
        self.verifier = Some(Simulated::start(self.home.path(), &text, &self.around));
    }

    /// Both programs go on under the configuration with the new name.
    async fn rename(&mut self) {
        let (config, now) = (configured(true), self.now());
        self.published
            .update(|state| *state = state.under(Arc::clone(&config), now));
        self.surveying = survey(config, &self.around, &self.storage, &self.published);
        if let Some(verifier) = self.verifier.take() {
            verifier.end().await;
            self.verify();
        }
    }

    /// Scrapes both programs.
    fn scrape(&self) -> Scrape {
        let verifier = self.verifier.as_ref();
        Scrape {
            now: self.now(),
            exporter: self.published.get(),
            verifier: verifier.map(|it| it.metrics().expect("metrics")),
        }
    }
}

fn configured(is_renamed: bool) -> Arc<Config> {
    let loaded = load(Path::new("/backups.yaml"), &story::config(is_renamed));
    Arc::new(loaded.expect("a configuration").config)
}

/// Surveys under this configuration until the handle is dropped.
fn survey(
    config: Arc<Config>,
    around: &Surroundings,
    storage: &Counted,
    published: &Published<State>,
) -> AbortOnDropHandle<()> {
    let name = RepositoryName::new("cloud").expect("a name");
    let evidence: Arc<dyn RecordReader> = Arc::new(around.records.clone());
    let world = Arc::new(World {
        config,
        storages: [(name, storage.clone())].into(),
        evidence: Some(evidence),
    });
    let (published, clock) = (published.clone(), around.clock.clone());
    let surveyor = Surveyor::new(world, published, clock, Arc::new(|| 0.0));
    let surveying = async move { surveyor.run(CancellationToken::new()).await };
    AbortOnDropHandle::new(tokio::spawn(surveying))
}

/// A large snapshot that begins with `head`; its parts share memory.
fn large(head: &[u8]) -> Bytes {
    let mut bytes = vec![0; SIZE_MAX];
    bytes[..head.len()].copy_from_slice(head);
    bytes.into()
}
