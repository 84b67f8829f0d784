//! Children of a sandbox: how one is started so that it cannot outlive us, and its process group.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, getuid, kill_process_group};
use tokio::process::{Child, Command};

/// Variable in the environment of every child that names the run; a sweep looks for it.
pub(super) const RUN_VARIABLE: &str = "BACKUP_WITNESS_RUN";

/// User and group `nobody` (65534 on every Linux since the 16-bit overflow ids).
const NOBODY: u32 = 65534;

/// `PATH` of every command, behind the directory of its image's program.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The rights that a child gives up before it starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Confinement {
    root: bool,
}

impl Confinement {
    pub(super) fn of_this_user() -> Self {
        Self {
            root: getuid().is_root(),
        }
    }

    pub(super) fn is_root(self) -> bool {
        self.root
    }

    /// User and group that must own the data directory, if it is not ours.
    pub(super) fn owner(self) -> Option<(u32, u32)> {
        self.root.then_some((NOBODY, NOBODY))
    }

    /// `setpriv` and its arguments: the child dies with us, gets no new privileges, and as root is
    /// root no more.
    fn words(self) -> Vec<String> {
        let mut words = ["setpriv", "--pdeathsig", "KILL", "--no-new-privs"]
            .map(str::to_owned)
            .to_vec();
        if self.root {
            words.extend([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")]);
            let rest = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all"];
            words.extend(rest.map(str::to_owned));
        }
        words.push("--".to_owned());
        words
    }
}

/// A child to be started in a directory with nothing of our environment.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) argv: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) directory: std::path::PathBuf,
    pub(super) confinement: Confinement,
}

impl Launch {
    /// Starts the child; must be called on the keeper's thread.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is what a sandbox of this runtime is"
    )]
    pub(super) fn spawn(&self, stdin: bool) -> io::Result<Child> {
        let words = self.confinement.words();
        Command::new(&words[0])
            .args(&words[1..])
            .args(&self.argv)
            .env_clear()
            .envs(&self.env)
            .current_dir(&self.directory)
            .stdin(if stdin { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }
}

/// Returns the environment of every child of a run.
pub(super) fn environment(run: &str, program: &str, home: &Path) -> BTreeMap<String, String> {
    let mut environment = plain(program);
    environment.insert("HOME".to_owned(), home.display().to_string());
    environment.insert(RUN_VARIABLE.to_owned(), run.to_owned());
    environment
}

/// Returns the environment of a program wherever it is run.
pub(super) fn plain(program: &str) -> BTreeMap<String, String> {
    let beside = Path::new(program).parent().filter(|dir| dir.is_absolute());
    let beside = beside
        .map(|dir| format!("{}:", dir.display()))
        .unwrap_or_default();
    BTreeMap::from([
        ("PATH".to_owned(), format!("{beside}{SEARCH_PATH}")),
        ("LANG".to_owned(), "C".to_owned()),
    ])
}

/// Exit code as a shell reports it: 128 + signal when killed; -1 if the status tells neither.
pub(super) fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(-1)
}

/// The process group of a child, killed when it is dropped unless the child has ended.
#[derive(Debug)]
pub(super) struct Group {
    leader: Option<Pid>,
}

impl Group {
    pub(super) fn of(child: &Child) -> Self {
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Self { leader }
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.leader.map(|leader| leader.as_raw_pid().unsigned_abs())
    }

    pub(super) fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // The group may have ended by itself.
            let _ = kill_process_group(leader, signal);
        }
    }

    /// Gives up the group: its child ended, and another process may soon have its number.
    pub(super) fn forget(&mut self) {
        self.leader = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
