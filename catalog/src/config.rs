//! The configuration both programs share (design §3): read once, checked once, then trusted.
//!
//! [`load`] reports everything wrong at once. It opens no repository and reads no secret; what it
//! returns is plain data.

mod checks;
mod file;
mod known;
mod load;
mod mendable;
mod reading;
mod runtimes;
mod schema;
mod settling;
mod source;
mod written;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use jiff::tz::TimeZone;
use settings::{Located, Place, Schedule};

use crate::{
    assess::{Objectives, Verifying},
    drivers::Location,
    format::{Format, Settings},
    grouping::{Completeness, ManifestRule},
    layout::Layout,
    model::{RepositoryName, SourceName},
    survey::SurveySource,
};

pub use file::{ConfigError, load_file, load_file_again};
pub use known::Known;
pub use load::{Loaded, load, load_with};
pub use mendable::warn_mendable;
pub use runtimes::{RUNTIMES, RuntimeKind};
pub use schema::{schema, schema_with};
pub use written::{Policy, Pull};

/// No survey is given less, however short the refresh.
const SURVEY_MIN: Duration = Duration::from_mins(1);

/// In `verifier.slack`: after how many inconclusive runs in a row people are told.
const INCONCLUSIVE_AFTER_KEY: &str = "inconclusive_after";

/// Everything both programs are told.
#[derive(Debug, Clone)]
pub struct Config {
    /// In the order of the file, at least one.
    pub repositories: Vec<Repository>,
    /// In the order of the file, at least one.
    pub sources: Vec<Source>,
    /// Where records lie; the verifier cannot work without.
    pub evidence: Option<Evidence>,
    /// How often repositories are surveyed.
    pub refresh: Duration,
    /// Of the verifier only.
    pub verifier: Verifier,
    /// `sha256:…` of the file's bytes.
    pub digest: String,
}

/// Where snapshots lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Unique.
    pub name: RepositoryName,
    /// The place, with its driver.
    pub location: Location,
    /// Bytes it can hold.
    pub capacity_bytes: Option<u64>,
    /// Policies whose absence is a concern.
    pub require: Vec<Policy>,
}

/// A thing that is backed up.
#[derive(Debug, Clone)]
pub struct Source {
    /// Unique.
    pub name: SourceName,
    /// Where it is written.
    pub place: Place,
    /// Names whose ledgers go on under `name`.
    pub formerly: Vec<SourceName>,
    /// What its snapshots are.
    pub format: &'static dyn Format,
    /// The engine's own keys, parsed by its format.
    pub settings: Settings,
    /// Where they lie.
    pub repository: RepositoryName,
    /// How their keys are made.
    pub layout: Layout,
    /// When a snapshot of it is whole.
    pub completeness: Completeness,
    /// When they are expected.
    pub schedule: Option<Schedule>,
    /// What was promised; only what is written: the defaults are [`assess`](mod@crate::assess)'s.
    pub objectives: Objectives,
    /// How long after its last change a file without an end may still be growing.
    pub settle: settings::Duration,
    /// Lateness allowed, if written.
    pub grace: Option<settings::Duration>,
    /// Who is asked.
    pub owner: Option<String>,
    /// How the proof is made; `None` = no proof is expected.
    pub verify: Option<Verify>,
}

/// How the proof of one source is made.
#[derive(Debug, Clone)]
pub struct Verify {
    /// What makes it due.
    pub due: Due,
    /// Instead of the first of the list able to read the snapshot.
    pub image: Option<Located<String>>,
    /// The same snapshot is restored into this image, too, and reported apart.
    pub rehearse: Option<Located<String>>,
    /// Instead of 30 min + size ÷ 20 MB/s.
    pub deadline: Option<Duration>,
    /// The engine's own expectations, parsed by its format.
    pub expect: Settings,
}

/// What makes a verification due.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    /// Slots of a schedule.
    Schedule(Schedule),
    /// Every new complete snapshot.
    NewSnapshot,
    /// The proof grows older than `objectives.verification`.
    Objective,
}

/// Where records lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The place, whose driver keeps records.
    pub location: Location,
    /// Older records are pruned behind a checkpoint.
    pub retention: Option<Duration>,
}

