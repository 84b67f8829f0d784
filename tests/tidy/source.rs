//! Rules for one Rust file: its length, its first line, and what must not stand in it.

use crate::tree::{self, File};
use crate::{Complaint, clean};

const LONGEST_FILE: usize = 500;
const MEDIAN_FILE: usize = 150;
const LONGEST_FUNCTION: usize = 70;
const WIDEST_LINE: usize = 100;
const WIDEST_MESSAGE: usize = 120;

/// Promises instead of code, and tests that do not run.
const UNFINISHED: [&str; 6] = [
    "todo!",
    "unimplemented!",
    "#[ignore",
    "TODO",
    "FIXME",
    "XXX",
];

#[test]
fn every_module_says_what_it_is_for() {
    clean(&tree::rust().filter_map(undocumented).collect::<Vec<_>>());
    for bad in ["use std::fmt;\n", "//! catalog\n", "// A comment.\n", ""] {
        assert!(undocumented(&File::new("a.rs", bad)).is_some(), "{bad:?}");
    }
}

#[test]
fn files_are_short_and_most_are_shorter() {
    clean(&tree::rust().filter_map(too_long).collect::<Vec<_>>());
    let lengths = tree::rust()
        .map(|file| file.program().count())
        .filter(|length| *length > 0);
    clean(&median_too_long(lengths.collect()));
    assert!(too_long(&File::new("a.rs", &"\n".repeat(LONGEST_FILE + 1))).is_some());
    assert!(!median_too_long(vec![1, MEDIAN_FILE + 1, 400]).is_empty());
}

#[test]
fn functions_fit_on_a_screen() {
    clean(&tree::rust().flat_map(long_functions).collect::<Vec<_>>());
    let long = |before: &str| {
        let body = "x();\n".repeat(LONGEST_FUNCTION);
        format!("impl A {{\n    {before}fn long() {{\n{body}    }}\n}}\n")
    };
    for before in [
        "",
        "pub ",
        "pub(super) ",
        "pub(in crate::a) const ",
        "async ",
        "pub async ",
    ] {
        let bad = File::new("a/src/a.rs", &long(before));
        assert_eq!(long_functions(&bad).len(), 1, "{before}");
    }
    let long = long("");
    assert_eq!(
        long_functions(&File::new("tests/e2e/table.rs", &long)).len(),
        0
    );
}

#[test]
fn lines_fit_in_a_hundred_columns() {
    let ours = |file: &&File| file.is_rust() || file.is_script();
    clean(
        &tree::files()
            .iter()
            .filter(ours)
            .flat_map(too_wide)
            .collect::<Vec<_>>(),
    );
    let bad = File::new("a.rs", &format!("// {}", "é".repeat(WIDEST_LINE)));
    assert_eq!(too_wide(&bad).len(), 1);
}

#[test]
fn nothing_is_left_for_later_and_every_test_runs() {
    clean(&tree::rust().flat_map(unfinished).collect::<Vec<_>>());
    for bad in [
        "todo!()",
        "unimplemented!(\"x\")",
        "#[ignore = \"slow\"]",
        "// TODO: more",
    ] {
        assert_eq!(unfinished(&File::new("a.rs", bad)).len(), 1, "{bad}");
    }
}

#[test]
fn tests_wait_for_conditions_and_never_for_time() {
    clean(&tree::rust().flat_map(timed).collect::<Vec<_>>());
    for bad in [
        "std::thread::sleep(PAUSE);",
        "tokio::time::sleep(PAUSE).await;",
        "assert!(began.elapsed() < LIMIT);",
    ] {
        assert_eq!(timed(&File::new("tests/e2e/a.rs", bad)).len(), 1, "{bad}");
        assert_eq!(timed(&File::new("a/src/a.rs", bad)).len(), 0, "{bad}");
    }
    let paused = "#[tokio::test(start_paused = true)]\ntokio::time::sleep(PAUSE).await;";
    assert_eq!(timed(&File::new("tests/e2e/a.rs", paused)).len(), 0);
}

