//! A Docker engine of one test's own, which may be stopped, killed and started again.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::bench::within_a_minute;

/// A Docker engine with data, socket and processes of its own. It runs in namespaces for mounts and
/// processes, so that nothing of it is left once its first process has ended.
pub(super) struct OwnEngine {
    directory: TempDir,
    running: Option<Child>,
}

/// How an engine ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    /// It stops its containers, and itself: `systemctl stop docker`.
    Stopped,
    /// It is gone at once, with all containers: the machine lost power.
    Killed,
}

impl OwnEngine {
    /// Starts an engine that has this image of the engine of the tests. Errs with the reason where
    /// this machine cannot run a second one.
    pub(super) fn with_image(image: &str) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut engine = Self {
            directory,
            running: None,
        };
        engine.start()?;
        let load = "docker save \"$1\" | DOCKER_HOST=$2 docker load";
        let host = engine.host();
        let loaded =
            said(program("bash").args(["-o", "pipefail", "-c", load, "bash", image, &host]));
        loaded.map(|_| engine)
    }

    /// Its address, as `DOCKER_HOST` takes it.
    pub(super) fn host(&self) -> String {
        format!("unix://{}/socket", self.directory.path().display())
    }

    /// Starts it; errs with the reason where it does not answer.
    pub(super) fn start(&mut self) -> Result<(), String> {
        let at = |name: &str| self.directory.path().join(name);
        // These are in memory on a real machine, and so are gone after a loss of power.
        for name in ["run", "pid", "socket"] {
            let _ = fs::remove_dir_all(at(name)).or_else(|_| fs::remove_file(at(name)));
        }
        let log = File::create(at("log")).map_err(|error| error.to_string())?;
        let and_log = log.try_clone().map_err(|error| error.to_string())?;
        let started = program("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["dockerd", "--host", &self.host(), "--bridge", "none"])
            .args([
                "--iptables=false",
                "--ip6tables=false",
                "--ip-forward=false",
            ])
            .args(["--ip-masq=false", "--shutdown-timeout", "5", "--data-root"])
            .arg(at("data"))
            .arg("--exec-root")
            .arg(at("run"))
            .arg("--pidfile")
            .arg(at("pid"))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(and_log)
            .spawn();
        self.running = Some(started.map_err(|error| format!("unshare does not run: {error}"))?);
        let mut is_there = false;
        let is_decided = within_a_minute(|| {
            is_there = self.asked(&["version"]).is_ok();
            let ended = self.running.as_mut().and_then(|it| it.try_wait().ok()?);
            is_there || ended.is_some()
        });
        if is_decided && is_there {
            return Ok(());
        }
        let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        let last = log.lines().last().unwrap_or_default();
        Err(format!("a second engine does not start: {last}"))
    }

    /// Ends it.
    pub(super) fn end(&mut self, how: Ending) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        match how {
            Ending::Killed => drop(running.kill()),
            Ending::Stopped => {
                // The engine is the only child of the process that made its namespaces.
                let parent = running.id().to_string();
                let _ = said(program("pkill").args(["-TERM", "-P", &parent, "-x", "dockerd"]));
                within_a_minute(|| !matches!(running.try_wait(), Ok(None)));
                let _ = running.kill();
            }
        }
        let _ = running.wait();
    }

    /// Containers and volumes that it has.
    pub(super) fn left(&self) -> String {
        let containers = ["ps", "--all", "--format", "container {{.Names}}"];
        let volumes = ["volume", "ls", "--format", "volume {{.Name}}"];
        let [containers, volumes] = [self.asked(&containers), self.asked(&volumes)];
        format!("{}\n{}", containers.unwrap(), volumes.unwrap())
            .trim()
            .to_owned()
    }

    /// What it answers to a command of Docker.
    fn asked(&self, words: &[&str]) -> Result<String, String> {
        said(
            program("docker")
                .args(words)
                .env("DOCKER_HOST", self.host()),
        )
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        self.end(Ending::Killed);
        // What is left of mounts below belonged to its namespace.
        let directory: &Path = self.directory.path();
        let _ = fs::remove_dir_all(directory.join("data"));
    }
}

#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
fn program(name: &str) -> Command {
    Command::new(name)
}

/// What a command says; errs with what it complains of.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{command:?} does not run: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}