/// Of backup-verifier only.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// What provides sandboxes.
    pub runtime: &'static RuntimeKind,
    /// How many verifications run at once.
    pub parallel: usize,
    /// Cap of one sandbox.
    pub memory_bytes_max: u64,
    /// Cap of one sandbox.
    pub disk_bytes_max: u64,
    /// Per engine, best first; engines that are not named here use their format's default.
    pub images: BTreeMap<String, Vec<String>>,
    /// Per engine: absolute paths inside an image, loaded beside the modules that it brings.
    pub modules: BTreeMap<String, Vec<String>>,
    /// Per engine, for a runtime without images.
    pub programs: BTreeMap<String, PathBuf>,
    /// When images are pulled.
    pub pull: Pull,
    /// Of `verify.schedule`.
    pub time_zone: TimeZone,
    /// How many runs in a row may be inconclusive until people are told.
    pub inconclusive_after: usize,
}

impl Source {
    /// What a survey must know of it.
    pub fn surveyed(&self) -> SurveySource {
        SurveySource {
            name: self.name.clone(),
            format: self.format,
            settings: Settings::clone(&self.settings),
            layout: self.layout.clone(),
            completeness: self.completeness,
        }
    }
}

impl Config {
    /// How long the survey of one repository may take: twice the refresh, or it cannot keep its
    /// promise of "now".
    pub fn survey_deadline(&self) -> Duration {
        (self.refresh * 2).max(SURVEY_MIN)
    }

    /// Whether records that were read under this configuration are read under the other one.
    pub fn shares_evidence(&self, other: &Self) -> bool {
        let place = |it: &Self| it.evidence.as_ref().map(|it| it.location.clone());
        place(self) == place(other)
    }

    /// The source of this name, also by a former one.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| {
            source.name.as_str() == name || source.formerly.iter().any(|old| old.as_str() == name)
        })
    }

    /// The sources of one repository, in the order of the file.
    pub fn sources_of<'a>(
        &'a self,
        repository: &'a RepositoryName,
    ) -> impl Iterator<Item = &'a Source> {
        self.sources
            .iter()
            .filter(move |source| source.repository == *repository)
    }

    /// How much later than its last byte a snapshot of this source may count as complete: nothing
    /// is waited for where objects appear whole, or where a manifest says when it is whole.
    pub fn lateness_of(&self, source: &Source) -> settings::Duration {
        let mut repositories = self.repositories.iter();
        let repository = repositories.find(|it| it.name == source.repository);
        let appears_whole = repository.is_some_and(|it| !it.location.grows());
        let witnessed = source.completeness.manifest == ManifestRule::Required;
        if appears_whole || witnessed {
            settings::Duration::ZERO
        } else {
            source.settle
        }
    }

    /// What is expected of the verifier for this source.
    pub fn verifying(&self, source: &Source) -> Verifying {
        let verify = source.verify.as_ref();
        let due = verify.map(|verify| &verify.due);
        Verifying {
            schedule: match due {
                Some(Due::Schedule(schedule)) => Some(schedule.clone()),
                _ => None,
            },
            each_snapshot: due == Some(&Due::NewSnapshot),
            deadline: verify.and_then(|verify| verify.deadline),
            names_have_time: source.layout.has_time(),
            inconclusive_after: self.verifier.inconclusive_after,
        }
    }

    /// The image this source is rehearsed in, if the runtime has images.
    pub fn rehearsal_of(&self, source: &Source) -> Option<String> {
        let image = source.verify.as_ref()?.rehearse.as_ref()?;
        let has_images = self.verifier.runtime.has_images;
        has_images.then(|| image.value.clone())
    }

    /// The modules named for the servers that restore this source.
    pub fn modules_of(&self, source: &Source) -> Vec<String> {
        let named = self.verifier.modules.get(source.format.engine().as_str());
        named.cloned().unwrap_or_default()
    }

    /// The images that may restore this source, best first.
    pub fn images_of(&self, source: &Source) -> Vec<String> {
        let only = source.verify.as_ref().and_then(|it| it.image.as_ref());
        if let Some(image) = only {
            return vec![image.value.clone()];
        }
        let engine = source.format.engine().as_str();
        let default = || {
            source
                .format
                .default_images()
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        self.verifier
            .images
            .get(engine)
            .cloned()
            .unwrap_or_else(default)
    }
}

#[cfg(test)]
mod tests;
