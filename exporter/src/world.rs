//! From a configuration to everything it names, opened.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    config::{ConfigError, Loaded, Repository},
    evidence::{self, EvidenceRead},
    storage::{self, Counted},
};
use thiserror::Error;

use crate::surveyor::World;

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum WorldError {
    /// Not readable, or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A repository it names cannot even be opened.
    #[error(transparent)]
    Storage(#[from] storage::OpenError),
    /// The evidence it names cannot even be opened.
    #[error(transparent)]
    Evidence(#[from] evidence::OpenError),
}

/// Opens what a configuration names. A repository that did not change keeps its connection and its
/// counts from `before`.
pub fn open(loaded: Loaded, before: Option<&World>) -> Result<World, WorldError> {
    let config = loaded.config;
    let mut storages = BTreeMap::new();
    for repository in &config.repositories {
        let storage = match before.and_then(|before| kept(before, repository)) {
            Some(storage) => storage,
            None => Counted::new(storage::open(&repository.location)?),
        };
        storages.insert(repository.name.clone(), storage);
    }
    let evidence = match &config.evidence {
        Some(evidence) => Some(evidence::open(&evidence.location)? as Arc<dyn EvidenceRead>),
        None => None,
    };
    Ok(World {
        config: Arc::new(config),
        storages,
        evidence,
    })
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
