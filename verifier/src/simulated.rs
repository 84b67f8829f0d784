//! A whole service in a time that only its caller knows: scheduler, drills and messages as `serve`
//! runs them, on a repository and records in memory. For tests and measurements.

mod records;

use std::{path::Path, sync::Arc, time::Duration};

use catalog::storage::{Storage, memory::Memory};
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;
use toolkit::{clock::Clock, exposition::ExpositionError, http::service::Program as _};

pub use crate::{
    notify::recorder::Recorder,
    supervise::{ScriptedRun, ScriptedVerdicts},
};
pub use records::{Condition, SimulatedRecords};

use crate::{
    driller::Driller,
    scheduler::{OpenedConfig, Scheduler, Verifier, fixtures::service_of},
    speaker::Speaker,
    world::World,
};

/// What a simulated service works on; clones share it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The clock, which goes on with tokio's time.
    pub clock: Clock,
    /// What stands for every repository of the configuration.
    pub repository: Memory,
    /// What stands for its evidence.
    pub records: SimulatedRecords,
    /// Decides what verifications come to.
    pub script: Option<ScriptedVerdicts>,
    /// Takes messages.
    pub recorder: Option<Recorder>,
}

impl Surroundings {
    /// The same configuration, whose verifications and messages are the script's.
    fn scripted(&self, mut opened: OpenedConfig) -> OpenedConfig {
        opened.context.script.clone_from(&self.script);
        opened.messenger.recorder.clone_from(&self.recorder);
        opened
    }
}

/// A service that runs.
#[derive(Debug)]
pub struct Simulated {
    service: Verifier,
    stop: CancellationToken,
    told: CancellationToken,
    scheduler: JoinHandle<()>,
    driller: JoinHandle<()>,
    speaker: JoinHandle<()>,
}

impl Simulated {
    /// Starts a service of an installation whose state lies in `home`.
    ///
    /// # Panics
    /// If the configuration cannot be used.
    pub fn start(home: &Path, config: &str, around: &Surroundings) -> Self {
        Self::start_at(home, config, &around.clock, Some(around))
    }

    fn start_at(home: &Path, config: &str, clock: &Clock, around: Option<&Surroundings>) -> Self {
        let (service, stop) = service_of(home, config, clock, |config, outside| {
            let Some(around) = around else {
                return OpenedConfig::new(config, outside);
            };
            let storage: Arc<dyn Storage> = Arc::new(around.repository.clone());
            let records = Arc::new(around.records.clone());
            let world = World::of(config, outside).replaced(&storage, records);
            let opened = OpenedConfig::of(world, outside)?;
            Ok(around.scripted(opened))
        });
        let told = CancellationToken::new();
        let (scheduling, drilling) = (stop.clone(), stop.clone());
        Self {
            scheduler: tokio::spawn(Scheduler::new(service.clone(), scheduling).run()),
            driller: tokio::spawn(Driller::new(service.clone(), drilling).run()),
            speaker: tokio::spawn(Speaker::new(service.clone(), told.clone()).run()),
            service,
            stop,
            told,
        }
    }

    /// Its answer to a scrape, now.
    ///
    /// # Errors
    /// A mistake of the program.
    pub fn metrics(&self) -> Result<String, ExpositionError> {
        self.service.metrics(None)
    }

    /// Ends the service as `kill -9` does.
    pub fn kill(self) {
        for task in [self.scheduler, self.driller, self.speaker] {
            task.abort();
        }
    }

    /// Stops the service as a signal does, and waits for its end.
    ///
    /// # Panics
    /// If a part of the service ended by itself.
    pub async fn end(self) {
        self.stop.cancel();
        let ended = [self.scheduler.await, self.driller.await];
        self.told.cancel();
        for ended in ended.into_iter().chain([self.speaker.await]) {
            ended.expect("it ends by itself");
        }
    }
}

/// A service of which nothing should be due.
#[derive(Debug)]
pub struct Quiet<'a> {
    /// Directory of the state of the installation.
    pub home: &'a Path,
    /// The configuration file as text.
    pub config: &'a str,
    /// The clock, which goes on with tokio's time.
    pub clock: Clock,
    /// Repository and records in memory; without them the service works on what the configuration
    /// names.
    pub stores: Option<(Memory, SimulatedRecords)>,
}

impl Quiet<'_> {
    /// Runs the service for these times, one after the other, and then stops it; `behind` is called
    /// at the end of each, while it still runs.
    ///
    /// # Panics
    /// If the configuration cannot be used, or the service ends by itself.
    pub async fn run(self, times: [Duration; 2], mut behind: impl FnMut()) {
        let around = self.stores.map(|(repository, records)| Surroundings {
            clock: self.clock.clone(),
            repository,
            records,
            script: None,
            recorder: None,
        });
        let simulated = Simulated::start_at(self.home, self.config, &self.clock, around.as_ref());
        for time in times {
            sleep(time).await;
            behind();
        }
        simulated.end().await;
    }
}

#[cfg(test)]
mod tests;
