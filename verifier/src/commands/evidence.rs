//! `evidence`: the ledgers as they lie there.

use catalog::{
    ledger::{ChainReport, Draft, Record, Repair, Repaired, Strand, anchored},
    model::SourceName,
};
use toolkit::{exit::Exit, table::Table, words};

use super::accept::REASON_MAX;
use crate::{
    cli::{EvidenceCheck, Select},
    console::{Console, Refusal},
    report,
    world::World,
};

/// Recomputes every digest and names the first break of each chain; then looks for the anchor, if
/// one is given.
pub(super) async fn check(
    flags: &EvidenceCheck,
    console: &mut Console<'_>,
) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    world.is_mounted().await?;
    let mut exit = Exit::Fine;
    for source in world.sources(&flags.select)? {
        let ledger = world.ledger(&source.name).await?;
        for strand in ledger.strands() {
            let chain = strand.report();
            if chain.first_break.is_some() {
                exit = Exit::Failed;
            }
            let name = called(strand, ledger.source());
            writeln!(console.out, "{}", state(&name, &chain, strand))?;
            for repaired in strand.repairs() {
                writeln!(console.out, "  {}", told(repaired))?;
            }
        }
    }
    if let Some(anchor) = &flags.anchor {
        exit = exit.max(check_anchor(&world, (&flags.select, anchor), console).await?);
    }
    Ok(exit)
}

/// Looks whether the ledgers of the selected sources that expect a proof once had this anchor.
async fn check_anchor(
    world: &World,
    (select, anchor): (&Select, &str),
    console: &mut Console<'_>,
) -> Result<Exit, Refusal> {
    let mut ledgers = Vec::new();
    let selected = world.sources(select)?.into_iter();
    for source in selected.filter(|it| it.verify.is_some()) {
        ledgers.push(world.ledger(&source.name).await?);
    }
    if anchored(&ledgers, anchor.trim()) {
        writeln!(
            console.out,
            "✔ anchor: no record that was there then is changed or removed"
        )?;
        return Ok(Exit::Fine);
    }
    writeln!(
        console.out,
        "✘ anchor: the ledgers never had it\n\
         hint: A record of that time was changed or removed, old records were pruned since, or \
         other sources are selected than those of the digest (--source)."
    )?;
    Ok(Exit::Failed)
}

/// The name of a strand, and whose former name it is.
pub(super) fn called(strand: &Strand, source: &SourceName) -> String {
    let name = strand.name();
    if name == source {
        return name.to_string();
    }
    format!("{name} (now {source})")
}

/// The state of a chain in one line.
fn state(name: &str, chain: &ChainReport, strand: &Strand) -> String {
    let sign = if chain.first_break.is_some() {
        '✘'
    } else {
        '✔'
    };
    let state = report::chain_state(strand);
    let records = words::counted(chain.records, "record", "records");
    format!("{sign} {name}: {records}, {state}")
}

/// A repair in one line, with all that a person wrote.
fn told(repaired: &Repaired) -> String {
    let Repair {
        by,
        ended_at,
        first_break,
        broken_by,
        message,
        ..
    } = &repaired.repair;
    format!(
        "repaired on {} by {} in record {:08}: record {first_break:08} {}: {}",
        ended_at.strftime("%Y-%m-%d"),
        report::printable(by),
        repaired.sequence,
        report::printable(broken_by),
        settings::one_line(message, REASON_MAX),
    )
}

/// Prints one line per record.
pub(super) async fn list(select: &Select, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    world.is_mounted().await?;
    let now = console.clock.now();
    let mut table = Table::new(["RECORD", "WHEN", "SNAPSHOT", "OUTCOME", "COUNTED"]);
    for source in world.sources(select)? {
        let ledger = world.ledger(&source.name).await?;
        for strand in ledger.strands() {
            add(&mut table, strand, now);
        }
    }
    write!(console.out, "{table}")?;
    Ok(Exit::Fine)
}

/// Adds the records of one name to the table.
fn add(table: &mut Table<5>, strand: &Strand, now: jiff::Timestamp) {
    let listed = |sequence| strand.records().any(|it| it.sequence == sequence);
    for pruned in strand.repairs().filter(|it| !listed(it.sequence)) {
        let name = format!("{}/{:08}", strand.name(), pruned.sequence);
        let (when, snapshot, outcome, counted) = repair(&pruned.repair, now);
        table.row([name, when, snapshot, outcome, counted]);
    }
    for record in strand.records() {
        let (when, snapshot, outcome, counted) = line(record, now);
        let name = format!("{}/{:08}", strand.name(), record.sequence);
        table.row([name, when, snapshot, outcome, counted]);
    }
}

fn line(record: &Record, now: jiff::Timestamp) -> (String, String, String, String) {
    match &record.draft {
        Draft::Verification(run) => (
            words::ago(run.ended_at, now),
            report::printable(&run.snapshot.id.0),
            report::headline(run),
            report::counted(&run.items).unwrap_or_default(),
        ),
        Draft::Acceptance(act) => (
            words::ago(act.ended_at, now),
            report::printable(&act.snapshot.id.0),
            format!(
                "accepted by {}: {}",
                report::printable(&act.by),
                report::printable(&act.message)
            ),
            report::counted(&act.items).unwrap_or_default(),
        ),
        Draft::Checkpoint(it) => (
            words::ago(it.ended_at, now),
            String::new(),
            format!("checkpoint: records up to {:08} were pruned", it.through),
            String::new(),
        ),
        Draft::Repair(act) => repair(act, now),
        Draft::Unknown { kind, why } => empty_but(&format!("{}: {why}", report::printable(kind))),
    }
}

fn repair(act: &Repair, now: jiff::Timestamp) -> (String, String, String, String) {
    let outcome = format!(
        "repaired by {}: record {:08} {}: {}",
        report::printable(&act.by),
        act.first_break,
        report::printable(&act.broken_by),
        report::printable(&act.message)
    );
    let when = words::ago(act.ended_at, now);
    (when, String::new(), outcome, String::new())
}

fn empty_but(outcome: &str) -> (String, String, String, String) {
    (String::new(), String::new(), outcome.into(), String::new())
}
