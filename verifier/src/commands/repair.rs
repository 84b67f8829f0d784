//! `evidence repair`: a person says why a chain is broken, in the chain itself.

use catalog::{
    ledger::{Break, Draft, Repair},
    model::SourceName,
};
use toolkit::exit::Exit;

use super::accept::reason;
use crate::{
    cli,
    console::{Console, Refusal},
    identity,
    world::World,
};

/// Longest account of what is broken, in characters: it may quote what lies there.
const BROKEN_BY_MAX: usize = 200;

/// Writes one record for each break, until there is none. A break of a former name is repaired in
/// that name's chain.
pub(super) async fn run(flags: &cli::Repair, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let reason = reason(&flags.reason)?;
    let world = World::open(console)?;
    let source = &world.source(&flags.source)?.name;
    world.is_mounted().await?;
    let mut standing = standing_of(source, &world).await?;
    if standing.is_none() {
        return Err(Refusal::usage(format!(
            "the evidence of {source} is not broken, so there is nothing to repair\n\
             hint: A running program that says otherwise saw its newest record change or vanish; \
             it forgets that when it is restarted."
        )));
    }
    world.may_write().await?;
    while let Some((name, first_break)) = standing {
        let repair = repair(&name, &first_break, reason, console);
        let draft = Draft::Repair(Box::new(repair));
        let appended = world.append(&name, draft).await?;
        let sequence = appended.record.sequence;
        standing = standing_of(source, &world).await?;
        if standing.as_ref() == Some(&(name.clone(), first_break.clone())) {
            return Err(Refusal::unknown(format!(
                "{name} is still broken although record {sequence:08} repairs it: {first_break}\n\
                 hint: Look whether somebody writes there, then run it again."
            )));
        }
        writeln!(
            console.out,
            "✔ {name}: {first_break}: repaired by record {sequence:08}"
        )?;
    }
    Ok(Exit::Fine)
}

/// Returns the first break of the source's chains, and the name that it is below.
async fn standing_of(
    source: &SourceName,
    world: &World,
) -> Result<Option<(SourceName, Break)>, Refusal> {
    let ledger = world.ledger(source).await?;
    let standing = ledger.first_break();
    Ok(standing.map(|(name, first_break)| (name.clone(), first_break)))
}

fn repair(source: &SourceName, first_break: &Break, reason: &str, console: &Console<'_>) -> Repair {
    Repair {
        id: identity::new_id(),
        source: source.clone(),
        by: identity::host(),
        ended_at: console.clock.now(),
        first_break: first_break.sequence,
        broken_by: settings::one_line(&first_break.what.to_string(), BROKEN_BY_MAX),
        found: first_break.found.clone(),
        message: reason.into(),
    }
}
