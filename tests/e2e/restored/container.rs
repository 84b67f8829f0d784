//! Redis in a container, with its data in a volume.

use std::process::Command;

use tests::require;

use super::redis::{Contents, OTHER, steps, verified_snapshot};
use crate::bench::{Ran, eventually};

/// Loads what servers up to its own version write, as that of this machine may be.
const IMAGE: &str = "redis:8.0";

/// A container, removed with its volumes at the end.
pub(crate) struct Container {
    pub(crate) name: String,
}

impl Container {
    /// Starts a container by these words of `docker run`, behind its name.
    pub(crate) fn run(name: &str, words: &[&str]) -> Self {
        let name = format!("restored-{name}-{}", std::process::id());
        let container = Self { name };
        let options = ["run", "--detach", "--network", "none", "--name"];
        let options = [&options[..], &[&container.name], words].concat();
        let ran = docker(&options);
        assert_eq!(ran.code, 0, "{ran:?}");
        container
    }

    /// Runs a command in it.
    pub(crate) fn exec(&self, words: &[&str]) -> Ran {
        docker(&[&["exec", &self.name], words].concat())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.name]);
    }
}

/// Runs a command of Docker.
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
pub(crate) fn docker(words: &[&str]) -> Ran {
    Ran::of(Command::new("docker").args(words))
}

fn ask(container: &Container, words: &[&str]) -> String {
    let ran = container.exec(&[&["redis-cli"], words].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    match words {
        // A list; its length is what the protocol tells first.
        ["FUNCTION", "LIST"] => ran.out.matches("library_name").count().to_string(),
        _ => ran.out.trim().to_owned(),
    }
}

fn restored(name: &str, append_only: bool) {
    let (mut recovery, snapshot) = verified_snapshot(false);
    let appended = if append_only { "yes" } else { "no" };
    let words = [IMAGE, "redis-server", "--save", "3600 1", "--appendonly"];
    let debug = [appended, "--enable-debug-command", "yes"];
    let container = Container::run(name, &[&words[..], &debug].concat());
    recovery.name_container(&container.name);
    let ping = ["redis-cli", "ping"];
    eventually("it answers", || container.exec(&ping).out == "PONG\n");
    for command in OTHER {
        ask(&container, command);
    }
    recovery.execute(&["fetch"]);
    recovery.execute(&steps(append_only));
    let contents = || Contents::asked(|words| ask(&container, words));
    assert_eq!(contents(), snapshot);
    recovery.execute(&["restart"]);
    assert_eq!(contents(), snapshot, "after one more restart");
}

#[test]
fn a_container_that_saves_at_its_end_is_restored() {
    require!(docker);
    require!(image IMAGE);
    require!(redis);
    restored("save", false);
}

#[test]
fn a_container_with_append_only_files_is_restored() {
    require!(docker);
    require!(image IMAGE);
    require!(redis);
    restored("appended", true);
}
