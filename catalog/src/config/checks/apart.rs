//! Evidence lies apart from snapshots: among them its records would be counted, aged and pruned.

use std::path::Path;

use settings::{Place, Problems};

use super::super::{Config, written};
use crate::{drivers::Location, layout::Layout};

/// Reports every source whose snapshots the evidence would lie among.
pub(super) fn evidence(
    file: &written::File,
    config: &Config,
    evidence: &Location,
    problems: &mut Problems,
) {
    let place = file.evidence.as_ref().map(|it| it.repository.place());
    let place = place.unwrap_or_else(Place::whole);
    for repository in &config.repositories {
        for source in config.sources_of(&repository.name) {
            let is_among = |writer: &super::Source| {
                let record = format!("{}/00000001.json", writer.name);
                let key = evidence.key_in(&repository.location, &record);
                key.is_some_and(|key| source.layout.may_hold(&key))
            };
            let within = evidence.key_in(&repository.location, "");
            if config.sources.iter().any(is_among)
                || within.is_some_and(|within| below(&source.layout, Path::new(&within)))
            {
                let message = format!(
                    "the evidence would lie among the snapshots of {}",
                    source.name
                );
                let hint = "Write it to a directory or prefix of its own.";
                problems.error(&place, message).hint(hint);
            }
        }
    }
}

/// True if `within` lies in the directory that all keys of a path begin with, unless that is the
/// root.
fn below(layout: &Layout, within: &Path) -> bool {
    layout.listing_prefixes().any(|prefix| {
        let directory = prefix
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        !directory.is_empty() && within.starts_with(directory)
    })
}
