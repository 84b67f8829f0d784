//! `plan`: what is due, and why.

use catalog::{config::Source, ledger::Proofs};
use toolkit::{exit::Exit, table::Table};

use crate::{
    cli::{Plan, Select},
    console::{Console, Refusal},
    plan::{self, PlanLine, Situation},
    report,
    world::{Surveyed, World},
};

pub(super) async fn run(flags: &Plan, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let sources = world.sources(&Select::default())?;
    let surveyed = world.survey(&sources).await;
    let seen = surveyed.tell(console)?;
    world.warn_unmounted(console).await?;
    let (planned, exit) = of(&sources, &surveyed, &world, console).await?;
    let mut table = Table::new(["SOURCE", "DUE", "SNAPSHOT", "WHY"]);
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
    Ok(exit.max(seen))
}

/// Plans every source that could be seen, a line for each; the others are told on `err`.
pub(super) async fn of(
    sources: &[&Source],
    surveyed: &Surveyed,
    world: &World,
    console: &mut Console<'_>,
) -> Result<(Vec<PlanLine>, Exit), Refusal> {
    let now = console.clock.now();
    let mut exit = Exit::Fine;
    let mut planned = Vec::new();
    for source in sources {
        let Some(inventory) = surveyed.of(source, console)? else {
            exit = exit.max(Exit::Unknown);
            continue;
        };
        let ledger = world.ledger(&source.name).await?;
        let proofs = Proofs::new(&ledger, inventory, None, now);
        let situation = Situation::new(inventory, &ledger, &proofs, now);
        planned.push(plan::plan(source, &situation));
    }
    Ok((planned, exit))
}
