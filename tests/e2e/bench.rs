//! A place with a repository, evidence and a configuration, and the program run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tempfile::TempDir;
use tests::rdb_bytes;

/// One verifier's world, removed at the end.
pub(crate) struct Bench {
    directory: TempDir,
    /// `verifier.runtime`
    runtime: &'static str,
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Bench {
    /// With an empty repository.
    pub(crate) fn new(runtime: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["repository/redis", "evidence", "state"] {
            fs::create_dir_all(directory.path().join(name)).unwrap();
        }
        let bench = Self { directory, runtime };
        bench.configure("");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes the configuration anew, with `extra` lines of the source.
    pub(crate) fn configure(&self, extra: &str) {
        let runtime = self.runtime;
        let text = format!(
            "schema: 1\n\
             repositories: [{{ name: local, directory: repository }}]\n\
             evidence: {{ repository: {{ directory: evidence }} }}\n\
             verifier: {{ runtime: {runtime}, pull: never, images: {{ redis: [\"redis:8.0\"] }} }}\n\
             sources:\n  - name: cache\n    engine: redis\n    repository: local\n    \
             path: \"redis/%Y%m%d-%H%M.rdb\"\n    schedule: \"0 * * * *\"\n{extra}"
        );
        fs::write(self.path("backups.yaml"), text).unwrap();
    }

    /// Puts a snapshot with two keys at this time of the first of November.
    pub(crate) fn snapshot(&self, hour: u32) -> PathBuf {
        let path = self.path(&format!("repository/redis/20261101-{hour:02}00.rdb"));
        fs::write(&path, rdb_bytes::two_keys()).unwrap();
        path
    }

    /// The program, not started yet.
    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test is run as a user does"
    )]
    pub(crate) fn program(&self, words: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_verifier-under-test"));
        program
            .args(["--config.file", "backups.yaml", "--log.level", "error"])
            .args(words)
            .current_dir(self.directory.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::null());
        program
    }

    /// Runs one command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::of(&self.program(words).output().unwrap())
    }

    /// Runs a verification that a fault ends, and says that it did not end by itself.
    pub(crate) fn verify_until(&self, fault: &str) -> Output {
        self.program(&["verify"])
            .env("FAULT_POINT", fault)
            .output()
            .unwrap()
    }

    /// Starts a verification that stops at a fault point and stays there.
    pub(crate) fn hang_at(&self, point: &str) -> Child {
        let mut program = self.program(&["verify"]);
        program.env("FAULT_POINT", format!("{point}:hang"));
        program
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The records of one verification, as printed.
    pub(crate) fn verify(&self) -> (i32, Vec<Value>) {
        let ran = self.run(&["verify", "--format", "json"]);
        let records = serde_json::from_str(&ran.out);
        (
            ran.code,
            records.unwrap_or_else(|error| panic!("{error}: {ran:?}")),
        )
    }
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It ended like this, and said so.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, said: &str) {
        let both = format!("{}{}", self.out, self.err);
        assert_eq!(self.code, code, "{both}");
        assert!(both.contains(said), "{said:?} is not in:\n{both}");
    }
}

/// Waits until it holds; asks ten times a second, and gives up after a minute.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "a real process is waited for, with a deadline"
)]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = SystemTime::now();
    while !holds() {
        let waited = began.elapsed().unwrap_or_default();
        assert!(waited < Duration::from_mins(1), "never: {what}");
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Whether a directory holds anything.
pub(crate) fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none())
}
