//! Which of Neo4j's own sentences may be shown.

use catalog::format::neo4j::{ERROR_CLASSES, LOG_LINES};

use crate::engine::allowed::matches;

/// Most lines kept of a tool's output: progress comes by the hundred.
const LINES_MAX: usize = 40;

/// Returns the last lines of a tool's output, each as it may be shown; progress is left out.
pub(super) fn shown(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim_end).filter(|line| {
        // `load` rewrites this line again and again.
        !line.is_empty() && !line.starts_with("Files: ")
    });
    let mut shown: Vec<_> = lines.rev().take(LINES_MAX).map(show).collect();
    shown.reverse();
    shown
}

/// Returns the lines of a server's log, each as it may be shown.
pub(super) fn lines_shown(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| show(line)).collect()
}

fn show(line: &str) -> String {
    let said = message(line);
    if LOG_LINES.iter().any(|pattern| matches(pattern, said)) {
        return said.to_owned();
    }
    let class = ERROR_CLASSES.iter().find(|class| {
        let said = said.strip_prefix("Caused by: ").unwrap_or(said);
        let rest = said.strip_prefix(**class);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    class.map_or_else(
        || format!("[{} bytes]", line.len()),
        |class| (*class).to_owned(),
    )
}

/// Returns the line without `DATE TIME LEVEL`, if it begins so.
fn message(line: &str) -> &str {
    const LEVELS: [&str; 4] = ["DEBUG", "INFO", "WARN", "ERROR"];
    let line = line.trim_end();
    let mut words = line.splitn(4, ' ');
    let (date, _, level) = (words.next(), words.next(), words.next());
    let dated = date.is_some_and(|date| date.len() == 10 && date.starts_with("20"));
    match (
        dated && level.is_some_and(|level| LEVELS.contains(&level)),
        words.next(),
    ) {
        (true, Some(rest)) => rest.trim_start(),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_the_server_are_shown_and_everything_else_is_a_length() {
        let check = |line: &str, expected: &str| {
            assert_eq!(shown(line), [expected], "{line}");
        };
        check(
            "2026-11-22 11:36:17.232+0000 INFO  ======== Neo4j 5.26.30 ========",
            "======== Neo4j 5.26.30 ========",
        );
        check("2026-11-22 11:36:17.232+0000 INFO  Started.", "Started.");
        check(
            "Caused by: java.io.IOException: /data/alice is not there",
            "java.io.IOException",
        );
        check("Node[12]{name: alice}", "[21 bytes]");
        assert!(shown("Files: 1/83, data: 0.1%\n\n").is_empty());
    }
}
