//! `latest`: the location of one snapshot, alone on a line, for scripts.

use catalog::config::{Config, Source};
use toolkit::{exit::Exit, words::ago};

use crate::{
    cli::Latest,
    console::{Console, Refusal},
    report::{headline, printable},
    select::{Wanted, select, select_verified},
    world::World,
};

pub(super) async fn run(flags: &Latest, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let source = world.source(&flags.source)?;
    let surveyed = world.survey(&[source]).await;
    surveyed.tell(console)?;
    let Some(inventory) = surveyed.of(source, console)? else {
        return Ok(Exit::Unknown);
    };
    let (recorded, ledger) = world.ledger_for(source, flags.verified, console).await?;
    let past = ledger.until(world.clock.now());
    let wanted = flags.before.map_or(Wanted::Newest, Wanted::Before);
    let found = if flags.verified {
        select_verified(inventory, &wanted, recorded.then_some(past))?
    } else {
        select(inventory, &wanted)?
    };
    let id = printable(&found.id.0);
    match found.before().as_deref() {
        Some([]) => {}
        Some(before) => writeln!(
            console.err,
            "warning: snapshot {id} continues {} others and is worth nothing without them\n\
             hint: `backup-verifier fetch` brings all of them.",
            before.len()
        )?,
        None => writeln!(
            console.err,
            "warning: what snapshot {id} continues is not known\n\
             hint: `backup-verifier snapshots` shows what lies there."
        )?,
    }
    let version = inventory.is_older_version(found);
    for artifact in &found.artifacts {
        let meta = &artifact.meta;
        let version = meta.version_id.as_deref().filter(|_| version);
        let location = location(&world.config, source, meta.key.as_str(), version);
        writeln!(console.out, "{location}")?;
    }
    let Some(bad) = past.shown_bad(found) else {
        return Ok(Exit::Fine);
    };
    writeln!(
        console.err,
        "warning: snapshot {id} is known to be bad: {} {}\n\
         hint: `backup-verifier latest --verified` names the newest one that was restored.",
        headline(bad),
        ago(bad.ended_at, console.clock.now()),
    )?;
    Ok(Exit::Failed)
}

fn location(config: &Config, source: &Source, key: &str, version: Option<&str>) -> String {
    let mut repositories = config.repositories.iter();
    let repository = repositories.find(|it| it.name == source.repository);
    repository.map_or_else(|| key.into(), |it| it.location.object(key, version))
}
