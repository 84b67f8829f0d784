//! Opens everything that a configuration names.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    config::{Config, Repository},
    ledger::RecordReader,
    storage::Counted,
};

use crate::surveyor::World;

/// Opens the repositories and the evidence of a configuration. A repository with the same name and
/// location keeps its connection and its counts from `before`.
pub fn open(config: Config, before: Option<&World>) -> World {
    let mut storages = BTreeMap::new();
    for repository in &config.repositories {
        let storage = match before.and_then(|before| kept(before, repository)) {
            Some(storage) => storage,
            None => Counted::new(repository.location.open()),
        };
        storages.insert(repository.name.clone(), storage);
    }
    let evidence = config
        .evidence
        .as_ref()
        .map(|it| it.location.open_records() as Arc<dyn RecordReader>);
    World {
        config: Arc::new(config),
        storages,
        evidence,
    }
}

fn kept(before: &World, repository: &Repository) -> Option<Counted> {
    let mut known = before.config.repositories.iter();
    let same = known.any(|it| it.name == repository.name && it.location == repository.location);
    before
        .storages
        .get(&repository.name)
        .filter(|_| same)
        .cloned()
}
