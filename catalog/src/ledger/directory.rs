//! Records in a plain directory: `<evidence>/<source>/<sequence, 8 digits>.json`.
//!
//! A record appears under its name whole and durable, or not at all, whatever dies in between: it
//! is written and synced under a temporary name, then hard-linked, which fails where the name
//! exists.

mod create;
mod remove;
mod reserved;

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::{
    LedgerError, MARKER, RECORD_BYTES_MAX, RecordReader, RecordWriter, ReservedEntry, ReservedPath,
    ReservedReader, ReservedWriter,
    name::{file_name, sequence_of},
};
use crate::model::SourceName;

/// Most sequence numbers that one listing returns.
const PAGE_MAX: usize = 100_000;

/// Records below one directory, which must exist.
#[derive(Debug, Clone)]
pub struct DirectoryRecords {
    root: PathBuf,
}

impl DirectoryRecords {
    /// Names the directory; nothing in it is read or written yet.
    ///
    /// The directory is never created here: a volume that is not mounted must be an error, not an
    /// empty ledger. Where only the last part of its path is missing, the error is
    /// [`LedgerError::Unmarked`].
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn at(&self, path: &ReservedPath) -> PathBuf {
        self.root.join(path.as_str())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        source: &SourceName,
        work: impl FnOnce(&Path, SourceName) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (place, source) = (self.root.join(source.as_str()), source.clone());
        self.blocking_at(place, operation, |root| work(root, source))
            .await
    }

    /// Runs a blocking step on the root; errors name `place`.
    async fn blocking_at<T: Send + 'static>(
        &self,
        place: PathBuf,
        operation: &'static str,
        work: impl FnOnce(&Path) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let root = self.root.clone();
        let done = spawn_blocking(move || work(&root)).await;
        match done
            .map_err(|panic| Failure::Io(io::Error::other(panic)))
            .flatten()
        {
            Ok(done) => Ok(done),
            Err(Failure::Evidence(error)) => Err(error),
            Err(Failure::Io(error)) => Err(store(operation, &place, error)),
        }
    }
}

#[async_trait]
impl RecordReader for DirectoryRecords {
    fn place(&self) -> String {
        self.root.display().to_string()
    }

    async fn is_marked(&self) -> Result<bool, LedgerError> {
        let look = |root: &Path| match fs::symlink_metadata(root.join(MARKER)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                is_there(root)?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        };
        self.blocking_at(self.root.clone(), "read", look).await
    }

    async fn list(&self, source: &SourceName, after: u64) -> Result<Vec<u64>, LedgerError> {
        self.blocking("list", source, move |root, source| {
            let mut page = BTreeSet::new();
            each(root, &source, |sequence| {
                if sequence > after {
                    page.insert(sequence);
                }
                if page.len() > PAGE_MAX {
                    page.pop_last();
                }
            })?;
            Ok(page.into_iter().collect())
        })
        .await
    }

    async fn newest(&self, source: &SourceName) -> Result<Option<u64>, LedgerError> {
        self.blocking("list", source, |root, source| {
            let mut newest = None;
            each(root, &source, |sequence| {
                newest = newest.max(Some(sequence));
            })?;
            Ok(newest)
        })
        .await
    }

    async fn read(&self, source: &SourceName, sequence: u64) -> Result<String, LedgerError> {
        self.blocking("read", source, move |root, source| {
            read(root, source, sequence)
        })
        .await
    }
}

#[async_trait]
impl RecordWriter for DirectoryRecords {
    async fn mark(&self) -> Result<bool, LedgerError> {
        let mark = |root: &Path| Ok(create::mark(root)?);
        self.blocking_at(self.root.clone(), "write", mark).await
    }

    async fn time(&self) -> Result<Option<Timestamp>, LedgerError> {
        let time =
            |root: &Path| Ok(create::time(root).and_then(|time| Timestamp::try_from(time).ok()));
        self.blocking_at(self.root.clone(), "write", time).await
    }

