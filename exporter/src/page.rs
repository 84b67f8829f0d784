//! Pages for people: the landing page, and the same as a table of text.
//!
//! Pure, and made to be understood in five seconds. No key of an object is ever on it.

mod answer;
mod repositories;
mod sources;
mod table;

use askama::Template;
use jiff::Timestamp;
use toolkit::{
    http::shell::{STALE, Shell},
    words,
};

use crate::state::State;

use answer::Answer;
use repositories::RepositoryRow;
use sources::SourceRow;

pub use table::table;

#[derive(Debug, Template)]
#[template(path = "page.html")]
struct Page {
    shell: Shell,
    sources: Vec<SourceRow>,
    repositories: Vec<RepositoryRow>,
}

/// The answer for all sources together.
#[derive(Debug)]
struct Summary {
    recoverable: Answer,
    title: String,
    detail: String,
}

/// The landing page at `now`, as HTML. Errs if the template cannot be filled.
pub fn page(state: &State, now: Timestamp) -> Result<String, askama::Error> {
    let sources = sources::rows(state, now);
    let Summary {
        recoverable,
        title,
        detail,
    } = summary(&sources);
    let page = Page {
        shell: Shell {
            brand: "Backup Witness",
            title,
            tone: recoverable.class(),
            detail,
            now: words::time(now),
            program: "backup-exporter",
            version: env!("CARGO_PKG_VERSION"),
            loaded: words::ago(state.loaded_at, now),
            problem: state.reload_problem.as_ref().map(|_| STALE),
        },
        sources,
        repositories: repositories::rows(state, now),
    };
    page.render()
}

fn summary(sources: &[SourceRow]) -> Summary {
    let names = |answer| {
        let rows = sources.iter().filter(move |row| row.recoverable == answer);
        rows.map(|row| row.name.as_str()).collect::<Vec<_>>()
    };
    let [no, unknown, unproven, yes] =
        [Answer::No, Answer::Unknown, Answer::Unproven, Answer::Yes].map(names);
    let (recoverable, title) = if let [one] = no[..] {
        (Answer::No, format!("{one} is not recoverable as promised"))
    } else if !no.is_empty() {
        (
            Answer::No,
            format!("{} sources are not recoverable as promised", no.len()),
        )
    } else if let [one] = unknown[..] {
        (
            Answer::Unknown,
            format!("Not known whether {one} is recoverable"),
        )
    } else if !unknown.is_empty() {
        (
            Answer::Unknown,
            format!(
                "Not known whether {} sources are recoverable",
                unknown.len()
            ),
        )
    } else if yes.is_empty() {
        (Answer::Unproven, "Nothing is verified here".to_owned())
    } else {
        (
            Answer::Yes,
            "Everything that is verified is recoverable".to_owned(),
        )
    };
    let counts = [
        ("no", no),
        ("unknown", unknown),
        ("unproven", unproven),
        ("yes", yes),
    ];
    let told = counts.iter().filter(|(_, names)| !names.is_empty());
    let told: Vec<_> = told
        .map(|(word, names)| format!("{} {word}", names.len()))
        .collect();
    Summary {
        recoverable,
        title,
        detail: told.join(" · "),
    }
}

#[cfg(test)]
mod tests;
