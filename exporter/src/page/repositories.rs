//! Rows of repositories.

use jiff::Timestamp;
use toolkit::words;

use super::answer::{Answer, Cell};
use crate::state::{RepositoryState, State, SurveyOutcome};

/// One repository on the page.
#[derive(Debug)]
pub(super) struct RepositoryRow {
    pub(super) answers: Answer,
    pub(super) name: String,
    pub(super) location: String,
    pub(super) problem: Option<String>,
    pub(super) as_of: Cell,
    pub(super) last: Cell,
    pub(super) stored: Cell,
}

/// Rows of all repositories, in the order of the file.
pub(super) fn rows(state: &State, now: Timestamp) -> Vec<RepositoryRow> {
    let configured = state.config.repositories.iter();
    let rows = configured.filter_map(|repository| {
        let known = state.repositories.get(&repository.name)?;
        Some(RepositoryRow {
            answers: known.last.as_ref().map_or(Answer::Unknown, |last| {
                let up = last.outcome == SurveyOutcome::Completed;
                if up { Answer::Yes } else { Answer::No }
            }),
            name: repository.name.to_string(),
            location: repository.location.to_string(),
            problem: known.last.as_ref().and_then(|last| last.problem.clone()),
            as_of: as_of(known, now),
            last: last(known, now),
            stored: stored(known, repository.capacity_bytes),
        })
    });
    rows.collect()
}

fn as_of(known: &RepositoryState, now: Timestamp) -> Cell {
    match known.surveyed_at {
        Some(at) => Cell::new(words::ago(at, now), words::time(at)),
        None => Cell::new("never", ""),
    }
}

fn last(known: &RepositoryState, now: Timestamp) -> Cell {
    let Some(last) = &known.last else {
        return Cell::new("under way", "");
    };
    let word = last.outcome.as_label().replace('_', " ");
    let (when, took) = (words::ago(last.ended_at, now), words::length(last.took));
    Cell::new(word, format!("{when}, took {took}"))
}

fn stored(known: &RepositoryState, capacity: Option<u64>) -> Cell {
    if known.surveyed_at.is_none() {
        return Cell::none();
    }
    let sum = |one: fn(&catalog::model::Usage) -> u64| {
        known.usage.iter().map(one).fold(0, u64::saturating_add)
    };
    let (bytes, objects) = (sum(|usage| usage.bytes), sum(|usage| usage.objects));
    let noun = words::counted(objects, "object", "objects");
    let of = capacity.map(|capacity| format!(" of {}", words::size(capacity)));
    Cell::new(words::size(bytes) + &of.unwrap_or_default(), noun)
}
