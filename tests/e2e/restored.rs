//! The runbooks that restore a server, executed word for word against real servers.
//!
//! Such a page has *names*, which say where the server runs, and steps. A test replaces names and
//! nothing else; `tests/src/runbook.rs` says how blocks are marked. What a step is there to avoid
//! is shown to happen when the step is left out.

mod container;
mod neo4j;
mod redis;
mod service;

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::{Command, Stdio},
};

use tests::runbook::{Mark, Runbook};

use crate::bench::{Bench, Ran};

/// Seconds that one run of commands may take; only a failure takes so long.
const SECONDS_MAX: &str = "900";

/// Where `copy` and `copy_all` of a page copy from, if both are directories.
const DIRECTORIES: &str = "evidence=evidence\nrepository=repository\n\
     copy() { cp \"$@\"; }\ncopy_all() { cp -r \"$@\"; }\n";

/// A bench on which the newest snapshot is verified, and the page that restores it.
pub(crate) struct Recovery {
    pub(crate) bench: Bench,
    page: Runbook,
    /// The names that the test gives.
    pub(crate) names: String,
    /// The words that begin a shell where the commands are typed.
    pub(crate) shell: Vec<String>,
}

impl Recovery {
    /// Verifies what lies on the bench. Commands are typed there, until the test says otherwise.
    pub(crate) fn of(bench: Bench, page: &str) -> Self {
        let (code, records) = bench.verify();
        assert_eq!(code, 0, "{records:#?}");
        fs::create_dir(bench.path("bin")).unwrap();
        let program = env!("CARGO_BIN_EXE_verifier-under-test");
        symlink(program, bench.path("bin/backup-verifier")).unwrap();
        // The user of a server looks into it.
        fs::set_permissions(bench.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            bench,
            page: Runbook::read(&format!("scenarios/{page}.md")),
            names: String::new(),
            shell: vec!["bash".into()],
        }
    }

    /// Gives the names of the page itself, but for the first line: the name of this container.
    pub(crate) fn name_container(&mut self, name: &str) {
        let names = self.page.commands(&Mark::Names("container".into()));
        let (first, others) = names.split_once('\n').unwrap();
        assert!(first.starts_with("container="), "{first}");
        self.names = format!("container={name}\n{others}");
    }

    /// Executes blocks of the page in this order; all of their commands succeed.
    #[track_caller]
    pub(crate) fn execute(&self, blocks: &[&str]) -> Ran {
        let commands = blocks.iter().map(|name| self.block(name));
        let ran = self.type_in(&commands.collect::<String>());
        assert_eq!(ran.code, 0, "{blocks:?}: {ran:#?}");
        ran
    }

    /// Executes the blocks that copy the snapshot without the verifier.
    #[track_caller]
    pub(crate) fn copy_by_hand(&self) {
        let copied = self.type_in(&format!("{DIRECTORIES}{}", self.block("by hand")));
        copied.ends(0, ": OK\n");
    }

    /// Executes commands that are on no page, with the same names.
    #[expect(clippy::disallowed_methods, reason = "a person types commands")]
    pub(crate) fn type_in(&self, commands: &str) -> Ran {
        let path = env::var("PATH").unwrap_or_default();
        let bin = self.bench.path("bin");
        let mut typed = Command::new("timeout");
        typed
            .arg(SECONDS_MAX)
            .args(&self.shell)
            .args(["-euc", &format!("{}{commands}", self.names)])
            .current_dir(self.bench.path(""))
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("XDG_STATE_HOME", self.bench.path("state"))
            .stdin(Stdio::null());
        Ran::of(&mut typed)
    }

    fn block(&self, name: &str) -> String {
        self.page.commands(&Mark::Executed(name.into()))
    }
}

#[test]
fn what_a_page_says_is_executed_is_what_the_tests_execute() {
    let steps = [
        ("RestoreRedis", &redis::STEPS[..]),
        ("RestoreNeo4j", &neo4j::STEPS[..]),
    ];
    for (page, steps) in steps {
        let blocks = Runbook::read(&format!("scenarios/{page}.md")).blocks();
        let executed = |mark: Option<Mark>| match mark {
            Some(Mark::Executed(name)) => Some(name),
            _ => None,
        };
        let executed = blocks.into_iter().filter_map(|block| executed(block.mark));
        let steps = steps.iter().chain(&["by hand"]).map(ToString::to_string);
        let (executed, steps): (BTreeSet<_>, BTreeSet<_>) = (executed.collect(), steps.collect());
        assert_eq!(executed, steps, "{page}");
    }
}
