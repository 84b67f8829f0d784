//! Whole files in, problems or a configuration out.

mod defaults;
mod drills;
mod effect;
mod places;
mod problems;
mod schema;
mod settle;

use std::path::Path;

use super::*;

/// Beginning of every file of these tests, unless the test is about just that.
const HEAD: &str = "\
schema: 1
repositories: [{ name: local, directory: /backups }]
evidence: { repository: { directory: /evidence } }
";

/// Reads a file, and checks that the schema has no objection to an accepted one.
fn read(text: &str) -> Result<Loaded, settings::Problems> {
    let loaded = load(Path::new("/etc/backups.yaml"), text)?;
    if text.contains("schema: 1") {
        assert_eq!(schema::objections(text), None, "{text}");
    }
    Ok(loaded)
}

fn loaded(text: &str) -> Loaded {
    read(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The problems of a file, warnings included, without excerpts.
fn problems(text: &str) -> Vec<String> {
    let problems = match read(text) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    let line = |problem: &settings::Problem| {
        let settings::Place { at, path } = &problem.place;
        let hint = problem
            .hint
            .as_ref()
            .map_or_else(String::new, |hint| format!(" | {hint}"));
        format!(
            "{}:{} {path}: {}{hint}",
            at.line, at.column, problem.message
        )
    };
    problems.iter().map(line).collect()
}

fn source(lines: &str) -> String {
    format!(
        "{HEAD}sources:\n  - name: cache\n    engine: redis\n    repository: local\n    \
         path: \"redis/%Y%m%d-%H%M.rdb\"\n{lines}"
    )
}

#[test]
fn the_example_of_the_repository_is_read_without_a_word() {
    let text = include_str!("../../../backups.example.yaml");
    assert_eq!(problems(text), Vec::<String>::new());
    let config = loaded(text).config;
    assert_eq!(config.sources.len(), 3);
    let cache = config.source("cache").unwrap();
    assert!(matches!(
        &cache.verify.as_ref().unwrap().due,
        Due::Schedule(_)
    ));
    assert!(config.source("secrets").unwrap().verify.is_none());
    assert_eq!(
        config.images_of(cache),
        ["redis:8.0", "redis:7.2", "valkey/valkey:9.1"]
    );
}
