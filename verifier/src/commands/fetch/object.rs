//! The life of one object: read into its part, read back, compared with who knows it, named.

use std::{ops::Range, path::PathBuf, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use catalog::{
    ledger::Stage,
    model::{Pin, RepositoryName, SourceName},
    storage::{Operation, Storage, StorageError, StorageReason},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::{join, task::spawn_blocking, time::sleep};
use toolkit::words;

use super::{
    error::FetchError,
    part::{Identity, PartFile, Paths, Watch},
    witness::{Witness, Witnesses},
};
use crate::{progress::ProgressLines, stream::upload_checksum, supervise};

/// Ranges that are read at once: enough to fill the line to an object store, and 40 MiB of memory
/// with the one that is being written.
const PARALLEL: usize = 4;

/// Waits before a range is tried again; after the last one it has failed. A driver over a network
/// has been patient already.
const WAITS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// What all objects of one command share.
pub(super) struct Fetcher {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) repository: RepositoryName,
    /// The directory to fetch into; it exists.
    pub(super) directory: PathBuf,
    /// Most bytes that one read asks for.
    pub(super) piece: u64,
    pub(super) watch: Watch,
    pub(super) source: SourceName,
    pub(super) progress: ProgressLines,
}

/// A file that is whole, under its final name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    /// Path of the file, below the directory as it was given.
    pub(super) path: PathBuf,
    /// SHA-256 of what was read back, lower-case hexadecimal.
    pub(super) sha256: String,
}

impl Fetcher {
    /// Fetches the object that `pin` names into the file `name`, if it is what every witness saw,
    /// the checksum of its upload among them.
    pub(super) async fn object(
        &self,
        pin: &Pin,
        name: &str,
        seen: Vec<Witness>,
    ) -> Result<Fetched, FetchError> {
        let upload = upload_checksum(&*self.storage, pin).await;
        let witnesses = Arc::new(Witnesses { seen, upload });
        let paths = Paths::new(&self.directory, name);
        let there = self.already(paths.clone(), pin.size_bytes, &witnesses);
        let (sha256, is_new) = match there.await? {
            Some(sha256) => (sha256, false),
            None => self.anew(paths.clone(), pin, &witnesses).await?,
        };
        if !is_new {
            self.say(&format!("{name} was there already"));
        }
        self.say(&witnesses.vouched(name));
        Ok(Fetched {
            path: paths.whole,
            sha256,
        })
    }

    /// Returns the digest of the file that has the final name, if it is this object beyond doubt.
    /// Without a witness it is in doubt as long as the object was not read.
    async fn already(
        &self,
        paths: Paths,
        size_bytes: u64,
        witnesses: &Arc<Witnesses>,
    ) -> Result<Option<String>, FetchError> {
        // A checksum of the upload may be of 32 bits: it contradicts, but does not identify.
        if !paths.is_taken(size_bytes)? || witnesses.seen.is_empty() {
            return Ok(None);
        }
        self.stage(Stage::Check);
        let (witnesses, watch) = (Arc::clone(witnesses), self.watch.clone());
        blocking(move || {
            let found = paths.hash(witnesses.upload.clone(), &watch)?;
            if witnesses.contradiction("", &found).is_some() {
                return Err(FetchError::Taken(paths.whole));
            }
            paths.sweep();
            Ok(Some(found.sha256))
        })
        .await
    }

    /// Reads the object; returns its digest, and whether the final name is new.
    async fn anew(
        &self,
        paths: Paths,
        pin: &Pin,
        witnesses: &Arc<Witnesses>,
    ) -> Result<(String, bool), FetchError> {
        self.stage(Stage::Fetch);
        let identity = Identity::new(&self.repository, pin, self.piece);
        let part = self.fill(paths, pin, identity).await?;
        self.stage(Stage::Check);
        let (witnesses, watch) = (Arc::clone(witnesses), self.watch.clone());
        let key = pin.key.clone();
        blocking(move || {
            let found = part.hash(witnesses.upload.clone(), &watch)?;
            if let Some(contradiction) = witnesses.contradiction(key.as_str(), &found) {
                part.paths.discard();
                return Err(contradiction);
            }
            let is_new = part.place(&found.sha256, &watch)?;
            Ok((found.sha256, is_new))
        })
        .await
    }

    /// Makes the part whole: what it misses is read a few ranges at once, and written in order.
    /// Whatever the outcome, nothing writes to the part any more when this returns: who opens it
    /// next finds it unlocked.
    async fn fill(
        &self,
        paths: Paths,
        pin: &Pin,
        identity: Identity,
    ) -> Result<PartFile, FetchError> {
        let name = paths.whole.clone();
        let missing = identity.clone();
        let mut part = blocking(move || PartFile::open(paths, &identity)).await?;
        let (here, of) = (part.bytes, pin.size_bytes);
        if here > 0 {
            let name = name.file_name().unwrap_or_default().display();
            let (here, of) = (words::size(here), words::size(of));
            self.say(&format!("{name}: {here} of {of} are here already"));
        }
        let tell = |read| (self.watch.tell)(supervise::Progress::Bytes { read, of });
        tell(here);
        let reads = stream::iter(missing.missing(here)).map(|range| self.patiently(pin, range));
        let mut reads = pin!(reads.buffered(PARALLEL));
        let mut read = reads.try_next().await?;
        while let Some(piece) = read {
            let written = blocking(move || part.append(&piece));
            let (written, next) = join!(written, reads.try_next());
            part = written?;
            tell(part.bytes);
            read = next?;
        }
        Ok(part)
    }

    /// Reads a range of the object, and tries again where that may help. A driver promises the
    /// bytes asked for; that nothing is put where it does not belong is ours.
    async fn patiently(&self, pin: &Pin, range: Range<u64>) -> Result<Bytes, StorageError> {
        let mut waits = WAITS.into_iter();
        loop {
            let error = match self.storage.read(pin, range.clone()).await {
                Ok(bytes) if bytes.len() as u64 == range.end - range.start => return Ok(bytes),
                Ok(_) => StorageError {
                    operation: Operation::Read,
                    subject: pin.key.to_string(),
                    reason: StorageReason::Truncated,
                    hint: String::new(),
                    source: None,
                },
                Err(error) => error,
            };
            let wait = waits.next().filter(|_| error.reason.is_transient());
            let Some(wait) = wait else { return Err(error) };
            tracing::debug!(%error, ?range, "a range is tried again");
            sleep(wait).await;
        }
    }

    fn stage(&self, stage: Stage) {
        (self.watch.tell)(supervise::Progress::Stage(stage));
    }

    fn say(&self, sentence: &str) {
        self.progress.say(&self.source, sentence);
    }
}

/// Runs work that waits for a disk where it holds up nobody; a panic of it is ours.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| match stopped.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_cancelled) => Err(FetchError::Interrupted),
    })
}
