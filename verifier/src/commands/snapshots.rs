//! `snapshots`: every snapshot with its size, age, state and proof.

use catalog::{
    ledger::Ledger,
    model::{Continues, Snapshot, SnapshotState},
};
use jiff::Timestamp;
use toolkit::{exit::Exit, table::Table, words};

use crate::{
    cli::Select,
    console::{Console, Refusal},
    report,
    world::World,
};

const COLUMNS: [&str; 7] = [
    "SOURCE",
    "SNAPSHOT",
    "RECOVERY POINT",
    "AGE",
    "SIZE",
    "STATE",
    "PROOF",
];

pub(super) async fn run(select: &Select, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let sources = world.sources(select)?;
    let now = console.clock.now();
    let surveyed = world.survey(&sources).await;
    let mut exit = surveyed.tell(console)?;
    world.warn_unmounted(console).await?;
    let mut table = Table::new(COLUMNS);
    for source in sources {
        let Some(inventory) = surveyed.of(source, console)? else {
            exit = exit.max(Exit::Unknown);
            continue;
        };
        let ledger = world.ledger(&source.name).await?;
        for snapshot in &inventory.snapshots {
            table.row([
                source.name.to_string(),
                report::printable(&snapshot.id.0),
                snapshot.taken_at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
                words::ago(snapshot.taken_at, now),
                words::size(snapshot.size_bytes()),
                state(snapshot),
                proof(&ledger, snapshot, now),
            ]);
        }
        if inventory.snapshots.is_empty() {
            let mut cells = [const { String::new() }; COLUMNS.len()];
            cells[0] = source.name.to_string();
            cells[1] = "none".into();
            table.row(cells);
        }
    }
    write!(console.out, "{table}")?;
    Ok(exit)
}

fn state(snapshot: &Snapshot) -> String {
    let state = snapshot.state.as_label().replace('_', " ");
    match (&snapshot.facts.invalid, &snapshot.continues, snapshot.state) {
        (Some(why), _, SnapshotState::Invalid)
        | (_, Continues::Missing(why), SnapshotState::Partial) => format!("{state}: {why}"),
        _ => state,
    }
}

fn proof(ledger: &Ledger, snapshot: &Snapshot, now: Timestamp) -> String {
    let Some(last) = ledger.until(now).of_object(snapshot) else {
        return "–".into();
    };
    format!(
        "{} {}",
        report::headline(last),
        words::ago(last.ended_at, now)
    )
}
