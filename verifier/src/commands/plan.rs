//! `plan`: what is due, and why.

use toolkit::exit::Exit;

use super::{Console, Refusal, World};
use crate::{
    cli::{Plan, Select},
    plan::{self, Planned},
    report,
};

pub(super) async fn run(flags: &Plan, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let (planned, exit) = all(&world, &Select::default(), console).await?;
    let mut table = report::Table::new(["SOURCE", "DUE", "SNAPSHOT", "WHY"]);
    for line in planned
        .iter()
        .filter(|line| flags.explain || line.due.is_some())
    {
        let due = if line.due.is_some() { "yes" } else { "no" };
        let snapshot = line
            .snapshot
            .as_deref()
            .map_or_else(|| "–".into(), report::printable);
        table.row([
            line.source.to_string(),
            due.into(),
            snapshot,
            line.why.clone(),
        ]);
    }
    if table.is_empty() {
        writeln!(console.err, "nothing is due; --explain says why")?;
    } else {
        write!(console.out, "{table}")?;
    }
    Ok(exit)
}

/// One line per selected source; sources that could not be seen are told on `err`.
pub(super) async fn all(
    world: &World,
    select: &Select,
    console: &mut Console<'_>,
) -> Result<(Vec<Planned>, Exit), Refusal> {
    let sources = world.sources(select)?;
    let now = console.clock.now();
    let surveyed = world.survey(&sources).await;
    let mut exit = surveyed.tell(console)?;
    let mut planned = Vec::new();
    for source in sources {
        let Some(inventory) = surveyed.of(source, console)? else {
            exit = exit.max(Exit::Unknown);
            continue;
        };
        let ledger = world.ledger(&source.name).await?;
        planned.push(plan::plan(source, inventory, &ledger, now));
    }
    Ok((planned, exit))
}
