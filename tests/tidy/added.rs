//! A new runtime or storage driver is its own modules and a row in each of its tables: nothing else
//! of the programs names one (ARCHITECTURE.md, "How to extend").

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::tree::{self, File};
use crate::{Complaint, clean};

/// What the configuration knows of each runtime.
const KINDS: &str = "catalog/src/config/runtimes.rs";

/// Where each runtime is opened.
const RUNTIMES: &str = "verifier/src/runtime/table.rs";

/// Where each storage driver has its row.
const DRIVERS: &str = "catalog/src/drivers.rs";

/// What hands on the types of drivers.
const ROOMS: [&str; 2] = ["catalog/src/storage", "catalog/src/ledger"];

/// The same name of something else, where it stands.
const ELSE: [(&str, &str); 1] = [("catalog/src/format/neo4j/", "Directory")];

/// What is added, and what only its own modules and its tables may say.
#[derive(Debug)]
struct Added {
    /// As people call it.
    what: String,
    /// Paths of its modules, without `.rs`.
    own: Vec<String>,
    /// Files that may name it.
    tables: Vec<String>,
    /// Words that stand for it.
    words: BTreeSet<String>,
}

#[test]
fn a_runtime_is_its_own_module_and_two_rows() {
    let runtimes = runtimes_of(tree::files());
    assert!(runtimes.len() > 2, "{runtimes:?}");
    for it in &runtimes {
        clean(&strays(it, tree::files()));
    }

    let module = "pub(super) struct PodmanRuntime {}\nfn name() -> &str { \"podman\" }\n";
    let mut files = vec![
        File::new(KINDS, "[RuntimeKind { name: \"podman\" }]\n"),
        File::new(RUNTIMES, "open(\"podman\", PodmanRuntime::new)\n"),
        File::new("verifier/src/runtime/podman.rs", module),
        File::new(
            "exporter/src/a.rs",
            "// \"podman\" and\nlet podman = \"a podman\";\n",
        ),
        File::new("tests/src/a.rs", "open(\"podman\")\n"),
    ];
    let strays_in = |files: &[File]| {
        let found = runtimes_of(files);
        strays(&found[0], files).len()
    };
    assert_eq!(strays_in(&files), 0);
    files.push(File::new(
        "catalog/src/config/a.rs",
        "if name == \"podman\" {}\n",
    ));
    files.push(File::new(
        "verifier/src/a.rs",
        "matches!(it, PodmanRuntime)\n",
    ));
    assert_eq!(strays_in(&files), 2);
}

#[test]
fn a_storage_driver_is_its_own_modules_and_a_row() {
    let drivers = drivers_of(tree::files());
    assert!(drivers.len() > 1, "{drivers:?}");
    for it in &drivers {
        clean(&strays(it, tree::files()));
    }

    let config = "impl DriverConfig for Tape { const KEY: &'static str = \"tape\"; }\n";
    let mut files = vec![
        File::new("catalog/src/storage/tape/driver.rs", config),
        File::new("catalog/src/storage/tape.rs", "use super::Reel;\n"),
        File::new("catalog/src/storage.rs", "pub use tape::{Reel, Tape};\n"),
        File::new("catalog/src/ledger/tape.rs", "struct TapeRecords;\n"),
        File::new("catalog/src/ledger.rs", "pub use tape::TapeRecords;\n"),
        File::new(
            DRIVERS,
            "&DriverRow::<Tape> { evidence: Some(TapeRecords::new) }\n",
        ),
        File::new("catalog/src/a.rs", "let tape = \"tape: { reel: … }\";\n"),
    ];
    let strays_in = |files: &[File]| {
        let found = drivers_of(files);
        strays(&found[0], files).len()
    };
    assert_eq!(strays_in(&files), 0);
    files.push(File::new(
        "exporter/src/a.rs",
        "matches!(it, Location::Tape(_))\n",
    ));
    files.push(File::new("catalog/src/config/a.rs", "get(\"tape\")\n"));
    files.push(File::new(
        "verifier/src/a.rs",
        "use catalog::ledger::TapeRecords;\n",
    ));
    assert_eq!(strays_in(&files), 3);
}

