//! Context that every part of the file is read with, and helpers that many keys need.

use std::{collections::BTreeMap, path::Path};

use jiff::tz::TimeZone;
use settings::{Located, Place, Problems, Schedule};

use super::Known;
use crate::format::{FORMATS, format};

/// Context that every part of the file is read with.
pub(super) struct Reading<'a> {
    /// The directory of the file.
    pub(super) base: &'a Path,
    pub(super) known: &'a Known,
    pub(super) problems: &'a mut Problems,
    pub(super) newer: bool,
}

impl Reading<'_> {
    /// Reads a mapping by engine; a key that is no engine is an error.
    pub(super) fn engines<T: Clone>(
        &mut self,
        written: Option<&Located<BTreeMap<String, T>>>,
    ) -> BTreeMap<String, T> {
        let Some(written) = written else {
            return BTreeMap::new();
        };
        for engine in written.value.keys() {
            if format(engine).is_none() {
                let message = format!("there is no engine {engine:?}");
                self.problems
                    .error(&written.place, message)
                    .hint(known_engines());
            }
        }
        written.value.clone()
    }

    /// Reads a time zone of the IANA database, UTC if none is written.
    pub(super) fn time_zone(&mut self, written: Option<&Located<String>>) -> TimeZone {
        let Some(name) = written else {
            return TimeZone::UTC;
        };
        TimeZone::get(name).unwrap_or_else(|_| {
            let message = format!("{:?} is not a time zone", name.value);
            let hint = "Write a name of the IANA database, such as Europe/Berlin or UTC.";
            self.problems.error(&name.place, message).hint(hint);
            TimeZone::UTC
        })
    }

    /// Reads a schedule; `None` if it is wrong or not written. `zone` is its zone unless it names
    /// one.
    pub(super) fn schedule(
        &mut self,
        written: Option<&Located<String>>,
        zone: &TimeZone,
    ) -> Option<Schedule> {
        let written = written?;
        self.ok(&written.place, Schedule::parse(written, zone))
    }

    /// Returns the value, or notes the error as a problem at `place`.
    pub(super) fn ok<T, E: std::fmt::Display>(
        &mut self,
        place: &Place,
        result: Result<T, E>,
    ) -> Option<T> {
        result
            .map_err(|error| self.problems.error(place, error))
            .ok()
    }
}

/// A hint that lists the engines of this version.
pub(super) fn known_engines() -> String {
    let names: Vec<_> = FORMATS
        .iter()
        .map(|format| format.engine().as_str())
        .collect();
    format!("Engines of this version: {}.", names.join(", "))
}
