//! The directory that is fetched into: made if it is missing, and never a part of a repository.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use catalog::config::Config;

use super::{super::Refusal, error::FetchError};

/// Makes it; `false` if it was there.
pub(super) fn prepare(to: &Path, config: &Config) -> Result<bool, Refusal> {
    let failed = |error| Refusal::from(FetchError::local("use", to, error));
    let real = real(to).map_err(failed)?;
    if let Some(held) = held_by(&real, config) {
        return Err(Refusal::usage(format!(
            "{} lies in {held}\n\
             hint: A copy there could be taken for one of its objects. Choose another --to.",
            to.display()
        )));
    }
    match fs::create_dir(to) {
        Ok(()) => Ok(true),
        Err(_) if to.is_dir() => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(failed(io::ErrorKind::NotADirectory.into()))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Where it is, or would be.
fn real(to: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = to.parent().filter(|it| !it.as_os_str().is_empty());
            let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")))?;
            Ok(parent.join(to.file_name().unwrap_or_default()))
        }
        found => found,
    }
}

fn held_by(real: &Path, config: &Config) -> Option<String> {
    let repositories = config.repositories.iter();
    let repositories = repositories.map(|it| (format!("repository {}", it.name), &it.location));
    let evidence = config.evidence.iter();
    let evidence = evidence.map(|it| ("the evidence".into(), &it.location));
    let held = repositories.chain(evidence).find(|(_, location)| {
        let root = location
            .directory()
            .and_then(|it| fs::canonicalize(it).ok());
        root.is_some_and(|root| real.starts_with(root))
    });
    held.map(|(name, _)| name)
}
