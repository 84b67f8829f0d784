//! `accept`: a person says that the contents of one snapshot are right: the new baseline.

use catalog::ledger::{Acceptance, Draft};
use toolkit::exit::Exit;

use crate::{
    cli::Accept,
    console::{Console, Refusal},
    identity, report,
    select::{Wanted, select},
    world::World,
};

/// Longest reason, in characters: a sentence or two, not a page.
pub(super) const REASON_MAX: usize = 1_000;

/// Trims the reason a person gave for a record; errs if it is empty or too long.
pub(super) fn reason(given: &str) -> Result<&str, Refusal> {
    let reason = given.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        let message = format!("a reason has 1 to {REASON_MAX} characters\nhint: It is for audits.");
        return Err(Refusal::usage(message));
    }
    Ok(reason)
}

pub(super) async fn run(flags: &Accept, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let reason = reason(&flags.reason)?;
    let world = World::open(console)?;
    let source = world.source(&flags.source)?;
    world.evidence()?;
    let now = console.clock.now();
    let surveyed = world.survey(&[source]).await;
    surveyed.tell(console)?;
    world.warn_unmounted(console).await?;
    let Some(inventory) = surveyed.of(source, console)? else {
        return Ok(Exit::Unknown);
    };
    let snapshot =
        select(inventory, &Wanted::Named(flags.snapshot.clone())).map_err(Refusal::usage)?;
    let ledger = world.ledger(&source.name).await?;
    let last = ledger
        .until(now)
        .of_object(snapshot)
        .filter(|last| !last.items.is_empty());
    let Some(last) = last else {
        return Err(Refusal::usage(format!(
            "nothing was ever counted in {}\nhint: Verify it first: backup-verifier verify \
             --source {} --snapshot {}",
            flags.snapshot, source.name, flags.snapshot
        )));
    };
    world.may_write().await?;
    let acceptance = Acceptance {
        id: identity::new_id(),
        source: source.name.clone(),
        by: identity::host(),
        ended_at: now,
        snapshot: last.snapshot.clone(),
        items: last.items.clone(),
        fingerprints: last.fingerprints.clone(),
        message: reason.into(),
    };
    let draft = Draft::Acceptance(Box::new(acceptance));
    let appended = world.append(&source.name, draft).await?;
    writeln!(
        console.out,
        "✔ {}: {} is the new baseline ({}), record {:08}",
        source.name,
        report::printable(&flags.snapshot),
        report::counted(&last.items).unwrap_or_default(),
        appended.record.sequence
    )?;
    Ok(Exit::Fine)
}