    async fn create(
        &self,
        source: &SourceName,
        sequence: u64,
        text: &str,
    ) -> Result<(), LedgerError> {
        let text = text.to_owned();
        self.blocking("write", source, move |root, source| {
            if create::create(root, &source, sequence, &text)? {
                Ok(())
            } else {
                Err(LedgerError::Taken {
                    source_name: source,
                    sequence,
                }
                .into())
            }
        })
        .await
    }

    async fn remove(&self, source: &SourceName, sequence: u64) -> Result<(), LedgerError> {
        self.blocking("prune", source, move |root, source| {
            Ok(remove::remove(root, &source, sequence)?)
        })
        .await
    }
}

#[async_trait]
impl ReservedReader for DirectoryRecords {
    async fn list_reserved(&self, below: &ReservedPath) -> Result<Vec<ReservedEntry>, LedgerError> {
        let path = below.clone();
        self.blocking_at(self.at(below), "list", move |root| {
            Ok(reserved::list(root, &path)?)
        })
        .await
    }

    async fn read_reserved(&self, path: &ReservedPath) -> Result<Option<String>, LedgerError> {
        let of = path.clone();
        self.blocking_at(self.at(path), "read", move |root| {
            Ok(reserved::read(root, &of)?)
        })
        .await
    }
}

#[async_trait]
impl ReservedWriter for DirectoryRecords {
    async fn create_reserved(&self, path: &ReservedPath, text: &str) -> Result<bool, LedgerError> {
        let (of, text) = (path.clone(), text.to_owned());
        let create = move |root: &Path| Ok(reserved::create(root, &of, &text)?);
        self.blocking_at(self.at(path), "write", create).await
    }

    async fn remove_reserved(&self, path: &ReservedPath) -> Result<(), LedgerError> {
        let of = path.clone();
        self.blocking_at(self.at(path), "remove", move |root| {
            Ok(reserved::remove(root, &of)?)
        })
        .await
    }
}

/// What a blocking step fails with: an error that is already named, or the operating system's.
enum Failure {
    Evidence(LedgerError),
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Evidence(error)
    }
}

/// Calls `tell` with every sequence number that exists, in no order.
fn each(root: &Path, source_name: &SourceName, mut tell: impl FnMut(u64)) -> Result<(), Failure> {
    let entries = match fs::read_dir(root.join(source_name.as_str())) {
        // No record yet, unless the root itself is missing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return is_there(root),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        if let Some(sequence) = name.to_str().and_then(sequence_of) {
            tell(sequence);
        }
    }
    Ok(())
}

/// Errs if the root is not there: with [`LedgerError::Unmarked`] if its parent is, for then the
/// root is new, or part of a volume that is not mounted.
fn is_there(root: &Path) -> Result<(), Failure> {
    match fs::metadata(root) {
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && root.parent().is_some_and(Path::is_dir) =>
        {
            let location = root.display().to_string();
            Err(LedgerError::Unmarked { location }.into())
        }
        found => Ok(found.map(drop)?),
    }
}

fn read(root: &Path, source_name: SourceName, sequence: u64) -> Result<String, Failure> {
    let unreadable = |what: &str| {
        let (source_name, what) = (source_name.clone(), what.to_owned());
        Failure::Evidence(LedgerError::Unreadable {
            source_name,
            sequence,
            what,
        })
    };
    let file = match fs::File::open(root.join(source_name.as_str()).join(file_name(sequence))) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LedgerError::Gone {
                source_name,
                sequence,
            }
            .into());
        }
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(RECORD_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > RECORD_BYTES_MAX {
        return Err(unreadable("larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| unreadable("not UTF-8"))
}

fn store(operation: &'static str, place: &Path, error: io::Error) -> LedgerError {
    use io::ErrorKind as Kind;
    let hint = match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => "Free space, then run it again.",
        Kind::PermissionDenied => "Give the user that runs this program access to it.",
        Kind::ReadOnlyFilesystem => "Mount it writable for the verifier.",
        Kind::NotFound => "Create the evidence directory, or mount its volume.",
        Kind::Unsupported => "Evidence needs a file system with hard links.",
        _ => "",
    };
    let location = place.display().to_string();
    LedgerError::Store {
        operation,
        location,
        hint: hint.into(),
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests;
