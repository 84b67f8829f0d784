//! `--once`: what was seen, printed or written to a file.

use catalog::model::SourceName;
use toolkit::{exit::Exit, replace::replace};

use super::{Console, Refusal};
use crate::{
    cli::{Cli, OnceFormat},
    families::exposition_text,
    page::table,
    state::{SourceState, State, SurveyOutcome},
};

/// Prints the state, and says by the exit code whether all repositories and sources could be seen.
pub(super) fn print(cli: &Cli, state: &State, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let text = match cli.once_format {
        OnceFormat::Metrics => exposition_text(state, console.clock.now(), None)?,
        OnceFormat::Table => table(state, console.clock.now()),
    };
    match &cli.once_output {
        None => console.out.write_all(text.as_bytes())?,
        Some(file) => replace(file, &text)?,
    }
    for (name, problem) in problems(state) {
        writeln!(console.err, "{name}: {problem}")?;
    }
    for name in unread_ledgers(state) {
        writeln!(console.err, "{name}: its evidence could not be read")?;
    }
    let seen = problems(state).next().is_none();
    Ok(if seen { Exit::Fine } else { Exit::Unknown })
}

/// Repositories and sources that could not be wholly seen, each with its problem.
fn problems(state: &State) -> impl Iterator<Item = (&str, String)> {
    let repositories = state.repositories.iter().filter_map(|(name, known)| {
        let last = known.last.as_ref()?;
        let failed = last.outcome != SurveyOutcome::Completed;
        failed.then(|| (name.as_str(), last.problem.clone().unwrap_or_default()))
    });
    let sources = state.sources.iter().filter_map(|(name, known)| {
        let problem = known.problem.clone()?;
        Some((name.as_str(), problem))
    });
    repositories.chain(sources)
}

/// Sources whose ledger could not be read. This is said, but not in the exit code: what lies in the
/// repositories was seen all the same.
fn unread_ledgers(state: &State) -> impl Iterator<Item = &SourceName> {
    let unread = |known: &SourceState| known.evidence.up == Some(false);
    state
        .sources
        .iter()
        .filter(move |(_, known)| unread(known))
        .map(|(name, _)| name)
}
