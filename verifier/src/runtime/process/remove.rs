//! Ending and removing runs, also those of a verifier that was killed.
//!
//! A process is killed only if it is proven to belong to the run: it was noted with number and
//! start time, or carries the run in its environment. Each proof is made on a process handle, so a
//! number that was reused in between is never hit.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use catalog::ledger::Reason;
use jiff::Timestamp;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, sleep};

use super::{children::RUN_VARIABLE, directory::RunDirectory, root};
use crate::runtime::{Instance, RunId, SandboxError, SweepOutcome, SweepPolicy};

/// Longest wait until killed processes are gone.
const REMOVE_LIMIT: Duration = Duration::from_secs(30);

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Kills what is left of `run` and removes its directory; `Ok` means that nothing is left.
pub(super) async fn remove(root: &Path, run: &RunId) -> Result<(), SandboxError> {
    root::trusted(root)?;
    let directory = RunDirectory::at(root, run);
    let deadline = Instant::now() + REMOVE_LIMIT;
    loop {
        let left = kill_all(&directory, run);
        let removed = match fs::remove_dir_all(directory.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        let what = match removed {
            Ok(()) if left == 0 => {
                root::tidy(root);
                return Ok(());
            }
            Ok(()) => format!("{left} processes live on"),
            Err(error) => error.to_string(),
        };
        if Instant::now() >= deadline {
            let path = directory.path().display();
            let message = format!(
                "process: run {} could not be removed: {what}\nhint: End what uses {path} and \
                 remove that directory.",
                run.0
            );
            return Err(SandboxError::new(Reason::RuntimeUnavailable, message));
        }
        sleep(PAUSE).await;
    }
}

/// Kills every process of the run; returns how many were sent the signal.
fn kill_all(directory: &RunDirectory, run: &RunId) -> usize {
    let noted = directory.living();
    let mark = format!("{RUN_VARIABLE}={}", run.0);
    let is_ours =
        |process: u32| directory.living().contains(&process) || carries(process, mark.as_bytes());
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let marked = all.filter(|process| carries(*process, mark.as_bytes()));
    let found: Vec<u32> = marked.chain(noted).collect();
    found
        .into_iter()
        .filter(|process| kill(*process, is_ours))
        .count()
}

/// Kills one process if `is_ours` holds for it. The handle is opened first and the proof made
/// afterwards: the proof is then about the handle's process.
fn kill(process: u32, is_ours: impl Fn(u32) -> bool) -> bool {
    let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) else {
        return false;
    };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
        return false;
    };
    is_ours(process) && pidfd_send_signal(handle, Signal::KILL).is_ok()
}

/// True if an entry of the process' environment is exactly `mark`; a zombie has no environment.
fn carries(process: u32, mark: &[u8]) -> bool {
    let environ = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
    environ.split(|byte| *byte == 0).any(|entry| entry == mark)
}

/// Removes the runs that `policy` gives up. A run that cannot be removed does not stop the others.
pub(super) async fn sweep(
    root: &Path,
    instance: &Instance,
    policy: &SweepPolicy,
) -> Result<SweepOutcome, SandboxError> {
    root::trusted(root)?;
    let (mut swept, mut failed) = (SweepOutcome::default(), None);
    for path in runs(root) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let run = RunId(name.to_owned());
        let (owner, deadline) = match RunDirectory::at(root, &run).owner() {
            Some(owner) => (owner.instance, Some(owner.deadline)),
            // Its verifier was killed between making the directory and writing the owner.
            None => (String::new(), made_at(&path)),
        };
        if policy.gives_up(instance, &run, &owner, deadline) {
            match remove(root, &run).await {
                Ok(()) => swept.runs.push(run.clone()),
                Err(error) => failed = Some(error),
            }
            instance.release(&run);
        } else {
            swept.spared += 1;
        }
    }
    failed.map_or(Ok(swept), Err)
}

fn runs(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn made_at(path: &Path) -> Option<Timestamp> {
    Timestamp::try_from(path.metadata().ok()?.modified().ok()?).ok()
}
