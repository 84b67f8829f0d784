//! The program run where less is there or allowed: on a small disk, as another user.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::{Bench, Ran};

/// User and group `nobody`.
const NOBODY: u32 = 65534;

/// A disk of a few bytes over a directory, in a mount namespace of its own: nobody else sees it,
/// and it is gone with this value, however the test ends.
pub(crate) struct SmallDisk {
    holder: Child,
    directory: PathBuf,
}

impl SmallDisk {
    /// `size` as `mount -t tmpfs` reads it.
    #[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
    pub(crate) fn over(directory: &Path, size: &str) -> Self {
        // Ends when its input does, which is when this process ends.
        let script = "mount -t tmpfs -o mode=755,size=$1 tmpfs $0 && echo mounted && exec cat";
        let mut holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", script])
            .args([directory.as_os_str(), OsStr::new(size)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(holder.stdout.as_mut().unwrap());
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "mounted\n");
        let directory = directory.to_owned();
        Self { holder, directory }
    }

    /// What lies on it, from outside.
    pub(crate) fn path(&self) -> PathBuf {
        let below_root = self.directory.strip_prefix("/").unwrap();
        Path::new(&format!("/proc/{}/root", self.holder.id())).join(below_root)
    }

    /// Runs one command of the bench's program where the disk is seen.
    pub(crate) fn run(&self, bench: &Bench, words: &[&str]) -> Ran {
        let namespace = format!("--mount=/proc/{}/ns/mnt", self.holder.id());
        // Entering it changes the working directory to its root.
        let mut there = OsString::from("--chdir=");
        there.push(bench.path(""));
        let program = env!("CARGO_BIN_EXE_verifier-under-test");
        let by = ["nsenter", &namespace, "env"].map(OsStr::new);
        let by = [&by[..], &[&there, OsStr::new(program)]].concat();
        Ran::of(&mut bench.program_by(&by, words))
    }

    /// Leaves no byte free.
    pub(crate) fn fill(&self) -> PathBuf {
        let filler = self.path().join(".filler");
        let mut file = fs::File::create(&filler).unwrap();
        let full = std::io::copy(&mut std::io::repeat(0), &mut file).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A copy of the program that a user without any right can run in a bench: nothing is refused to
/// root, who runs the tests in a container.
pub(crate) struct Nobody {
    program: PathBuf,
}

impl Nobody {
    /// Everything of the bench is theirs from now on.
    pub(crate) fn of(bench: &Bench) -> Self {
        let program = bench.path("program");
        fs::copy(env!("CARGO_BIN_EXE_verifier-under-test"), &program).unwrap();
        for name in ["", "evidence", "state", "repository", "repository/redis"] {
            let path = bench.path(name);
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { program }
    }

    /// The bench's program, not started yet.
    pub(crate) fn program(&self, bench: &Bench, words: &[&str]) -> Command {
        let by = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ]
        .map(OsStr::new);
        bench.program_by(&[&by[..], &[self.program.as_os_str()]].concat(), words)
    }
}
