//! Walks a tree of files: pages of keys in byte order, with bounded memory.
//!
//! A directory sorts as its name with a `/` behind it. That alone makes the order of a walk the
//! order of whole keys (`a-`, `a.b`, `a/b`, `a0`).

use std::{
    collections::BinaryHeap,
    fs::{self, DirEntry, FileType},
    io::{self, ErrorKind},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    str, vec,
};

use super::{
    super::{ListFrom, Operation, PAGE_MAX, Page, StorageError, StorageReason},
    file::{failure, is_plain, object, resolve},
};
use crate::model::Key;

/// Most names of one directory that are held. A larger directory is read again from its beginning
/// for each further part: a million files in one directory cost 16 readings and not a million names
/// in memory.
const NAMES_MAX: usize = 65_536;

/// A walk through one tree; every call gives the next page.
#[derive(Debug)]
pub(super) struct Walker {
    root: PathBuf,
    from: ListFrom,
    levels: Option<Vec<Level>>,
    names_max: usize,
}

/// A directory being walked.
#[derive(Debug)]
struct Level {
    /// Key of the directory: empty, or ends with `/`.
    key: String,
    names: vec::IntoIter<Name>,
    /// The last name of `names` if the directory has more names behind it; `None` if not.
    resume_after: Option<Vec<u8>>,
}

/// One entry, ordered by its name as it appears in keys.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// The name, with a `/` behind it if the entry is a directory.
    order: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Directory,
    FileOrLink,
    Other,
}

impl Walker {
    pub(super) fn new(root: PathBuf, from: ListFrom) -> Self {
        Self {
            root,
            from,
            levels: None,
            names_max: NAMES_MAX,
        }
    }

    #[cfg(test)]
    pub(super) fn with_names_max(self, names_max: usize) -> Self {
        Self { names_max, ..self }
    }

    /// Returns the next page, of at most [`PAGE_MAX`] objects; `None` at the end.
    pub(super) fn next_page(&mut self) -> Result<Option<Page>, StorageError> {
        let mut page = Page::default();
        if self.levels.is_none() {
            self.levels = Some(Vec::new());
            self.begin(&mut page)?;
        }
        while page.objects.len() < PAGE_MAX {
            let Some((parent, name)) = self.next_name()? else {
                break;
            };
            self.visit(&parent, &name, &mut page)?;
        }
        Ok((page != Page::default()).then_some(page))
    }

    fn begin(&mut self, page: &mut Page) -> Result<(), StorageError> {
        let configured = self.root.clone();
        let root = fs::canonicalize(&configured).and_then(|root| fs::read_dir(&root).map(|_| root));
        self.root = root.map_err(|source| failure(Operation::List, &configured, source))?;
        let Some((parent, _)) = self.from.prefix.rsplit_once('/') else {
            return self.enter(String::new(), page);
        };
        let path = self.root.join(parent.trim_start_matches('/'));
        if !is_plain(parent) {
            return Ok(());
        }
        match fs::canonicalize(&path) {
            Ok(found) if found == path => self.enter(format!("{parent}/"), page),
            Ok(_) => Err(not_followed(&path)),
            // As in an object store: nothing has this prefix.
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(failure(Operation::List, &path, error)),
        }
    }

    fn enter(&mut self, key: String, page: &mut Page) -> Result<(), StorageError> {
        match self.names(&key, None) {
            Ok((names, resume_after)) => {
                let levels = self.levels.get_or_insert_default();
                levels.push(Level {
                    key,
                    names: names.into_iter(),
                    resume_after,
                });
            }
            Err(error) if is_gone(&error) => {}
            Err(error) if is_beyond_reach(&error, &key) => page.skipped += 1,
            Err(error) => return Err(failure(Operation::List, &self.root.join(&key), error)),
        }
        Ok(())
    }