/// The runtimes of [`KINDS`].
fn runtimes_of(files: &[File]) -> Vec<Added> {
    let kinds = files.iter().find(|file| file.path == KINDS);
    let lines = kinds.expect("the table of runtimes").program();
    let names = lines.filter_map(|(_, line)| line.split_once("name: \"")?.1.split('"').next());
    let added = |name: &str| {
        let own = format!("verifier/src/runtime/{name}");
        let module = files.iter().find(|file| file.path == format!("{own}.rs"));
        let types = module.map_or_else(BTreeSet::new, types);
        // One that is not built yet is opened nowhere.
        let opened = module.map(|_| RUNTIMES.into());
        Added {
            what: format!("the runtime {name}"),
            own: vec![own],
            tables: opened.into_iter().chain([KINDS.into()]).collect(),
            words: types.into_iter().chain([format!("{name:?}")]).collect(),
        }
    };
    names.map(added).collect()
}

/// The drivers that say what the configuration may say of them.
fn drivers_of(files: &[File]) -> Vec<Added> {
    let mut drivers = Vec::new();
    for file in files {
        let module = file
            .path
            .strip_prefix(ROOMS[0])
            .and_then(|it| it.strip_prefix('/'));
        let key = file
            .program()
            .find_map(|(_, line)| line.split_once("const KEY: &'static str = "));
        let (Some(module), Some((_, key))) = (module, key) else {
            continue;
        };
        let Some((module, _)) = module.split_once('/') else {
            continue;
        };
        let key = key.split(';').next().unwrap_or_default();
        let mut words = BTreeSet::from([key.to_owned()]);
        for room in ROOMS {
            let room = format!("{room}.rs");
            let room = files.iter().find(|file| file.path == room);
            words.extend(room.into_iter().flat_map(|room| handed_on(room, module)));
        }
        let rooms = ROOMS.iter();
        drivers.push(Added {
            what: format!("the storage driver {module}"),
            own: rooms
                .clone()
                .map(|room| format!("{room}/{module}"))
                .collect(),
            tables: rooms
                .map(|room| format!("{room}.rs"))
                .chain([DRIVERS.into()])
                .collect(),
            words,
        });
    }
    drivers
}

/// The names that a file hands on of a module below it.
fn handed_on(file: &File, module: &str) -> BTreeSet<String> {
    let lines: Vec<_> = file.program().map(|(_, line)| line).collect();
    let (text, start) = (lines.join(" "), format!("pub use {module}::"));
    let uses = text.split(&start).skip(1);
    let uses = uses.filter_map(|rest| rest.split(';').next());
    let names = uses.flat_map(|names| names.split(|c: char| !c.is_alphanumeric()));
    names.filter(|it| !it.is_empty()).map(Into::into).collect()
}

/// The types that a file declares for others.
fn types(file: &File) -> BTreeSet<String> {
    let lines = file.program().filter(|(_, line)| line.starts_with("pub"));
    let names = lines.filter_map(|(_, line)| {
        line.split_once("struct ")?
            .1
            .split([' ', '(', '<', ';'])
            .next()
    });
    names.map(Into::into).collect()
}

/// Program files that say one of its words.
fn strays(added: &Added, files: &[File]) -> Vec<Complaint> {
    let is_own = |path: &str| {
        let mut own = added.own.iter();
        own.any(|own| {
            path.strip_prefix(own.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
    };
    let is_of_programs = |path: &str| {
        let crates = ["catalog/", "exporter/", "verifier/"];
        crates.iter().any(|of| path.starts_with(of))
    };
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let path = &file.path;
        if !is_of_programs(path) || is_own(path) || added.tables.contains(path) {
            continue;
        }
        let is_else = |word: &str| {
            ELSE.iter()
                .any(|(of, it)| path.starts_with(of) && *it == word)
        };
        let said = words(file);
        let said = said.intersection(&added.words).filter(|it| !is_else(it));
        complaints.extend(said.map(|word| {
            format!(
                "{path}: says {word}, and so knows {}: that is for its own files",
                added.what
            )
        }));
    }
    for table in &added.tables {
        let file = files.iter().find(|file| file.path == *table);
        if file.is_some_and(|file| words(file).is_disjoint(&added.words)) {
            complaints.push(format!("{table}: has no row of {}", added.what));
        }
    }
    complaints
}

/// The identifiers and the literals of the program in a file, these with their quotes. Comments are
/// none of it.
fn words(file: &File) -> BTreeSet<String> {
    let lines: Vec<_> = file.program().map(|(_, line)| line).collect();
    let tokens: TokenStream = lines
        .join("\n")
        .parse()
        .unwrap_or_else(|error| panic!("{}: {error}", file.path));
    let mut words = BTreeSet::new();
    collect(tokens, &mut words);
    words
}

fn collect(tokens: TokenStream, words: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect(group.stream(), words),
            TokenTree::Ident(_) | TokenTree::Literal(_) => drop(words.insert(token.to_string())),
            TokenTree::Punct(_) => {}
        }
    }
}
