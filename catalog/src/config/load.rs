//! Reader of the text of the file: from there to a [`Config`], with every problem on the way.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use serde::de::DeserializeOwned;
use settings::{Document, Located, Place, Problems, Section, Size};

use super::{
    Config, Evidence, Known, Repository, RuntimeKind, Verifier, checks, drills, notify,
    reading::Reading,
    source,
    written::{self, WrittenEvidence, WrittenNames, WrittenRepository, WrittenVerifier},
};
use crate::{
    digest,
    drivers::{Holds, Location},
    format::Format,
    model::RepositoryName,
};

/// The schema this version writes and reads.
const SCHEMA: u32 = 1;

/// Default of `exporter.refresh`: as often as a person looks again.
const REFRESH_SECONDS: u64 = 5 * 60;

/// Default limits of a sandbox in bytes (design §3).
const MEMORY_MAX: u64 = 4 << 30;
const DISK_MAX: u64 = 50 << 30;

/// A configuration that can be used, and what is doubtful about it.
#[derive(Debug)]
pub struct Loaded {
    /// The checked configuration.
    pub config: Config,
    /// Problems that are only warnings.
    pub warnings: Problems,
}

/// Reads `text`, the contents of `file`. Relative directories are relative to that of `file`.
///
/// On failure every error and warning is returned, in the order of the file.
pub fn load(file: &Path, text: &str) -> Result<Loaded, Problems> {
    load_with(&Known::default(), file, text)
}

/// As [`load`], for a file that may name what is in the tables `known`.
pub fn load_with(known: &Known, file: &Path, text: &str) -> Result<Loaded, Problems> {
    let document = Document::parse(&file.display().to_string(), text)?;
    let mut problems = document.problems();
    let newer = document
        .root()
        .get("schema")
        .and_then(|section| section.node().text()?.parse::<u32>().ok())
        .is_some_and(|schema| schema > SCHEMA);
    if newer {
        problems.tolerate_unknown_keys();
    }
    let written: Option<written::File> = document.root().read(&mut problems);
    let base = file.parent().unwrap_or(Path::new(""));
    let mut reading = Reading {
        base,
        known,
        problems: &mut problems,
        newer,
    };
    let config = written.map(|written| reading.config(&written, digest::sha256(text)));
    if config.is_none() {
        reading.places(document.root());
    }
    match config {
        Some(config) if !problems.has_errors() => Ok(Loaded {
            config,
            warnings: problems,
        }),
        _ => Err(problems),
    }
}

