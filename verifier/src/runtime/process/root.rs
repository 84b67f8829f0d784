//! The directory that holds every run of this user, in a place where anybody may write.
//!
//! It must not believe a directory that somebody else made there first: what lies in a run's
//! directory says which processes a sweep kills.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use catalog::ledger::Reason;

use crate::runtime::SandboxError;

/// May be passed through, not listed: the server's user is another than ours.
const PASS_MODE: u32 = 0o711;

/// Group and others may write.
const FOREIGN_WRITERS: u32 = 0o022;

/// How often another verifier may remove it, empty, between our two steps.
const ATTEMPTS_MAX: u32 = 8;

/// Refuses a root that is a link, is another user's, or may be written by others; none at all is
/// fine.
pub(super) fn trusted(root: &Path) -> Result<(), SandboxError> {
    let us = rustix::process::geteuid().as_raw();
    let what = match fs::symlink_metadata(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => error.to_string(),
        Ok(found) if !found.is_dir() => "is no directory".into(),
        Ok(found) if found.uid() != us => format!("belongs to user {}", found.uid()),
        Ok(found) if found.mode() & FOREIGN_WRITERS != 0 => "may be written by others".into(),
        Ok(_) => return Ok(()),
    };
    let message = format!(
        "process: {} cannot be trusted: {what}\nhint: Look who made it, then remove it.",
        root.display()
    );
    Err(SandboxError::new(Reason::RuntimeUnavailable, message))
}

/// Makes `directory` below the root, and the root where it is not there.
pub(super) fn make(root: &Path, directory: &Path) -> io::Result<()> {
    let mut attempts = 0;
    loop {
        DirBuilder::new()
            .recursive(true)
            .mode(PASS_MODE)
            .create(root)?;
        attempts += 1;
        match DirBuilder::new().mode(PASS_MODE).create(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempts < ATTEMPTS_MAX => {}
            made => return made,
        }
    }
}

/// Removes the root if no run is left in it.
pub(super) fn tidy(root: &Path) {
    // Not empty, or already gone: both are fine.
    let _ = fs::remove_dir(root);
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn only_a_directory_that_is_ours_alone_is_believed() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runs");
        let refused = || trusted(&root).map_err(|error| error.message);
        assert_eq!(refused(), Ok(()), "none at all");
        make(&root, &root.join("r1")).unwrap();
        assert_eq!(refused(), Ok(()));
        fs::set_permissions(&root, Permissions::from_mode(0o777)).unwrap();
        assert!(refused().unwrap_err().contains("may be written by others"));
        fs::rename(&root, place.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(place.path().join("elsewhere"), &root).unwrap();
        assert!(refused().unwrap_err().contains("is no directory"));
        fs::remove_file(&root).unwrap();
        fs::write(&root, "").unwrap();
        assert!(refused().unwrap_err().contains("is no directory"));
    }

    #[test]
    fn an_empty_root_goes_and_one_with_a_run_stays() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runs");
        make(&root, &root.join("r1")).unwrap();
        assert!(
            make(&root, &root.join("r1")).is_err(),
            "one run has one directory"
        );
        tidy(&root);
        assert!(root.is_dir());
        fs::remove_dir(root.join("r1")).unwrap();
        tidy(&root);
        assert!(!root.exists());
    }
}
