//! A place with a repository, evidence and a configuration, and the program run in it.

mod elsewhere;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tempfile::TempDir;
use tests::rdb_bytes;

pub(crate) use elsewhere::{Nobody, SmallDisk};

/// One verifier's world, removed at the end.
pub(crate) struct Bench {
    directory: TempDir,
    /// `verifier.runtime`
    runtime: &'static str,
    /// Further flags of the program.
    pub(crate) log: &'static [&'static str],
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
        let log = &["--log.level", "error"];
        let bench = Self {
            directory,
            runtime,
            log,
        };
        bench.configure("");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes the configuration anew, with `extra` lines of the source.
    pub(crate) fn configure(&self, extra: &str) {
        self.configure_limits("4GiB", "50GiB", extra);
    }

    /// The same with limits of memory and disk.
    pub(crate) fn configure_limits(&self, memory: &str, disk: &str, extra: &str) {
        let runtime = self.runtime;
        // The process runtime takes the programs of this machine.
        let images = match runtime {
            "process" => "",
            _ => "  pull: never\n  images: { redis: [\"redis:8.0\"] }\n",
        };
        let text = format!(
            "schema: 1\n\
             repositories: [{{ name: local, directory: repository }}]\n\
             evidence: {{ repository: {{ directory: evidence }} }}\n\
             verifier:\n  runtime: {runtime}\n{images}  \
             limits: {{ memory: {memory}, disk: {disk} }}\n\
             sources:\n  - name: cache\n    engine: redis\n    repository: local\n    \
             path: \"redis/%Y%m%d-%H%M.rdb\"\n    schedule: \"0 * * * *\"\n    settle: 0s\n{extra}"
        );
        fs::write(self.path("backups.yaml"), text).unwrap();
    }

    /// Puts a snapshot with two keys at this time of the first of November.
    pub(crate) fn snapshot(&self, hour: u32) -> PathBuf {
        let path = self.path(&format!("repository/redis/20261101-{hour:02}00.rdb"));
        fs::write(&path, rdb_bytes::two_keys()).unwrap();
        path
    }

    /// Puts these bytes there as they would lie since an hour: nothing looks at them twice.
    #[expect(
        clippy::disallowed_methods,
        reason = "a file is given a time of its own"
    )]
    pub(crate) fn put(&self, hour: u32, bytes: &[u8]) -> PathBuf {
        let path = self.snapshot(hour);
        fs::write(&path, bytes).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        let earlier = SystemTime::now() - Duration::from_hours(1);
        file.set_modified(earlier).unwrap();
        path
    }

    /// How many runs are there, living or dead: their lock files name them.
    pub(crate) fn runs(&self) -> usize {
        let runs = fs::read_dir(self.path("state/backup-witness/runs"));
        runs.map_or(0, Iterator::count)
    }

    /// One verification that begins with what lies there, and reads after `change`.
    pub(crate) fn verify_while(&self, change: impl FnOnce()) -> (i32, Vec<Value>) {
        let mut program = self.program(&["verify", "--format", "json"]);
        let running = self.paused(&mut program, "provisioned");
        eventually("a run that has chosen", || self.runs() == 1);
        change();
        self.go();
        Ran::from(running.wait_with_output().unwrap()).records()
    }

    /// Starts a program that waits at a fault point until [`go`](Self::go).
    pub(crate) fn paused(&self, program: &mut Command, point: &str) -> Child {
        program
            .env("FAULT_POINT", format!("{point}:pause"))
            .env("FAULT_UNTIL", self.path("go"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        program.spawn().unwrap()
    }

    /// Lets a program go on that waits at a fault point.
    pub(crate) fn go(&self) {
        fs::write(self.path("go"), "").unwrap();
    }

    /// The program, not started yet.
    pub(crate) fn program(&self, words: &[&str]) -> Command {
        let program = OsStr::new(env!("CARGO_BIN_EXE_verifier-under-test"));
        self.program_by(&[program], words)
    }

    /// The program, started by these words, which end with its own path.
    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test is run as a user does"
    )]
    pub(crate) fn program_by(&self, by: &[&OsStr], words: &[&str]) -> Command {
        let mut program = Command::new(by[0]);
        program
            .args(&by[1..])
            .args(["--config.file", "backups.yaml"])
            .args(self.log)
            .args(words)
            .current_dir(self.directory.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::null());
        program
    }

    /// The exporter over the same repository and evidence, not started yet.
    #[expect(
        clippy::disallowed_methods,
        reason = "the program is run as a user does"
    )]
    pub(crate) fn exporter(&self, words: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_exporter-under-test"));
        program
            .arg("--config.file")
            .arg(self.path("backups.yaml"))
            .args(words)
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        program
    }

    /// Runs one command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::of(&mut self.program(words))
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
        self.run(&["verify", "--format", "json"]).records()
    }
}

impl Ran {
    /// To its end.
    pub(crate) fn of(program: &mut Command) -> Self {
        Self::from(program.output().unwrap())
    }

    pub(crate) fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// With the records that were printed.
    pub(crate) fn records(self) -> (i32, Vec<Value>) {
        let records = serde_json::from_str(&self.out);
        let records = records.unwrap_or_else(|error| panic!("{error}: {self:?}"));
        (self.code, records)
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
pub(crate) fn eventually(what: &str, holds: impl FnMut() -> bool) {
    assert!(within_a_minute(holds), "never: {what}");
}

/// Waits as [`eventually`] does; false if it never holds.
#[expect(
    clippy::disallowed_methods,
    reason = "a real process is waited for, with a deadline"
)]
pub(crate) fn within_a_minute(mut holds: impl FnMut() -> bool) -> bool {
    let began = SystemTime::now();
    while !holds() {
        if began.elapsed().unwrap_or_default() >= Duration::from_mins(1) {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    true
}

/// Whether a directory holds nothing.
pub(crate) fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none())
}
