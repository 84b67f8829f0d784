//! A new engine is its own files and a row in each of two tables, and nothing else of the programs
//! (architecture, "Workspace").

use crate::tree::{self, File};
use crate::{Complaint, clean};

/// The tables; each names an engine twice: as a module, and in its row.
const TABLES: [&str; 2] = ["catalog/src/format.rs", "verifier/src/engine.rs"];

/// Names of a crate, whose log lines are left out.
const ELSE: [&str; 1] = ["toolkit/src/log.rs"];

#[test]
fn an_engine_is_its_own_files_and_two_rows() {
    let table = tree::files().iter().find(|file| file.path == TABLES[1]);
    let engines = modules(table.expect("the table of engines"));
    assert!(engines.len() > 1, "{engines:?}");
    for engine in &engines {
        clean(&strays(engine, tree::files()));
    }
    let bad = [
        File::new("catalog/src/survey.rs", "if engine == \"neo4j\" {\n"),
        File::new(
            "verifier/src/engine.rs",
            "pub mod neo4j;\n&neo4j::Neo4j\nneo4j::x\n",
        ),
        File::new("exporter/src/a.rs", "Neo4j::new()\n"),
    ];
    assert_eq!(strays("neo4j", &bad).len(), 3);
    let good = [
        File::new("verifier/src/engine/neo4j/admin.rs", "neo4j-admin\n"),
        File::new("catalog/src/format/neo4j.rs", "neo4j\n"),
        File::new("verifier/src/engine.rs", "pub mod neo4j;\n&neo4j::Neo4j\n"),
        File::new("exporter/src/a.rs", "// As neo4j does.\n"),
    ];
    assert_eq!(strays("neo4j", &good), Vec::<Complaint>::new());
}

fn modules(table: &File) -> Vec<&str> {
    let lines = table.program().map(|(_, line)| line);
    lines
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect()
}

fn strays(engine: &str, files: &[File]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| is_of_programs(file, engine)) {
        let named: Vec<_> = file
            .program()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .filter(|(_, line)| line.to_lowercase().contains(engine))
            .collect();
        let allowed = if TABLES.contains(&file.path.as_str()) {
            2
        } else {
            0
        };
        let stray = named.iter().skip(allowed);
        complaints.extend(stray.map(|(number, _)| {
            let path = &file.path;
            format!("{path}:{number}: knows the engine {engine}: that is for its own files")
        }));
    }
    complaints
}

/// Neither the engine's own, nor a test's.
fn is_of_programs(file: &File, engine: &str) -> bool {
    let path = &file.path;
    let (first, rest) = path.split_once('/').unwrap_or_default();
    let program = ["settings", "catalog", "toolkit", "exporter", "verifier"].contains(&first);
    let own = ["src/format/", "src/engine/"]
        .iter()
        .filter_map(|of| rest.strip_prefix(of))
        .any(|rest| rest.starts_with(engine));
    program && file.is_rust() && !own && !path.contains("fixtures") && !ELSE.contains(&&**path)
}