#[test]
fn modules_live_beside_their_directory() {
    let misplaced = |file: &&File| file.path.ends_with("/mod.rs");
    let found: Vec<_> = tree::rust()
        .filter(misplaced)
        .map(|file| file.path.clone())
        .collect();
    clean(&found);
}

/// The first line is a sentence on what the module is for; a bare name says nothing.
/// Of `tests.rs` the name says it all.
fn undocumented(file: &File) -> Option<Complaint> {
    const WORDS: usize = 3;
    if file.path.ends_with("/tests.rs") {
        return None;
    }
    let first = file.text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//! ").unwrap_or_default();
    (says.split_whitespace().count() < WORDS).then(|| {
        format!(
            "{}:1: begin with `//! ` and what the module is for",
            file.path
        )
    })
}

fn too_long(file: &File) -> Option<Complaint> {
    let length = file.text.lines().count();
    (length > LONGEST_FILE).then(|| {
        format!(
            "{}: {length} lines, more than {LONGEST_FILE}: split it",
            file.path
        )
    })
}

fn median_too_long(mut lengths: Vec<usize>) -> Vec<Complaint> {
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    (median > MEDIAN_FILE)
        .then(|| format!("the median file has {median} lines, more than {MEDIAN_FILE}"))
        .into_iter()
        .collect()
}

/// Functions of the program; tables of tests may be longer. Relies on rustfmt: a function ends with
/// the brace that stands under its first letter.
fn long_functions(file: &File) -> Vec<Complaint> {
    let lines: Vec<_> = file.program().collect();
    let mut complaints = Vec::new();
    for (index, (number, line)) in lines.iter().enumerate() {
        let start = line.trim_start();
        let Some(name) = function(start) else {
            continue;
        };
        let end = format!("{}}}", &line[..line.len() - start.len()]);
        let length = lines[index..]
            .iter()
            .position(|(_, line)| *line == end)
            .map_or(0, |at| at + 1);
        if length > LONGEST_FUNCTION {
            let path = &file.path;
            complaints.push(format!(
                "{path}:{number}: {name}: {length} lines, more than {LONGEST_FUNCTION}"
            ));
        }
    }
    complaints
}

/// The name of the function that begins here, whatever stands before `fn`.
fn function(start: &str) -> Option<&str> {
    let (before, rest) = start.split_once("fn ")?;
    let words = ["pub", "async", "const", "unsafe", "extern"];
    let mut words_before = before.split_whitespace();
    let is_it = words_before.all(|word| {
        let word = word.split('(').next().unwrap_or(word);
        words.contains(&word) || word.ends_with(')') || word.starts_with('"')
    });
    is_it.then(|| rest.split(['(', '<']).next())?
}

/// What rustfmt does not wrap, a message in a string, may run on a little.
fn too_wide(file: &File) -> Vec<Complaint> {
    at(file, file.lines(), "is wider than 100 columns", |line| {
        let limit = if line.contains(['"', '\'']) {
            WIDEST_MESSAGE
        } else {
            WIDEST_LINE
        };
        line.chars().count() > limit
    })
}

fn unfinished(file: &File) -> Vec<Complaint> {
    if file.is_rulebook() {
        return Vec::new();
    }
    at(
        file,
        file.lines(),
        "is unfinished, or a test that does not run",
        |line| UNFINISHED.iter().any(|word| line.contains(word)),
    )
}

/// Sleeping in tests; time that a test itself has paused may be slept.
fn timed(file: &File) -> Vec<Complaint> {
    if file.is_rulebook() || file.text.contains("start_paused = true") {
        return Vec::new();
    }
    at(
        file,
        file.tests(),
        "waits for time: wait for a condition, with a deadline",
        |line| {
            line.contains("thread::sleep(")
                || line.contains("time::sleep(")
                || (line.contains("assert") && line.contains(".elapsed()"))
        },
    )
}

fn at<'a>(
    file: &File,
    lines: impl Iterator<Item = (usize, &'a str)>,
    message: &str,
    bad: impl Fn(&str) -> bool,
) -> Vec<Complaint> {
    lines
        .filter(|(_, line)| bad(line))
        .map(|(number, _)| format!("{}:{number}: {message}", file.path))
        .collect()
}
