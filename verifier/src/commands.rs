//! What each command does: one file per command, all with the same shape.
//!
//! A command gets a [`Console`] and its own flags, and ends in an [`Exit`] or a [`Refusal`]. Data
//! goes to `out`; everything else to `err`.

mod accept;
mod check;
mod completions;
mod doctor;
mod evidence;
mod fetch;
mod inspect;
mod latest;
mod plan;
mod repair;
mod serve;
mod snapshots;
mod sweep;
mod verify;

use toolkit::{exit::Exit, flags::WebFlags};

use crate::{
    cli::{Command, EvidenceCommand},
    console::{Console, Refusal},
};

/// Runs one command to its end.
pub async fn dispatch(
    command: &Command,
    web: &WebFlags,
    console: &mut Console<'_>,
) -> Result<Exit, Refusal> {
    match command {
        Command::Serve(flags) => serve::run(&flags.web.or(web), console).await,
        _ if !web.is_empty() => Err(Refusal::usage(
            "only serve listens\nhint: Leave out --web.…, or say serve.",
        )),
        Command::Verify(flags) => verify::run(flags, console).await,
        Command::Plan(flags) => plan::run(flags, console).await,
        Command::Snapshots(flags) => snapshots::run(flags, console).await,
        Command::Latest(flags) => latest::run(flags, console).await,
        Command::Fetch(flags) => fetch::run(flags, console).await,
        Command::Inspect(flags) => inspect::run(flags, console),
        Command::Accept(flags) => accept::run(flags, console).await,
        Command::Evidence(EvidenceCommand::Check(select)) => evidence::check(select, console).await,
        Command::Evidence(EvidenceCommand::List(select)) => evidence::list(select, console).await,
        Command::Evidence(EvidenceCommand::Export(select)) => {
            evidence::export(select, console).await
        }
        Command::Evidence(EvidenceCommand::Repair(flags)) => repair::run(flags, console).await,
        Command::Sweep => sweep::run(console).await,
        Command::Doctor => doctor::run(console).await,
        Command::Check => check::run(console).await,
        Command::Schema => check::schema(console),
        Command::Completions(flags) => completions::run(flags, console),
    }
}
