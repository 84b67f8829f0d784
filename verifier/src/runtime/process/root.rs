//! The directory that holds every run of this user. It lies where anybody may write.
//!
//! A directory that somebody else made there first is not trusted: the files in a run's directory
//! say which processes a sweep kills.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use catalog::ledger::Reason;

use crate::runtime::SandboxError;

/// Mode of these directories: others may pass through and not list, because the server's user is
/// not ours.
const PASS_MODE: u32 = 0o711;

/// Bits of a mode by which group or others may write.
const FOREIGN_WRITERS: u32 = 0o022;

/// Most tries to make a run's directory: another verifier may remove the empty root between our two
/// steps.
const ATTEMPTS_MAX: u32 = 8;

/// Errs if the root is no directory, is a link or another user's, or may be written by others. A
/// root that does not exist is fine.
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

/// Makes `directory` below the root, and the root itself if it is not there.
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
    // The root is not empty, or already gone: both are fine.
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
