//! `latest`: the location of one snapshot, alone on a line, for scripts.

use catalog::{
    config::{Config, Location, Source},
    evidence::{Ledger, Verdict},
    model::{Snapshot, SourceInventory},
};
use toolkit::exit::Exit;

use super::{Console, Refusal, World};
use crate::cli::Latest;

pub(super) async fn run(flags: &Latest, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let source = world.source(&flags.source)?;
    let surveyed = world.survey(&[source]).await;
    surveyed.tell(console)?;
    let Some(inventory) = surveyed.of(source, console)? else {
        return Ok(Exit::Unknown);
    };
    let ledger = world.ledger(&source.name).await?;
    let found = newest(flags, inventory, &ledger).ok_or_else(|| none(flags))?;
    for artifact in &found.artifacts {
        let location = location(&world.config, source, artifact.meta.key.as_str());
        writeln!(console.out, "{location}")?;
    }
    Ok(Exit::Fine)
}

fn newest<'a>(
    flags: &Latest,
    inventory: &'a SourceInventory,
    ledger: &Ledger,
) -> Option<&'a Snapshot> {
    let proven = |snapshot: &&Snapshot| {
        let last = ledger.of_object(snapshot);
        last.is_some_and(|last| last.verdict == Verdict::Verified)
    };
    inventory
        .complete()
        .filter(|snapshot| flags.before.is_none_or(|before| snapshot.taken_at < before))
        .find(|snapshot| !flags.verified || proven(snapshot))
}

fn none(flags: &Latest) -> Refusal {
    let kind = if flags.verified {
        "verified"
    } else {
        "complete"
    };
    let before = flags
        .before
        .map_or_else(String::new, |before| format!(" before {before}"));
    Refusal::unknown(format!("{} has no {kind} snapshot{before}", flags.source))
}

fn location(config: &Config, source: &Source, key: &str) -> String {
    let repository = config
        .repositories
        .iter()
        .find(|it| it.name == source.repository);
    match repository.map(|repository| &repository.location) {
        Some(Location::Directory(root)) => root.join(key).display().to_string(),
        Some(location @ Location::S3(_)) => format!("{location}{key}"),
        None => key.into(),
    }
}
