//! Order, form and secrecy of what is said.

use proptest::prelude::*;
use serde::Deserialize;

use crate::{Document, Location, Place, Problems, Section};

fn place(line: usize, column: usize, path: &str) -> Place {
    Place {
        at: Location { line, column },
        path: path.to_owned(),
    }
}

#[test]
fn problems_are_told_in_the_order_of_the_file_and_once() {
    let source = "schema: 1\r\nsources:\r\n  - name: ä\tb\r\n";
    let mut problems = Problems::new("f.yaml", source);
    problems
        .warning(&place(3, 11, "sources[0].name"), "odd")
        .hint("Choose another.");
    problems.error(&place(1, 9, "schema"), "too new\nhint: Update the program.");
    problems.error(&place(1, 9, "schema"), "too new");
    problems.error(&place(9, 9, ""), "beyond the end");
    problems.error(&place(2, 999, ""), "beyond the line");
    assert!(problems.has_errors());
    assert_eq!(problems.iter().count(), 4);
    insta::assert_snapshot!(problems, @r#"
        f.yaml:1:9: schema: too new
            1 | schema: 1
              |         ^
          hint: Update the program.
        f.yaml:2:999: beyond the line
            2 | sources:
              |         ^
        f.yaml:3:11: warning: sources[0].name: odd
            3 |   - name: ä b
              |           ^
          hint: Choose another.
        f.yaml:9:9: beyond the end
        "#);
}

#[test]
fn a_long_line_is_cut_around_the_caret() {
    let source = format!("[{}here{}]", "a, ".repeat(100), ", b".repeat(100));
    let mut problems = Problems::new("f.yaml", &source);
    problems.error(&place(1, 302, ""), "wrong");
    let said = problems.to_string();
    let [_, excerpt, caret] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("{said}")
    };
    assert!(excerpt.len() <= 8 + 96, "{excerpt}");
    assert!(
        excerpt[caret.find('^').unwrap()..].starts_with("here"),
        "{said}"
    );
}

#[test]
fn at_most_two_hundred_problems_are_kept() {
    let mut problems = Problems::new("f.yaml", "");
    for line in 1..1_000 {
        problems.error(&place(line, 1, ""), "wrong");
    }
    assert_eq!(problems.iter().count(), 200);
}

#[test]
fn what_looks_like_a_secret_is_left_out() {
    let check = |line: &str, expected: &str| {
        let mut problems = Problems::new("f", line);
        problems.error(&place(1, 1, ""), "wrong");
        let said = problems.to_string();
        assert_eq!(
            said.lines().nth(1),
            Some(format!("    1 | {expected}").as_str())
        );
    };
    check("password: a", "password: [redacted]");
    check(
        "{ user: u, password: a }",
        "{ user: u, password: [redacted]",
    );
    check("'db-password': a", "'db-password': [redacted]");
    check("Secret_Access_Key: a", "Secret_Access_Key: [redacted]");
    check("tokens: [a]", "tokens: [redacted]");
    check("password_file: /run/a", "password_file: /run/a");
    check("monkey_name: a", "monkey_name: a");
    check("url: https://u:p@h/a", "url: https://[redacted]@h/a");
    check("url: https://h/a@b", "url: https://h/a@b");
    check("token:", "token:");
}

#[derive(Debug, Deserialize)]
struct Shape {
    #[serde(rename = "number")]
    _number: Option<u8>,
    #[serde(rename = "list")]
    _list: Option<Vec<Shape>>,
    #[serde(rename = "rest")]
    _rest: Option<Section>,
}

/// Parses and reads any text; says what is wrong with it.
fn said(text: &str) -> String {
    match Document::parse("f.yaml", text) {
        Err(problems) => problems.to_string(),
        Ok(document) => {
            let mut problems = document.problems();
            document.root().read::<Shape>(&mut problems);
            problems.to_string()
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics(
        text in "([-{}\\[\\],:&*?|>!%@`'\"#a-c\n\t ]|number|list: |<<: |é|\u{feff}){0,40}",
    ) {
        said(&text);
    }

    /// Whatever stands around it, a value under a secret key is never shown.
    #[test]
    fn no_secret_is_ever_shown(
        before in "(number: x\n|list: \\[\\{\\}, 1\\]\n|junk: 1\n|- a\n|\tz\n){0,3}",
        key in "(password|api_key|'token'|client-secret|  token|\\{ a: 1, secret)",
        open in "( |\n  | \\|\n  | >-\n   | \\[\n | \"\n  | '| &a | !t | \\{ a: )",
        close in "(|\n|\"|'|\\]|\\}|\n  zqzqzq)",
        after in "(|\nnumber: x|\n- b|\n  c: d)",
    ) {
        let text = format!("{before}{key}:{open}zqzqzq{close}{after}\n");
        let shown = said(&text);
        prop_assert!(!shown.contains("zqzqzq"), "{}\n{}", text, shown);
    }
}

#[test]
fn of_a_file_that_holds_secrets_neither_a_line_nor_a_value_is_shown() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Limits {
        pause: crate::Duration,
        count: u32,
    }
    let text = "pause: hunter2\ncount: [hunter2]\nmore: hunter2\n";
    let document = Document::parse_unquoted("f.yaml", text).unwrap();
    let mut problems = document.problems();
    let _ = document.root().read::<Limits>(&mut problems);
    let said = problems.to_string();
    assert_eq!(problems.iter().count(), 3, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert!(said.contains("f.yaml:1:8: pause: "), "{said}");
    let broken = Document::parse_unquoted("f.yaml", "a: |\n  hunter2\n b: hunter2\n");
    let said = broken.unwrap_err().to_string();
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_a_message_quotes_is_one_short_line_that_no_terminal_obeys() {
    let mut problems = Problems::new("a.yaml", "a: 1\n");
    let place = Place::whole();
    problems.error(
        &place,
        format!("bad \u{1b}[2J\r\n{}\nhint: Not\nthat.", "x".repeat(2000)),
    );
    let text = problems.to_string();
    assert!(text.contains("bad \\u{1b}[2J\\r\\nxxx"), "{text}");
    assert!(text.contains("  hint: Not\\nthat."), "{text}");
    assert!(text.lines().count() <= 4 && text.len() < 1000, "{text}");
}
