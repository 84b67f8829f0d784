//! The configuration both programs share (design §3): read once, checked once, then trusted.
//!
//! [`load`] reports everything wrong at once. It opens no repository and reads no secret; what it
//! returns is plain data.

mod checks;
mod drills;
mod file;
mod known;
mod load;
mod mendable;
mod notify;
mod reading;
mod receivers;
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
    ledger::Ledger,
    model::{RepositoryName, SourceName},
    survey::SurveySource,
};

pub use drills::Drill;
pub use file::{ConfigError, load_file, load_file_again};
pub use known::Known;
pub use load::{Loaded, load, load_with};
pub use mendable::warn_mendable;
pub use receivers::{
    AddressAt, Heartbeat, MessageForm, NoticeKind, Notify, Receiver, SLACK_VARIABLE,
};
pub use runtimes::{RUNTIMES, RuntimeKind};
pub use schema::{schema, schema_with};
pub use written::{Policy, Pull};

/// Shortest deadline of a survey, however short the refresh.
const SURVEY_MIN: Duration = Duration::from_mins(1);

/// The whole configuration of both programs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Repositories in the order of the file, at least one.
    pub repositories: Vec<Repository>,
    /// Sources in the order of the file, at least one.
    pub sources: Vec<Source>,
    /// Place of the evidence records; the verifier cannot work without.
    pub evidence: Option<Evidence>,
    /// Time from one survey of a repository to the next.
    pub refresh: Duration,
    /// Settings of the verifier only.
    pub verifier: Verifier,
    /// Drills in the order of the file.
    pub drills: Vec<Drill>,
    /// `sha256:…` of the file's bytes.
    pub digest: String,
}

/// Place where snapshots lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Name, unique in the file.
    pub name: RepositoryName,
    /// The place, with its driver.
    pub location: Location,
    /// Capacity in bytes, if written.
    pub capacity_bytes: Option<u64>,
    /// Policies whose absence is a concern.
    pub require: Vec<Policy>,
}

/// A thing that is backed up.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name, unique in the file.
    pub name: SourceName,
    /// Place in the file where the source is written.
    pub place: Place,
    /// Former names: what was written down under them is the source's past.
    pub formerly: Vec<SourceName>,
    /// Format of its snapshots.
    pub format: &'static dyn Format,
    /// Values of the engine's own keys, parsed by its format.
    pub settings: Settings,
    /// Repository that holds its snapshots.
    pub repository: RepositoryName,
    /// Paths of its snapshots.
    pub layout: Layout,
    /// Rules for when one of its snapshots is complete.
    pub completeness: Completeness,
    /// Schedule at which snapshots are expected, if written.
    pub schedule: Option<Schedule>,
    /// Promises as written; [`assess`](mod@crate::assess) adds the defaults.
    pub objectives: Objectives,
    /// Time for which a file without an end may still be growing after its last change.
    pub settle: settings::Duration,
    /// Allowed lateness, if written.
    pub grace: Option<settings::Duration>,
    /// Whom to ask about the source, if written.
    pub owner: Option<String>,
    /// Settings of verifications; `None` = no proof is expected.
    pub verify: Option<Verify>,
}

impl Source {
    /// Returns the name of the source, and its former ones.
    pub fn names(&self) -> impl Iterator<Item = &SourceName> {
        [&self.name].into_iter().chain(&self.formerly)
    }

    /// Returns the ledger of the source, of which no record is read yet.
    pub fn unread_ledger(&self) -> Ledger {
        Ledger::new(self.name.clone()).formerly(&self.formerly)
    }
}

/// Settings of the verifications of one source.
#[derive(Debug, Clone)]
pub struct Verify {
    /// Reason that makes a verification due.
    pub due: Due,
    /// Image to restore with; `None`: the first of the list able to read the snapshot.
    pub image: Option<Located<String>>,
    /// Image that the same snapshot is restored into, too; the result is reported apart.
    pub rehearse: Option<Located<String>>,
    /// Deadline of a verification; `None`: 30 min + size ÷ 20 MB/s.
    pub deadline: Option<Duration>,
    /// Values of the engine's own expectations, parsed by its format.
    pub expect: Settings,
}

/// Reason that makes a verification due.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    /// Slots of a schedule.
    Schedule(Schedule),
    /// Every new complete snapshot.
    NewSnapshot,
    /// The proof grows older than `objectives.verification`.
    Objective,
}

/// Place where evidence records lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The place, whose driver keeps records.
    pub location: Location,
    /// Age from which on records are pruned behind a checkpoint; `None`: never.
    pub retention: Option<Duration>,
}

/// Settings of backup-verifier only.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// Runtime that provides sandboxes.
    pub runtime: &'static RuntimeKind,
    /// Number of verifications that run at once.
    pub parallel: usize,
    /// Limit of the memory of one sandbox, in bytes.
    pub memory_bytes_max: u64,
    /// Limit of the disk of one sandbox, in bytes.
    pub disk_bytes_max: u64,
    /// Images per engine, best first; engines that are not named here use their format's default.
    pub images: BTreeMap<String, Vec<String>>,
    /// Modules per engine: absolute paths inside an image, loaded beside the modules that it
    /// brings.
    pub modules: BTreeMap<String, Vec<String>>,
    /// Server programs per engine, for a runtime without images.
    pub programs: BTreeMap<String, PathBuf>,
    /// When images are pulled.
    pub pull: Pull,
    /// Time zone of `verify.schedule` and of the schedules of drills.
    pub time_zone: TimeZone,
    /// Number of inconclusive runs in a row after which people are told.
    pub inconclusive_after: usize,
    /// Receivers of messages.
    pub notify: Notify,
}

impl Source {
    /// Returns what a survey must know of this source.
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
    /// Longest time that the survey of one repository may take: twice the refresh, and at least a
    /// minute. A longer survey could not keep its promise of "now".
    pub fn survey_deadline(&self) -> Duration {
        (self.refresh * 2).max(SURVEY_MIN)
    }

    /// True if both configurations have their evidence at the same place, so that records read
    /// under one are those of the other.
    pub fn shares_evidence(&self, other: &Self) -> bool {
        let place = |it: &Self| it.evidence.as_ref().map(|it| it.location.clone());
        place(self) == place(other)
    }

    /// Finds a source by its name, or by a former one.
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

    /// Time that may pass from the last byte of a snapshot of this source until it counts as
    /// complete.
    ///
    /// Zero if objects appear whole in its repository, or if a required manifest says when a
    /// snapshot is whole.
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

    /// Returns what is expected of the verifier for this source.
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

    /// Image that this source is rehearsed in; `None` if it is not, or if the runtime has no
    /// images.
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