impl Reading<'_> {
    fn config(&mut self, written: &written::File, digest: String) -> Config {
        if written.schema.value < SCHEMA {
            let message = format!("schema {} does not exist", written.schema.value);
            self.problems
                .error(&written.schema.place, message)
                .hint("Write schema: 1.");
        } else if self.newer {
            self.problems.warning(
                &written.schema.place,
                "a newer version wrote this file; keys this version does not know are ignored",
            );
        }
        let repositories = self.repositories(&written.repositories);
        let verifier = self.verifier(written.verifier.as_ref());
        let sources = source::read_all(self, written, &repositories, &verifier.time_zone);
        let evidence = written.evidence.as_ref().and_then(|it| self.evidence(it));
        let exporter = written.exporter.as_ref();
        let refresh = exporter.and_then(|exporter| exporter.refresh.as_ref());
        let drills = drills::read_all(self, written, &sources, &verifier.time_zone);
        let config = Config {
            repositories,
            sources,
            evidence,
            refresh: self.refresh(refresh),
            verifier,
            drills,
            digest,
        };
        checks::nothing_here(written, &config, self.problems);
        checks::not_yet(written, self.problems);
        checks::across(written, &config, self.problems);
        notify::everybody_is_told(&config.verifier.notify, &config.sources, self.problems);
        config
    }

    /// Reads the places of repositories and evidence in a file that cannot be read as a whole, for
    /// their problems.
    fn places(&mut self, root: &Section) {
        let repositories = root.get("repositories");
        let repositories = repositories.and_then(|it| it.read::<Vec<_>>(self.problems));
        self.repositories(&repositories.unwrap_or_default());
        let evidence = root.get("evidence").filter(|it| !it.is_nothing());
        if let Some(evidence) = evidence.and_then(|it| it.read(self.problems)) {
            self.evidence(&evidence);
        }
    }

    fn repositories(&mut self, written: &[Section]) -> Vec<Repository> {
        let mut seen = HashSet::new();
        let mut repositories = Vec::new();
        for section in written {
            let Some(repository) = self.beside::<WrittenRepository>(section, Holds::Snapshots)
            else {
                continue;
            };
            let place = &repository.name.place;
            if !seen.insert(repository.name.value.clone()) {
                let message = format!("there are two repositories {:?}", repository.name.value);
                self.problems.error(place, message);
            }
            let name = self.ok(place, RepositoryName::new(&repository.name));
            checks::not_yet_there(&repository, self.problems);
            let location = self.location(section, place, Holds::Snapshots);
            let (Some(name), Some(location)) = (name, location) else {
                continue;
            };
            repositories.push(Repository {
                name,
                location,
                capacity_bytes: repository.capacity.map(Size::bytes),
                require: repository
                    .require
                    .as_ref()
                    .map_or_else(Vec::new, |it| it.value.clone()),
            });
        }
        repositories
    }

    fn evidence(&mut self, written: &WrittenEvidence) -> Option<Evidence> {
        let section = &written.repository;
        self.beside::<written::EvidenceRepository>(section, Holds::Records)?;
        let location = self.location(section, &section.place(), Holds::Records)?;
        let retention = written.retention.as_ref().map(|it| it.value.as_std());
        Some(Evidence {
            location,
            retention,
        })
    }

    /// Reads the keys that stand beside those of the drivers.
    fn beside<T: DeserializeOwned>(&mut self, section: &Section, what: Holds) -> Option<T> {
        let drivers = self.known.drivers_for(what);
        let keys: Vec<_> = drivers.iter().map(|it| it.key()).collect();
        section.read_beside(&keys, self.problems)
    }

    /// Reads the one place that is written. None or several are an error at `place`.
    fn location(&mut self, section: &Section, place: &Place, what: Holds) -> Option<Location> {
        let drivers = self.known.drivers_for(what);
        let mut read = Vec::new();
        for driver in &drivers {
            let value = section.get(driver.key()).filter(|it| !it.is_nothing());
            if let Some(value) = value {
                let location = driver.read(&value, what, self.base, self.problems);
                read.push((driver.key(), location));
            }
        }
        match &mut read[..] {
            [(_, location)] => return location.take(),
            [] => {
                let keys: Vec<_> = drivers.iter().map(|it| it.key()).collect();
                let message = format!("neither {} is written", keys.join(" nor "));
                let examples: Vec<_> = drivers.iter().map(|it| it.example()).collect();
                let hint = format!("Write {}.", examples.join(", or "));
                self.problems.error(place, message).hint(hint);
            }
            several => {
                let keys: Vec<_> = several.iter().map(|(key, _)| *key).collect();
                let message = format!(
                    "both {} are written; a repository is one of them",
                    keys.join(" and ")
                );
                self.problems.error(place, message);
            }
        }
        None
    }

    fn refresh(&mut self, written: Option<&Located<settings::Duration>>) -> std::time::Duration {
        let Some(refresh) = written else {
            return std::time::Duration::from_secs(REFRESH_SECONDS);
        };
        if refresh.as_std().is_zero() {
            self.problems
                .error(&refresh.place, "a refresh of zero would never rest");
        }
        refresh.as_std()
    }

    fn verifier(&mut self, written: Option<&WrittenVerifier>) -> Verifier {
        let none = WrittenVerifier::default();
        let written = written.unwrap_or(&none);
        if let Some(parallel) = written.parallel.as_ref().filter(|it| it.value == 0) {
            self.problems
                .error(&parallel.place, "parallel: 0 would never verify anything");
        }
        let limits = written.limits.as_ref();
        let time_zone = self.time_zone(written.time_zone.as_ref());
        let zone = time_zone.clone();
        Verifier {
            runtime: self.runtime(written.runtime.as_ref()),
            parallel: written
                .parallel
                .as_ref()
                .map_or(1, |parallel| parallel.value as usize),
            memory_bytes_max: limits
                .and_then(|it| it.memory)
                .map_or(MEMORY_MAX, Size::bytes),
            disk_bytes_max: limits.and_then(|it| it.disk).map_or(DISK_MAX, Size::bytes),
            images: self.images(written.images.as_ref()),
            modules: self.modules(written.modules.as_ref()),
            programs: self.engines(written.programs.as_ref()),
            pull: written.pull.as_ref().map(|it| it.value).unwrap_or_default(),
            time_zone,
            inconclusive_after: notify::inconclusive_after(written, self.problems),
            notify: notify::notify(written, self.base, &zone, self.problems),
        }
    }

    /// Returns the runtime of this name; the default if none is written, or if the name is unknown.
    fn runtime(&mut self, written: Option<&Located<String>>) -> &'static RuntimeKind {
        let known = self.known.runtimes;
        let Some(written) = written else {
            return &known[0];
        };
        let Some(kind) = known.iter().find(|it| it.name == written.value) else {
            let built = known.iter().filter(|it| it.is_built).map(|it| it.name);
            let built: Vec<_> = built.collect();
            let message = format!("there is no runtime {:?}", written.value);
            let hint = format!("Runtimes of this version: {}.", built.join(", "));
            self.problems.error(&written.place, message).hint(hint);
            return &known[0];
        };
        if !kind.is_built {
            let what = format!("the runtime {} is", kind.name);
            checks::unbuilt(&written.place, &what, self.problems);
        }
        kind
    }

    /// Reads the images that may restore, by engine.
    fn images(&mut self, written: Option<&Located<WrittenNames>>) -> BTreeMap<String, Vec<String>> {
        let named = self.engines(written);
        for image in named.values().flatten() {
            checks::image(image, "the list names", self.problems);
        }
        values(named)
    }

    /// Reads the files that servers load, by engine: absolute paths, for engines whose servers load
    /// any.
    fn modules(
        &mut self,
        written: Option<&Located<WrittenNames>>,
    ) -> BTreeMap<String, Vec<String>> {
        let named = self.engines(written);
        for (engine, files) in &named {
            let loads = crate::format::format(engine).is_none_or(Format::has_modules);
            if let Some(file) = files.first().filter(|_| !loads) {
                let message = format!("the servers of engine {engine} load no modules");
                self.problems.error(&file.place, message);
            }
            for file in files.iter().filter(|file| !file.value.starts_with('/')) {
                let message = format!("{:?} is no absolute path", file.value);
                let hint = "Write the path of the module's file inside the image.";
                self.problems.error(&file.place, message).hint(hint);
            }
        }
        values(named)
    }
}

/// Returns the values without their places.
fn values(named: WrittenNames) -> BTreeMap<String, Vec<String>> {
    let values = |named: Vec<Located<String>>| named.into_iter().map(|it| it.value).collect();
    let named = named.into_iter();
    named
        .map(|(engine, named)| (engine, values(named)))
        .collect()
}
