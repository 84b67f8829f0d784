//! The files of a web configuration, and whether any of them has changed.
//!
//! They are small, so they are read again and compared by digest: a modification time can be
//! coarse, and a mounted secret changes by a link. The digest is keyed and in memory only.

use std::{
    collections::hash_map::RandomState,
    fs::{self, File},
    hash::{BuildHasher as _, Hasher as _},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// Largest file, in bytes: what the parser allows, and more than all public issuers together.
const FILE_MAX: u64 = 1024 * 1024;

/// Reads files and remembers the digest of each.
#[derive(Debug, Default)]
pub(super) struct Files {
    key: RandomState,
    read: Vec<(PathBuf, u64)>,
}

impl Files {
    /// Reads a whole regular file, at most 1 MiB, and remembers its digest or error.
    pub(super) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let content = content(path);
        let digest = self.digest(&content);
        self.read.push((path.to_owned(), digest));
        content
    }

    /// True if any file that was read differs by now, or became readable or unreadable.
    pub(super) fn changed(&self) -> bool {
        let mut read = self.read.iter();
        read.any(|(path, digest)| self.digest(&content(path)) != *digest)
    }

    fn digest(&self, content: &io::Result<Vec<u8>>) -> u64 {
        let mut hasher = self.key.build_hasher();
        match content {
            Ok(bytes) => {
                hasher.write_u8(0);
                hasher.write(bytes);
            }
            Err(error) => hasher.write(error.to_string().as_bytes()),
        }
        hasher.finish()
    }
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    // The type is looked at before the file is opened: opening a pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(FILE_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_of_a_file_is_noticed_also_when_it_comes_and_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("web.yml");
        let mut files = Files::default();
        assert!(files.read(&path).is_err());
        assert!(!files.changed());
        fs::write(&path, "one").unwrap();
        assert!(files.changed());

        let mut files = Files::default();
        assert_eq!(files.read(&path).unwrap(), b"one");
        assert!(!files.changed());
        fs::write(&path, "two").unwrap();
        assert!(files.changed());
        fs::write(&path, "one").unwrap();
        assert!(!files.changed());
        fs::remove_file(&path).unwrap();
        assert!(files.changed());
    }

    #[test]
    fn a_directory_and_what_is_too_large_are_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let error = Files::default().read(directory.path()).unwrap_err();
        assert_eq!(error.to_string(), "not a file");
        let path = directory.path().join("large");
        File::create(&path).unwrap().set_len(FILE_MAX + 1).unwrap();
        let error = Files::default().read(&path).unwrap_err();
        assert_eq!(error.to_string(), "larger than 1 MiB");
    }
}
