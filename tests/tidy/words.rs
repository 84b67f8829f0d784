//! The glossary holds: a thing has one name, and what it is not called names no type or module.

use std::collections::BTreeSet;

use crate::tree::{self, File};
use crate::{Complaint, clean};

/// A word that names nothing of ours, and the one that does (design, "Words").
const NOT_CALLED: [(&str, &str); 14] = [
    ("Target", "source"),
    ("Job", "source, or producer"),
    ("Backend", "repository, or storage"),
    ("Store", "repository, or storage"),
    ("Scan", "survey"),
    ("Scrape", "survey"),
    ("Collector", "survey"),
    ("Issue", "concern"),
    ("Problem", "concern"),
    ("Alert", "concern"),
    ("Assertion", "check"),
    ("Status", "verdict, or state"),
    ("Provider", "runtime"),
    ("History", "ledger"),
];

/// Where such a word is right, and why.
const RIGHT: [(&str, &str); 5] = [
    ("Target", "the associated type of Deref"),
    (
        "Problem",
        "what is wrong with a configuration, which says nothing of a backup",
    ),
    ("problem", "the module of the same"),
    (
        "ProducerStatus",
        "the metric `backup_producer_status` (design, \"Metrics\")",
    ),
    (
        "StoreId",
        "Neo4j's word for which files a database is made of",
    ),
];

/// What a path of one machine begins with.
const MACHINE: [&str; 4] = ["/work/", "/home/", "/root/", "/Users/"];

#[test]
fn a_thing_has_the_name_the_glossary_gives_it() {
    clean(&tree::rust().flat_map(misnamed).collect::<Vec<_>>());
    for bad in [
        "pub struct BackupTarget {",
        "pub(crate) enum StorageBackend {",
        "mod scan;",
        "trait SandboxProvider: Send {",
        "type JobName = String;",
    ] {
        assert_eq!(misnamed(&File::new("a/src/a.rs", bad)).len(), 1, "{bad}");
    }
    for good in [
        "struct Storage;",
        "struct Restored;",
        "let target = 1;",
        "mod issued;",
    ] {
        assert_eq!(misnamed(&File::new("a/src/a.rs", good)).len(), 0, "{good}");
    }
}

#[test]
fn no_path_of_one_machine_is_in_the_tree() {
    clean(
        &tree::files()
            .iter()
            .flat_map(of_one_machine)
            .collect::<Vec<_>>(),
    );
    let bad = File::new("README.md", "see /work/there and /home/me/here");
    assert_eq!(of_one_machine(&bad).len(), 1);
    assert_eq!(
        of_one_machine(&File::new("a.md", "a/home/ and ../work/")).len(),
        0
    );
}

#[test]
fn every_excuse_excuses_a_name_of_the_tree() {
    clean(&idle(tree::rust()));
    let one = File::new("a/src/a.rs", "struct Target;");
    assert_eq!(idle([&one].into_iter()).len(), RIGHT.len() - 1);
}

/// Excuses for names that nothing has.
fn idle<'a>(files: impl Iterator<Item = &'a File>) -> Vec<Complaint> {
    let names: BTreeSet<&str> = files.flat_map(declarations).map(|(_, name)| name).collect();
    let unused = RIGHT.iter().filter(|(right, _)| !names.contains(right));
    let unused = unused.map(|(right, _)| format!("tests/tidy/words.rs: RIGHT: nothing is {right}"));
    unused.collect()
}

fn declarations(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.program()
        .filter_map(|(number, line)| Some((number, declaration(line)?)))
}

fn misnamed(file: &File) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (number, name) in declarations(file) {
        if RIGHT.iter().any(|(right, _why)| *right == name) {
            continue;
        }
        for (word, instead) in NOT_CALLED {
            if words(name).any(|one| one.eq_ignore_ascii_case(word)) {
                let path = &file.path;
                complaints.push(format!(
                    "{path}:{number}: {name}: say {instead}, not {word}"
                ));
            }
        }
    }
    complaints
}

/// The name that a line declares, of a type, a trait or a module.
fn declaration(line: &str) -> Option<&str> {
    let mut tokens = line
        .split_whitespace()
        .skip_while(|token| token.starts_with("pub"));
    let keyword = tokens.next()?;
    if !["struct", "enum", "trait", "type", "mod", "union"].contains(&keyword) {
        return None;
    }
    let name = tokens.next()?;
    let end = name
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    Some(&name[..end])
}

/// The words of an identifier: `BackupTarget` and `backup_target` have two.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let starts = |(index, c): (usize, char)| (index == 0 || c.is_uppercase()).then_some(index);
    name.split('_').flat_map(move |part| {
        let begins: Vec<usize> = part.char_indices().filter_map(starts).collect();
        let ends: Vec<usize> = begins.iter().copied().skip(1).chain([part.len()]).collect();
        begins
            .into_iter()
            .zip(ends)
            .map(move |(begin, end)| &part[begin..end])
            .collect::<Vec<_>>()
    })
}

fn of_one_machine(file: &File) -> Vec<Complaint> {
    if file.is_rulebook() {
        return Vec::new();
    }
    let begins = |line: &str, at: usize| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || "./}".contains(c))
    };
    let names = |line: &str, path: &&str| line.match_indices(*path).any(|(at, _)| begins(line, at));
    file.lines()
        .filter(|(_, line)| MACHINE.iter().any(|path| names(line, path)))
        .map(|(number, _)| format!("{}:{number}: a path of one machine", file.path))
        .collect()
}
