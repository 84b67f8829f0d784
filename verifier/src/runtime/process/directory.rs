//! The directory of a run: its data, the verifier that owns it, and the processes that it started.
//!
//! `owner` and `processes` belong to us; only `data` belongs to the restored server, which must not
//! be able to tell a sweep whom to kill.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::root;
use crate::runtime::RunId;

/// The file `owner` of a run: which verifier made the run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) instance: String,
    /// End of the run; later anybody may remove it.
    pub(super) deadline: Timestamp,
    /// Id of the boot in which the run began: process numbers mean nothing after the next one.
    boot: String,
}

/// One run's directory.
#[derive(Debug, Clone)]
pub(super) struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    pub(super) fn create(
        root: &Path,
        run: &RunId,
        instance: &str,
        deadline: Timestamp,
        user: Option<(u32, u32)>,
    ) -> io::Result<Self> {
        let directory = Self::at(root, run);
        root::make(root, &directory.path)?;
        let (instance, boot) = (instance.to_owned(), boot()?);
        let owner = serde_json::to_vec(&Owner {
            instance,
            deadline,
            boot,
        })?;
        let mut file = private()
            .create_new(true)
            .open(directory.path.join("owner"))?;
        file.write_all(&owner)?;
        let data = directory.data();
        DirBuilder::new().mode(0o700).create(&data)?;
        if let Some((user, group)) = user {
            chown(&data, Some(user), Some(group))?;
        }
        Ok(directory)
    }

    pub(super) fn at(root: &Path, run: &RunId) -> Self {
        Self {
            path: root.join(&run.0),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Directory of the restored data; the working directory of every command.
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Reads whose run it is; `None` if that was never written, or cannot be understood.
    pub(super) fn owner(&self) -> Option<Owner> {
        serde_json::from_slice(&fs::read(self.path.join("owner")).ok()?).ok()
    }

    /// Notes a process, so that it can be found again after this verifier was killed.
    pub(super) fn note(&self, process: u32) -> io::Result<()> {
        let Some(started) = started(process) else {
            return Ok(());
        };
        let mut file = private()
            .create(true)
            .append(true)
            .open(self.path.join("processes"))?;
        file.write_all(format!("{process} {started}\n").as_bytes())
    }

    /// Returns the noted processes that still live: number and start time agree, and the machine
    /// was not booted since.
    pub(super) fn living(&self) -> Vec<u32> {
        let same_boot = self
            .owner()
            .is_some_and(|owner| boot().is_ok_and(|now| now == owner.boot));
        let notes = fs::read_to_string(self.path.join("processes")).unwrap_or_default();
        let parse = |line: &str| {
            let (process, start) = line.split_once(' ')?;
            Some((process.parse().ok()?, start.parse().ok()?))
        };
        let same = notes.lines().filter_map(parse).filter(|_| same_boot);
        same.filter(|(process, start): &(u32, u64)| started(*process) == Some(*start))
            .map(|(process, _)| process)
            .collect()
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?
        .trim()
        .to_owned())
}

/// Start time in clock ticks since boot: field 22 of `/proc/PID/stat` (`proc_pid_stat(5)`), counted
/// after the command's closing parenthesis, which follows field 2.
pub(super) fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_process_that_was_noted_is_found_again() {
        let root = tempfile::tempdir().unwrap();
        let run = RunId("r1".to_owned());
        let create = || RunDirectory::create(root.path(), &run, "us", Timestamp::MAX, None);
        let directory = create().unwrap();
        assert!(create().is_err(), "one run has one directory");
        assert!(directory.living().is_empty());
        directory.note(std::process::id()).unwrap();
        assert_eq!(directory.living(), [std::process::id()]);
        let notes = directory.path().join("processes");
        let reused = format!("{} 1\n4194304 7\nnonsense\n", std::process::id());
        fs::write(&notes, reused).unwrap();
        assert!(
            directory.living().is_empty(),
            "another start time is another process"
        );
        let found = RunDirectory::at(root.path(), &run).owner().unwrap();
        assert_eq!(
            (found.instance.as_str(), found.deadline),
            ("us", Timestamp::MAX)
        );
    }
}
