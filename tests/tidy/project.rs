//! The recipes, the scripts and the documents agree with each other.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::tree::{self, File};
use crate::{Complaint, clean};

const MOST_RECIPES: usize = 12;

#[test]
fn every_recipe_explains_itself_and_is_in_the_readme() {
    let makefile = file("Makefile").expect("the Makefile");
    clean(&unexplained(makefile));
    if let Some(readme) = file("README.md") {
        clean(&unmentioned(makefile, readme));
    }
    let bad = File::new("Makefile", "help: ## list these\n\nsecret:\n\ttrue\n");
    assert_eq!(unexplained(&bad).len(), 1);
    assert_eq!(
        unmentioned(&bad, &File::new("README.md", "`make`")).len(),
        1
    );
    let many = "recipe: ## one more\n".repeat(MOST_RECIPES + 1);
    assert_eq!(unexplained(&File::new("Makefile", &many)).len(), 1);
}

#[test]
fn every_script_can_be_run() {
    let scripts: Vec<_> = tree::files()
        .iter()
        .filter(|file| file.is_script())
        .collect();
    assert!(!scripts.is_empty(), "the walk found no script");
    for script in scripts {
        let path = tree::root().join(&script.path);
        let mode = fs::metadata(&path)
            .expect("a script of the tree")
            .permissions()
            .mode();
        assert!(mode & 0o111 != 0, "{}: not executable", script.path);
        assert_eq!(unparsable(&script.text), None, "{}", script.path);
    }
    assert!(unparsable("#!/usr/bin/env bash\nif true; then\n").is_some());
}

#[test]
fn what_scripts_and_recipes_call_is_there() {
    let callers = || tree::files().iter().filter(|file| calls_scripts(file));
    clean(
        &callers()
            .flat_map(|caller| dangling(caller, tree::files()))
            .collect::<Vec<_>>(),
    );
    let bad = File::new("Makefile", "test:\n\tscripts/nowhere --fast\n");
    assert_eq!(dangling(&bad, &[]).len(), 1);
}

#[test]
fn dependencies_that_are_banned_are_not_built() {
    let deny = file("deny.toml").expect("deny.toml");
    let built = built();
    assert!(banned(deny).count() > 0, "deny.toml bans nothing");
    clean(&built_although_banned(deny, &built));
    let bad = File::new(
        "deny.toml",
        "deny = [\n  { crate = \"serde\", reason = \"an example\" },\n]",
    );
    assert_eq!(built_although_banned(&bad, &built).len(), 1);
}

fn file(path: &str) -> Option<&'static File> {
    tree::files().iter().find(|file| file.path == path)
}

/// What `make` alone runs needs no mention: it lists the others.
const DEFAULT_RECIPE: &str = "help";

/// The names of recipes, with what stands behind the colon.
fn recipes(makefile: &File) -> impl Iterator<Item = (&str, &str)> {
    let lines = makefile
        .text
        .lines()
        .filter_map(|line| line.split_once(':'));
    lines.filter(|(name, rest)| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && !rest.starts_with('=')
    })
}

fn unexplained(makefile: &File) -> Vec<Complaint> {
    let silent = recipes(makefile).filter(|(_, rest)| !rest.contains("## "));
    let mut complaints: Vec<_> = silent
        .map(|(name, _)| format!("Makefile: {name}: say what it does, behind `## `"))
        .collect();
    let count = recipes(makefile).count();
    if count > MOST_RECIPES {
        complaints.push(format!(
            "Makefile: {count} recipes, more than {MOST_RECIPES}"
        ));
    }
    complaints
}

fn unmentioned(makefile: &File, readme: &File) -> Vec<Complaint> {
    recipes(makefile)
        .filter(|(name, _)| *name != DEFAULT_RECIPE)
        .filter(|(name, _)| !readme.text.contains(&format!("make {name}")))
        .map(|(name, _)| format!("README.md: does not mention `make {name}`"))
        .collect()
}

/// What the shell named in the first line says against the script, without running it.
fn unparsable(text: &str) -> Option<String> {
    let shell = if text.lines().next()?.ends_with("bash") {
        "bash"
    } else {
        "sh"
    };
    let output = Command::new(shell)
        .args(["-n", "-c", text])
        .output()
        .expect("a shell runs");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

fn calls_scripts(file: &File) -> bool {
    file.path == "Makefile" || file.is_script()
}

/// Words such as `scripts/setup` that name no file.
fn dangling(caller: &File, files: &[File]) -> Vec<Complaint> {
    let not_path = |c: char| !(c.is_ascii_alphanumeric() || "/-_.".contains(c));
    let mut complaints = Vec::new();
    for (number, line) in caller.lines() {
        for part in line.split(not_path) {
            let word = part.trim_end_matches(['.', '/']);
            let ours = word.starts_with("scripts/") || word.starts_with("tests/images/");
            if ours && !files.iter().any(|file| file.path == word) {
                complaints.push(format!("{}:{number}: {word} does not exist", caller.path));
            }
        }
    }
    complaints
}

fn banned(deny: &File) -> impl Iterator<Item = &str> {
    let names = deny
        .text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = \""));
    names.filter_map(|rest| rest.split('"').next())
}

/// Names of everything that a build compiles: a lock file also names what no feature asks for.
fn built() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--workspace",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(tree::root())
        .output()
        .expect("cargo runs");
    let names = String::from_utf8_lossy(&output.stdout);
    let names: BTreeSet<_> = names
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(ToOwned::to_owned)
        .collect();
    assert!(names.len() > 100, "cargo lists what is built");
    names
}

fn built_although_banned(deny: &File, built: &BTreeSet<String>) -> Vec<Complaint> {
    banned(deny)
        .filter(|name| built.contains(*name))
        .map(|name| format!("Cargo.lock: {name} is banned in deny.toml"))
        .collect()
}
