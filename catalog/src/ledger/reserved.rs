//! Small files beside the records, under names that begin with `.`: leases, notes of delivered
//! messages, drills. Each is created once and never changed.

use std::{fmt, fmt::Debug};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{LedgerError, MARKER};

/// Longest path of a reserved file, in bytes: file systems take 255 for each name, S3 1,024 for a
/// whole key.
const PATH_MAX: usize = 240;

/// Most files that one listing returns; of more it is an error.
pub(super) const LISTED_MAX: usize = 100_000;

/// Directory of the test whether a store overwrites, which is no caller's.
const EXCLUSIVE: &str = ".exclusive";

/// Path of a reserved file, or of a directory of such files, below the place of the records:
/// `.leases/cache/00000003.json`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservedPath(String);

impl ReservedPath {
    /// Checks a path: it begins with `.`, its parts are of letters, digits, `-`, `_` and `.`, and
    /// none of them is `.` or `..`. `None` if it is no such path, or one that this library uses
    /// itself.
    pub fn new(path: impl Into<String>) -> Option<Self> {
        let path = path.into();
        let plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
        let mut parts = path.split('/');
        let first = parts.clone().next()?;
        let is_path = path.starts_with('.')
            && path.len() <= PATH_MAX
            && first != MARKER
            && first != EXCLUSIVE
            && parts.all(|part| !matches!(part, "" | "." | "..") && part.chars().all(plain));
        is_path.then_some(Self(path))
    }

    /// The path of a file or directory below this one; `None` as for [`new`](Self::new).
    pub fn join(&self, below: impl fmt::Display) -> Option<Self> {
        Self::new(format!("{}/{below}", self.0))
    }

    /// The path as text, without a slash at its beginning or end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for ReservedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A reserved file, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedEntry {
    /// Its whole path below the place of the records.
    pub path: ReservedPath,
    /// When the file was created, by the store's clock.
    pub modified_at: Timestamp,
}

/// The reading of reserved files. Every operation errs with [`LedgerError::Store`] where the store
/// refuses or fails.
#[async_trait]
pub trait ReservedReader: Debug + Send + Sync {
    /// Lists all files below a directory, at any depth, in the order of their paths. A directory
    /// that does not exist has none.
    async fn list_reserved(&self, below: &ReservedPath) -> Result<Vec<ReservedEntry>, LedgerError>;

    /// Reads a file, at most [`RECORD_BYTES_MAX`](super::RECORD_BYTES_MAX) bytes of UTF-8; `None`
    /// if there is none. Errs with [`LedgerError::Store`] also where the text is longer or no text.
    async fn read_reserved(&self, path: &ReservedPath) -> Result<Option<String>, LedgerError>;
}

/// The writing of reserved files.
#[async_trait]
pub trait ReservedWriter: ReservedReader {
    /// Creates a file, durably; `false` if there is one under this name. Of several writers of one
    /// name exactly one is told `true`.
    async fn create_reserved(&self, path: &ReservedPath, text: &str) -> Result<bool, LedgerError>;

    /// Removes a file; a file that is already gone is no error.
    async fn remove_reserved(&self, path: &ReservedPath) -> Result<(), LedgerError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_path_stays_below_the_place_and_is_no_record() {
        let check = |path: &str, is: bool| {
            assert_eq!(ReservedPath::new(path).is_some(), is, "{path:?}");
        };
        check(".leases/cache/00000003.json", true);
        check(".notices/slack-2/.troubles/00000001.json", true);
        check(".drills", true);
        check("cache/00000001.json", false);
        check(".", false);
        check("..", false);
        check(".leases/../cache/00000001.json", false);
        check(".leases//x", false);
        check(".leases/", false);
        check("/.leases", false);
        check(".leases/a b", false);
        check(".leases/ü", false);
        check(".backup-evidence", false);
        check(".exclusive/raced-1", false);
        check(&format!(".{}", "x".repeat(PATH_MAX)), false);
        let leases = ReservedPath::new(".leases").expect("a path");
        let one = leases.join("cache/1.json").expect("a path");
        assert_eq!(
            (one.as_str(), one.name()),
            (".leases/cache/1.json", "1.json")
        );
        assert_eq!(leases.join("../x"), None);
    }
}
