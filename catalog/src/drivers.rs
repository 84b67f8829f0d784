//! Table of storage drivers, and places: where a repository or records lie, as a driver reads it.
//!
//! A driver is a module of [`storage`](crate::storage), a module of [`ledger`](crate::ledger) where
//! records may lie there, and a row here. Nothing above knows which drivers there are.

use std::{
    any::Any,
    fmt::{self, Debug, Display},
    path::Path,
    sync::Arc,
};

use settings::{Problems, Section};

use crate::{
    format::{Schema, SchemaGenerator},
    ledger::{DirectoryRecords, RecordWriter, S3Records},
    storage::{DirectoryRoot, DriverConfig, S3, Storage},
};

/// Every driver there is, in the order in which hints name them.
pub static DRIVERS: [&dyn Driver; 2] = [
    &DriverRow::<DirectoryRoot> {
        evidence: Some(|root| Arc::new(DirectoryRecords::new(&root.0))),
    },
    &DriverRow::<S3> {
        evidence: Some(|s3| Arc::new(S3Records::new(s3.clone()))),
    },
];

/// Value of `replica:`, which may be a bucket only.
pub type Replica = S3;

/// Kind of things that lie at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The snapshots of a repository.
    Snapshots,
    /// Evidence records.
    Records,
}

/// A row of [`DRIVERS`].
pub trait Driver: Debug + Send + Sync {
    /// Key of the driver in a repository of the configuration file.
    fn key(&self) -> &'static str;

    /// One sentence about the value of the key.
    fn about(&self) -> &'static str;

    /// The key with the shortest value, for hints.
    fn example(&self) -> &'static str;

    /// True if a place of this driver may hold `what`: snapshots always, records where the driver
    /// keeps them.
    fn may_hold(&self, what: Holds) -> bool;

    /// The JSON Schema of the value, which may be `null` as if it were not written.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// Reads the value of the key, for a place that [`may_hold`](Self::may_hold) `what`. Problems
    /// are added to `problems`; `None` comes back only if there is an error among them. `base` is
    /// the directory of the configuration file.
    fn read(
        &self,
        section: &Section,
        what: Holds,
        base: &Path,
        problems: &mut Problems,
    ) -> Option<Location>;
}

/// Function that opens the records at a place of one driver; nothing is read or made yet.
pub type OpenRecords<C> = fn(&C) -> Arc<dyn RecordWriter>;

/// A driver by the type of its configuration.
#[derive(Debug)]
pub struct DriverRow<C> {
    /// Function that opens records; `None` if the driver keeps none.
    pub evidence: Option<OpenRecords<C>>,
}

impl<C: DriverConfig> Driver for DriverRow<C> {
    fn key(&self) -> &'static str {
        C::KEY
    }

    fn about(&self) -> &'static str {
        C::ABOUT
    }

    fn example(&self) -> &'static str {
        C::EXAMPLE
    }

    fn may_hold(&self, what: Holds) -> bool {
        what == Holds::Snapshots || self.evidence.is_some()
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Option<C>>()
    }

    fn read(
        &self,
        section: &Section,
        what: Holds,
        base: &Path,
        problems: &mut Problems,
    ) -> Option<Location> {
        let mut config: C = section.read(problems)?;
        if what == Holds::Records {
            config = config.for_records();
        }
        let config = config.checked(&section.place(), base, problems);
        let evidence = self.evidence;
        Some(Location(Arc::new(At { config, evidence })))
    }
}

/// Place where a repository or records lie, as configured. Its `Display` is for people.
#[derive(Debug, Clone)]
pub struct Location(Arc<dyn Configured>);

impl Location {
    /// Opens the repository at this place; nothing is read yet.
    pub fn open(&self) -> Arc<dyn Storage> {
        self.0.open()
    }

    /// Opens the records at this place; nothing is read or made yet.
    ///
    /// # Panics
    /// If the driver keeps no records. A place is never read for [`Holds::Records`] by such a
    /// driver.
    pub fn open_records(&self) -> Arc<dyn RecordWriter> {
        let evidence = self.0.open_records();
        evidence.expect("invariant: evidence is configured only where a driver keeps records")
    }

    /// True if an object may be seen here before its writer has ended ([`Storage::grows`]).
    pub fn grows(&self) -> bool {
        self.open().grows()
    }

    /// The object under `key`, for people and their tools: a path or a URL. `version` names an
    /// older version.
    pub fn object(&self, key: &str, version: Option<&str>) -> String {
        self.0.object(key, version)
    }

    /// Returns the key, in `repository`, of the object `name` below this place. `None` if that is
    /// outside the repository.
    pub fn key_in(&self, repository: &Self, name: &str) -> Option<String> {
        self.0.key_in(&*repository.0, name)
    }

    /// Path of this place, if it is a directory of this machine.
    pub fn directory(&self) -> Option<&Path> {
        self.0.directory()
    }

    /// Configuration of this place, if its driver is the one of `C`.
    pub fn config<C: DriverConfig>(&self) -> Option<&C> {
        config(&*self.0)
    }
}

impl Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(&*other.0)
    }
}

impl Eq for Location {}

/// A place whose driver is not known to whoever asks.
trait Configured: Any + Debug + Display + Send + Sync {
    fn open(&self) -> Arc<dyn Storage>;
    fn open_records(&self) -> Option<Arc<dyn RecordWriter>>;
    fn object(&self, key: &str, version: Option<&str>) -> String;
    fn key_in(&self, repository: &dyn Configured, name: &str) -> Option<String>;
    fn directory(&self) -> Option<&Path>;
    fn is(&self, other: &dyn Configured) -> bool;
}

/// A place of one driver.
#[derive(Debug)]
struct At<C> {
    config: C,
    evidence: Option<OpenRecords<C>>,
}

impl<C: DriverConfig> Configured for At<C> {
    fn open(&self) -> Arc<dyn Storage> {
        self.config.open()
    }

    fn open_records(&self) -> Option<Arc<dyn RecordWriter>> {
        self.evidence.map(|open| open(&self.config))
    }

    fn object(&self, key: &str, version: Option<&str>) -> String {
        self.config.object(key, version)
    }

    fn key_in(&self, repository: &dyn Configured, name: &str) -> Option<String> {
        self.config.key_in(config(repository)?, name)
    }

    fn directory(&self) -> Option<&Path> {
        self.config.directory()
    }

    fn is(&self, other: &dyn Configured) -> bool {
        config(other) == Some(&self.config)
    }
}

impl<C: Display> Display for At<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

fn config<C: DriverConfig>(place: &dyn Configured) -> Option<&C> {
    let place: &dyn Any = place;
    place.downcast_ref::<At<C>>().map(|it| &it.config)
}

#[cfg(test)]
mod tests;
