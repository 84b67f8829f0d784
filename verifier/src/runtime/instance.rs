//! Identity of this installation of the verifier, and which of its runs are alive.
//!
//! A stable id names the installation; every run holds a file lock for as long as it lives. The
//! kernel frees the lock of a process that is killed, so a free lock proves that nobody holds the
//! run. Nothing here waits for a lock.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use thiserror::Error;

use super::RunId;

/// The state directory could not be used.
#[derive(Debug, Error)]
#[error(
    "state directory {path}: {source}\nhint: Make it writable for this user, or name another with \
     XDG_STATE_HOME."
)]
pub struct InstanceError {
    path: String,
    source: io::Error,
}

/// This installation, and the runs that live in this process.
#[derive(Debug)]
pub struct Instance {
    id: String,
    directory: PathBuf,
    /// Directory of the locks.
    locks: PathBuf,
    held: Mutex<HashMap<String, File>>,
}

impl Instance {
    /// Opens the state in `directory`, which is created (0700) if absent. `fresh` becomes the id of
    /// an installation that has none yet. Errs if the directory cannot be made, read or written.
    pub fn open(directory: &Path, fresh: &str) -> Result<Self, InstanceError> {
        let open = || -> io::Result<String> {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory.join("runs"))?;
            let path = directory.join("instance");
            if !path.exists() {
                create_once(&path, fresh)?;
            }
            Ok(fs::read_to_string(&path)?.trim().to_owned())
        };
        match open() {
            Ok(id) => Ok(Self {
                id,
                directory: directory.to_owned(),
                locks: directory.join("runs"),
                held: Mutex::default(),
            }),
            Err(source) => Err(InstanceError {
                path: directory.display().to_string(),
                source,
            }),
        }
    }

    /// This installation with locks of their own for leases: a lease is no run, and outlives its
    /// sandbox. Errs if their directory cannot be made.
    pub fn for_leases(&self) -> Result<Self, InstanceError> {
        let locks = self.directory.join("leases");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&locks);
        made.map_err(|source| InstanceError {
            path: locks.display().to_string(),
            source,
        })?;
        Ok(Self {
            id: self.id.clone(),
            directory: self.directory.clone(),
            locks,
            held: Mutex::default(),
        })
    }

    /// Returns the default directory of the state: below `$XDG_STATE_HOME`, `/var/lib` for root,
    /// `~/.local/state`, else the temporary directory. `variable` reads the environment.
    pub fn default_directory(variable: impl Fn(&str) -> Option<String>) -> PathBuf {
        const NAME: &str = "backup-witness";
        let absolute = |name: &str| {
            variable(name)
                .map(PathBuf::from)
                .filter(|p| p.is_absolute())
        };
        let user = rustix::process::getuid();
        if let Some(state) = absolute("XDG_STATE_HOME") {
            state.join(NAME)
        } else if user.is_root() {
            Path::new("/var/lib").join(NAME)
        } else if let Some(home) = absolute("HOME") {
            home.join(".local/state").join(NAME)
        } else {
            std::env::temp_dir().join(format!("{NAME}-{}", user.as_raw()))
        }
    }

    /// The stable id of this installation.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Directory of the state.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Marks `run` as alive until [`release`](Self::release) or the end of this process. Errs if
    /// the run is held already, or its lock cannot be made.
    pub fn hold(&self, run: &RunId) -> io::Result<()> {
        let path = self.lock_path(run);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        lock.try_lock()?;
        self.held().insert(run.0.clone(), lock);
        Ok(())
    }

    /// Marks `run` as over; what it may have left is then for a sweep.
    pub fn release(&self, run: &RunId) {
        // Removed while still locked: whoever opens the name afterwards makes a new file.
        let _ = fs::remove_file(self.lock_path(run));
        self.held().remove(&run.0);
    }

    /// True if a living process holds `run` of this installation, also if that cannot be told.
    pub fn is_alive(&self, run: &RunId) -> bool {
        match File::open(self.lock_path(run)) {
            Ok(lock) => lock.try_lock_shared().is_err(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    fn lock_path(&self, run: &RunId) -> PathBuf {
        self.locks.join(format!("{}.lock", run.0))
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, File>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `text` beside `path` and links it into place, so that two first starts agree on one id.
fn create_once(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_an_installation_is_chosen_once() {
        let state = tempfile::tempdir().unwrap();
        let directory = state.path().join("deep/down");
        assert_eq!(Instance::open(&directory, "first").unwrap().id(), "first");
        assert_eq!(Instance::open(&directory, "second").unwrap().id(), "first");
    }

    #[test]
    fn a_run_is_alive_for_everybody_until_released() {
        let state = tempfile::tempdir().unwrap();
        let ours = Instance::open(state.path(), "one").unwrap();
        let theirs = Instance::open(state.path(), "two").unwrap();
        let run = RunId("r1".to_owned());
        assert!(!theirs.is_alive(&run));
        ours.hold(&run).unwrap();
        assert!(theirs.is_alive(&run) && ours.is_alive(&run));
        assert!(theirs.hold(&run).is_err(), "one run has one holder");
        ours.release(&run);
        assert!(!theirs.is_alive(&run));
    }

    #[test]
    fn the_lock_of_a_holder_that_is_gone_is_free() {
        let state = tempfile::tempdir().unwrap();
        let run = RunId("r1".to_owned());
        let dead = Instance::open(state.path(), "one").unwrap();
        dead.hold(&run).unwrap();
        drop(dead);
        let living = Instance::open(state.path(), "one").unwrap();
        assert!(!living.is_alive(&run));
        assert!(
            state.path().join("runs/r1.lock").exists(),
            "as after kill -9"
        );
    }

    #[test]
    fn a_state_directory_that_cannot_be_made_says_where_and_what_to_do() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Instance::open(&file.path().join("below"), "id")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("below: ") && error.contains("hint: "),
            "{error}"
        );
    }

    #[test]
    fn the_default_directory_follows_the_environment() {
        let given = |name: &str| (name == "XDG_STATE_HOME").then(|| "/state".to_owned());
        assert_eq!(
            Instance::default_directory(given),
            Path::new("/state/backup-witness")
        );
        let relative = |name: &str| (name == "XDG_STATE_HOME").then(|| "state".to_owned());
        assert!(Instance::default_directory(relative).is_absolute());
    }
}
