//! The life of one object: read into its part, read back, compared with who knows it, named.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog::{
    evidence::Stage,
    model::{Pin, RepositoryName},
    storage::Storage,
};
use toolkit::words;

use super::{
    blocking::blocking,
    error::FetchError,
    part::{self, Part, Paths},
    place::{existing, place},
    plan::Note,
    read::fill,
    watch::Watch,
    witness::{Witness, Witnesses, uploaded},
};

/// Told to people while it goes on: a stage that begins, or a sentence.
pub(super) trait Listener: Send + Sync {
    fn stage(&self, stage: Stage);
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
    /// The object that `pin` names, as `name`, if it is what every witness saw, the checksum of its
    /// upload among them.
    pub(super) async fn object(
        &self,
        pin: &Pin,
        name: &str,
        witnesses: Vec<Witness>,
    ) -> Result<Fetched, FetchError> {
        let paths = Paths::new(&self.directory, name);
        let witnesses = Witnesses {
            seen: witnesses,
            upload: uploaded(&*self.storage, pin).await,
        };
        let sha256 = match self.already(&paths, pin.size_bytes, &witnesses).await? {
            Some(sha256) => sha256,
            None => self.anew(pin, paths.clone(), &witnesses).await?,
        };
        self.listener.say(&witnesses.vouched(name));
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
        witnesses: &Witnesses,
    ) -> Result<Option<String>, FetchError> {
        let whole = &paths.whole;
        let Ok(there) = std::fs::symlink_metadata(whole) else {
            return Ok(None);
        };
        if !there.is_file() || there.len() != size {
            return Err(FetchError::Taken(whole.into()));
        }
        // A checksum of the upload may be of 32 bits: it contradicts, but does not identify.
        if witnesses.seen.is_empty() {
            return Ok(None);
        }
        self.listener.stage(Stage::Check);
        let (path, watch) = (whole.clone(), self.watch.clone());
        let upload = witnesses.upload.clone();
        let found = blocking(move || existing(&path, upload, &watch)).await?;
        match found {
            Some(found) if witnesses.agree(&found) => {
                self.say_there(whole);
                let paths = paths.clone();
                blocking(move || {
                    Part::sweep(&paths);
                    Ok(())
                })
                .await?;
                Ok(Some(found.sha256))
            }
            Some(_) => Err(FetchError::Taken(whole.into())),
            None => Ok(None),
        }
    }

    async fn anew(
        &self,
        pin: &Pin,
        paths: Paths,
        witnesses: &Witnesses,
    ) -> Result<String, FetchError> {
        self.listener.stage(Stage::Fetch);
        let (note, size) = (Note::new(&self.repository, pin), pin.size_bytes);
        let whole = paths.whole.clone();
        let mut part = blocking(move || Part::open(paths, note, size)).await?;
        if part.bytes() > 0 {
            let (here, of) = (words::size(part.bytes()), words::size(size));
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
        self.listener.stage(Stage::Check);
        let (file, watch) = (Arc::clone(&part.file), self.watch.clone());
        let (path, upload) = (part.paths.part.clone(), witnesses.upload.clone());
        let hashed = blocking(move || {
            let hashed = part::hash(&file, upload, &watch);
            let hashed = hashed.map_err(|error| FetchError::local("read", &path, error))?;
            hashed.ok_or(FetchError::Interrupted)
        })
        .await?;
        if let Some(contradiction) = witnesses.contradiction(pin.key.as_str(), &hashed) {
            part.discard();
            return Err(contradiction);
        }
        let sha256 = hashed.sha256;
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
