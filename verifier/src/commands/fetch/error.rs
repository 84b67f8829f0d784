//! Why an object was not fetched, and which exit code says so.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog::storage::{StorageError, StorageReason, UploadAlgorithm};
use thiserror::Error;
use toolkit::{exit::Exit, problem::render};

use crate::console::Refusal;

/// Why one object was not fetched. Nothing lies under its final name because of us.
#[derive(Debug, Error)]
pub(super) enum FetchError {
    /// The storage refused, failed, or did so too often.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// One of our own files could not be used.
    #[error("cannot {doing} {}; hint: {hint}", path.display())]
    Local {
        doing: &'static str,
        path: PathBuf,
        hint: String,
        #[source]
        source: io::Error,
    },
    /// Another fetch holds the lock of the part.
    #[error(
        "{} is being written by another fetch; hint: Wait until it is done, or choose another --to.",
        .0.display()
    )]
    Busy(PathBuf),
    /// Something else has the final name.
    #[error(
        "{} is there already and is not this object; hint: Move it away, or choose another --to.",
        .0.display()
    )]
    Taken(PathBuf),
    /// What was read is not what a witness saw.
    #[error(
        "the SHA-256 of {key:?} is {found}, but {expected} according to {witness}; \
         hint: Nothing was kept. Fetch it again; if it stays so, verify it again or take another."
    )]
    Mismatch {
        key: String,
        found: String,
        expected: String,
        witness: String,
    },
    /// What was read is not what was uploaded. Whether it changed in the store or on the way,
    /// nobody can tell, so nothing is said of the snapshot.
    #[error(
        "the {algorithm} of {key:?} is not the one that the store keeps of its upload; \
         hint: Nothing was kept. Fetch it by another way; look at the store, proxies and this \
         machine's memory and disk."
    )]
    NotAsUploaded {
        key: String,
        algorithm: UploadAlgorithm,
    },
    /// Ctrl-C while it was read back.
    #[error("interrupted")]
    Interrupted,
}

impl FetchError {
    /// The error of the system about one of our own files.
    pub(super) fn local(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let hint = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "Make room and run it again: it goes on where it stopped.".into()
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "Choose a directory with --to that may be written.".into()
            }
            io::ErrorKind::NotFound => "Create what lacks, or correct --to.".into(),
            _ => String::new(),
        };
        Self::Local {
            doing,
            path: path.into(),
            hint,
            source,
        }
    }

    /// True if the object went away or became another one since it was listed.
    pub(super) fn is_outdated(&self) -> bool {
        let Self::Storage(error) = self else {
            return false;
        };
        matches!(
            error.reason,
            StorageReason::NotFound | StorageReason::Replaced
        )
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Mismatch { .. } => Exit::Failed,
            Self::Taken(_) => Exit::Usage,
            Self::Local { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::NotFound => Exit::Usage,
                _ => Exit::Unknown,
            },
            Self::Storage(_) | Self::Busy(_) | Self::NotAsUploaded { .. } | Self::Interrupted => {
                Exit::Unknown
            }
        }
    }
}

impl From<FetchError> for Refusal {
    fn from(error: FetchError) -> Self {
        let hint = match &error {
            FetchError::Storage(error) => Some(error.hint.as_str()),
            _ => None,
        };
        Self {
            exit: error.exit(),
            message: render(&error, hint),
            located: false,
        }
    }
}
