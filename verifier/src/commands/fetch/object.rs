//! The life of one object: read into its part, read back, compared with who knows it, named.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog::{
    model::{Pin, RepositoryName},
    storage::Storage,
};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    error::FetchError,
    part::{self, Part, Paths},
    place::{Watch, existing, place},
    plan::Note,
    read::fill,
    witness::Witness,
};
use crate::report;

/// Told to people while it goes on: a stage that begins, or a sentence.
pub(super) trait Listener: Send + Sync {
    fn stage(&self, stage: &'static str);
    fn say(&self, sentence: &str);
}

/// What all objects of one command share.
#[derive(Clone)]
pub(super) struct Fetcher {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) repository: RepositoryName,
    /// Exists.
    pub(super) directory: PathBuf,
    /// Most bytes read at once.
    pub(super) piece: u64,
    pub(super) watch: Watch,
    pub(super) listener: Arc<dyn Listener>,
}

/// A file that is whole, under its final name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    /// Below the directory as it was given.
    pub(super) path: PathBuf,
    /// Lower-case hexadecimal, of what was read back.
    pub(super) sha256: String,
}

impl Fetcher {
    /// The object that `pin` names, as `name`, if it is what every witness saw.
    pub(super) async fn object(
        &self,
        pin: &Pin,
        name: &str,
        witnesses: Vec<Witness>,
    ) -> Result<Fetched, FetchError> {
        let paths = Paths::new(&self.directory, name);
        let sha256 = match self.already(&paths, pin.size_bytes, &witnesses).await? {
            Some(sha256) => sha256,
            None => self.anew(pin, paths.clone(), &witnesses).await?,
        };
        self.listener.say(&vouched(name, &witnesses));
        Ok(Fetched {
            path: paths.whole,
            sha256,
        })
    }

    /// The digest of what has the final name, if that is this object beyond doubt. Without a
    /// witness it is in doubt as long as the object was not read.
    async fn already(
        &self,
        paths: &Paths,
        size: u64,
        witnesses: &[Witness],
    ) -> Result<Option<String>, FetchError> {
        let whole = &paths.whole;
        let Ok(there) = std::fs::symlink_metadata(whole) else {
            return Ok(None);
        };
        if !there.is_file() || there.len() != size {
            return Err(FetchError::Taken(whole.into()));
        }
        if witnesses.is_empty() {
            return Ok(None);
        }
        self.listener.stage("check");
        let (path, watch) = (whole.clone(), self.watch.clone());
        let found = blocking(move || existing(&path, &watch)).await?;
        let agrees = |found: &String| witnesses.iter().all(|it| it.sha256 == *found);
        match found {
            Some(found) if agrees(&found) => {
                self.say_there(whole);
                let paths = paths.clone();
                blocking(move || {
                    Part::sweep(&paths);
                    Ok(())
                })
                .await?;
                Ok(Some(found))
            }
            Some(_) => Err(FetchError::Taken(whole.into())),
            None => Ok(None),
        }
    }

    async fn anew(
        &self,
        pin: &Pin,
        paths: Paths,
        witnesses: &[Witness],
    ) -> Result<String, FetchError> {
        self.listener.stage("fetch");
        let (note, size) = (Note::new(&self.repository, pin), pin.size_bytes);
        let whole = paths.whole.clone();
        let mut part = blocking(move || Part::open(paths, note, size)).await?;
        if part.bytes() > 0 {
            let (here, of) = (report::bytes(part.bytes()), report::bytes(size));
            let name = whole.file_name().unwrap_or_default().display();
            self.listener
                .say(&format!("{name}: {here} of {of} are here already"));
        }
        fill(
            &mut part,
            &*self.storage,
            pin,
            self.piece,
            &self.watch.on_bytes,
        )
        .await?;
        self.listener.stage("check");
        let (file, watch) = (Arc::clone(&part.file), self.watch.clone());
        let path = part.paths.part.clone();
        let sha256 = blocking(move || {
            let hashed = part::hash(&file, &watch.cancelled, &watch.on_bytes);
            let hashed = hashed.map_err(|error| FetchError::local("read", &path, error))?;
            hashed.ok_or(FetchError::Interrupted)
        })
        .await?;
        if let Some(witness) = witnesses.iter().find(|it| it.sha256 != sha256) {
            part.discard();
            return Err(FetchError::Mismatch {
                key: pin.key.as_str().into(),
                found: sha256,
                expected: witness.sha256.clone(),
                witness: witness.who.clone(),
            });
        }
        let (digest, watch) = (sha256.clone(), self.watch.clone());
        if !blocking(move || place(&part, &digest, &watch)).await? {
            self.say_there(&whole);
        }
        Ok(sha256)
    }

    fn say_there(&self, whole: &Path) {
        let name = whole.file_name().unwrap_or_default().display();
        self.listener.say(&format!("{name} was there already"));
    }
}

/// Runs what waits for a disk where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    joined(spawn_blocking(work)).await
}

/// What a task came to; its panic is ours.
pub(super) async fn joined<T>(task: JoinHandle<Result<T, FetchError>>) -> Result<T, FetchError> {
    match task.await {
        Ok(done) => done,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => Err(FetchError::Interrupted),
        },
    }
}

fn vouched(name: &str, witnesses: &[Witness]) -> String {
    if witnesses.is_empty() {
        return format!(
            "nobody vouches for {name}: no record of having read it, no manifest with its digest\n\
             hint: Verify the snapshot, and fetch it with --verified."
        );
    }
    let who: Vec<_> = witnesses.iter().map(|it| it.who.as_str()).collect();
    format!(
        "{name} has the SHA-256 that is known from {}",
        who.join(" and from ")
    )
}
