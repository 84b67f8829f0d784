//! What each command does: one module for each, or for a few that belong together.
//!
//! A command gets a [`Console`] and its own flags, and ends in an [`Exit`] or a [`Refusal`]. Data
//! goes to `out`; everything else to `err`.

mod accept;
mod check;
mod completions;
mod doctor;
mod drill;
mod evidence;
mod export;
mod fetch;
mod inspect;
mod latest;
mod notify;
mod plan;
mod repair;
mod serve;
mod snapshots;
mod sweep;
mod verify;

use toolkit::{exit::Exit, flags::WebFlags};

use crate::{
    cli::{EvidenceCommand, Verb},
    console::{Console, Refusal},
};

/// Runs one command to its end; errs if it did not do what it was asked to.
pub async fn dispatch(
    command: &Verb,
    web: &WebFlags,
    console: &mut Console<'_>,
) -> Result<Exit, Refusal> {
    match command {
        Verb::Serve(flags) => serve::run(&flags.web.or(web), console).await,
        _ if !web.is_empty() => Err(Refusal::usage(
            "only serve listens\nhint: Leave out --web.…, or say serve.",
        )),
        Verb::Verify(flags) => verify::run(flags, console).await,
        Verb::Drill(flags) => drill::run(flags, console).await,
        Verb::Plan(flags) => plan::run(flags, console).await,
        Verb::Snapshots(flags) => snapshots::run(flags, console).await,
        Verb::Latest(flags) => latest::run(flags, console).await,
        Verb::Notify(_) => notify::run(console).await,
        Verb::Fetch(flags) => fetch::run(flags, console).await,
        Verb::Inspect(flags) => inspect::run(flags, console),
        Verb::Accept(flags) => accept::run(flags, console).await,
        Verb::Evidence(EvidenceCommand::Check(flags)) => evidence::check(flags, console).await,
        Verb::Evidence(EvidenceCommand::List(select)) => evidence::list(select, console).await,
        Verb::Evidence(EvidenceCommand::Export(flags)) => export::run(flags, console).await,
        Verb::Evidence(EvidenceCommand::Repair(flags)) => repair::run(flags, console).await,
        Verb::Sweep => sweep::run(console).await,
        Verb::Doctor => doctor::run(console).await,
        Verb::Check => check::run(console).await,
        Verb::Schema => check::schema(console),
        Verb::Completions(flags) => completions::run(flags, console),
    }
}