    fn next_name(&mut self) -> Result<Option<(String, Name)>, StorageError> {
        loop {
            let Some(level) = self.levels.as_mut().and_then(|levels| levels.last_mut()) else {
                return Ok(None);
            };
            let key = level.key.clone();
            if let Some(name) = level.names.next() {
                return Ok(Some((key, name)));
            }
            let Some(after) = level.resume_after.take() else {
                self.levels.as_mut().and_then(Vec::pop);
                continue;
            };
            let more = self.names(&key, Some(&after));
            let (names, resume_after) =
                more.map_err(|source| failure(Operation::List, &self.root.join(&key), source))?;
            let levels = self.levels.get_or_insert_default();
            levels.pop();
            levels.push(Level {
                key,
                names: names.into_iter(),
                resume_after,
            });
        }
    }

    fn visit(&mut self, parent: &str, name: &Name, page: &mut Page) -> Result<(), StorageError> {
        let text = str::from_utf8(&name.order).ok();
        let Some(text) = text.filter(|_| name.kind != Kind::Other) else {
            page.skipped += 1;
            return Ok(());
        };
        let key = format!("{parent}{text}");
        if name.kind == Kind::Directory {
            return self.enter(key, page);
        }
        let path = self.root.join(&key);
        match resolve(&self.root, &path) {
            Ok((_, metadata)) => page.objects.push(object(Key::new(key), &metadata)),
            Err(_) if path.is_symlink() => page.skipped += 1,
            Err(error) if is_gone(&error) => {}
            Err(error) if error.kind() == ErrorKind::InvalidFilename => page.skipped += 1,
            Err(error) => return Err(failure(Operation::List, &path, error)),
        }
        Ok(())
    }

    /// Returns the first names of a directory behind `after`, sorted, and the last of them if there
    /// are more.
    fn names(&self, key: &str, after: Option<&[u8]>) -> io::Result<(Vec<Name>, Option<Vec<u8>>)> {
        let mut smallest = BinaryHeap::new();
        let mut more = false;
        for entry in fs::read_dir(self.root.join(key))? {
            let Some(name) = name_of(&entry?)? else {
                continue;
            };
            if after.is_some_and(|after| *name.order <= *after) || !self.wants(key, &name) {
                continue;
            }
            smallest.push(name);
            if smallest.len() > self.names_max {
                smallest.pop();
                more = true;
            }
        }
        let names = smallest.into_sorted_vec();
        let last = names.last().filter(|_| more).map(|name| name.order.clone());
        Ok((names, last))
    }

    /// True if this entry, or a key below it, lies within what is listed.
    fn wants(&self, parent: &str, name: &Name) -> bool {
        let full = [parent.as_bytes(), &name.order].concat();
        let below = name.kind == Kind::Directory;
        let prefix = self.from.prefix.as_bytes();
        let after = self.from.after.as_ref().map_or("", Key::as_str).as_bytes();
        let in_prefix = full.starts_with(prefix) || below && prefix.starts_with(&full);
        in_prefix && (*full > *after || below && after.starts_with(&full))
    }
}

fn name_of(entry: &DirEntry) -> io::Result<Option<Name>> {
    let kind = match entry.file_type() {
        Ok(kind) => kind_of(kind),
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut order = entry.file_name().as_bytes().to_vec();
    if kind == Kind::Directory {
        order.push(b'/');
    }
    Ok(Some(Name { order, kind }))
}

fn kind_of(kind: FileType) -> Kind {
    if kind.is_dir() {
        Kind::Directory
    } else if kind.is_file() || kind.is_symlink() {
        Kind::FileOrLink
    } else {
        Kind::Other
    }
}

fn not_followed(path: &Path) -> StorageError {
    StorageError {
        operation: Operation::List,
        subject: path.display().to_string(),
        reason: StorageReason::NotFound,
        hint: "Links to directories are not followed; name the directory itself.".into(),
        source: None,
    }
}

/// True if the entry was deleted while we walked: it is not there, as if we had come a moment
/// later.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// True for a path longer than the system can open, and for the `lost+found` that only root may
/// read and that every ext4 file system has at its root. Neither is a place for snapshots, so
/// neither is a reason to refuse the rest.
fn is_beyond_reach(error: &io::Error, key: &str) -> bool {
    let name = Path::new(key).file_name().unwrap_or_default();
    error.kind() == ErrorKind::InvalidFilename
        || error.kind() == ErrorKind::PermissionDenied && name == "lost+found"
}
