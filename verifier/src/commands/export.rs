//! `evidence export`: the records of sources for somebody else's eyes: programs, tables, audits.

use catalog::{
    ledger::{LedgerError, Record, RecordWriter, sequences},
    model::SourceName,
};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use toolkit::exit::Exit;

use super::evidence::called;
use crate::{
    cli::{self, ExportFormat},
    console::{Console, Refusal},
    report::{ChainRow, EvidencePage, ExportRow, csv_header},
    world::World,
};

/// Prints the records; those that cannot be read are told, and the others are still printed.
pub(super) async fn run(flags: &cli::Export, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    world.is_mounted().await?;
    let now = console.clock.now();
    let mut export = Export {
        evidence: &**world.evidence()?,
        since: flags.since.map(|since| since.time(now)),
        format: flags.format,
        printed: 0,
        unread: 0,
        rows: Vec::new(),
    };
    let sources = world.sources(&flags.select)?;
    export.begin(console)?;
    let mut chains = Vec::new();
    for source in sources {
        let former = source.formerly.iter();
        for name in former.chain([&source.name]) {
            export.records(name, console).await?;
        }
        if flags.format == ExportFormat::Html {
            let ledger = world.ledger(&source.name).await?;
            let strands = ledger.strands();
            chains.extend(strands.map(|it| ChainRow::new(called(it, &source.name), it)));
        }
    }
    let unread = export.unread;
    export.end(chains, now, console)?;
    Ok(if unread > 0 {
        Exit::Unknown
    } else {
        Exit::Fine
    })
}

/// An export under way: JSON and CSV are printed record by record, a page at the end.
struct Export<'a> {
    evidence: &'a dyn RecordWriter,
    since: Option<Timestamp>,
    format: ExportFormat,
    /// Number of records that JSON has so far.
    printed: usize,
    /// Number of records that could not be read.
    unread: usize,
    rows: Vec<ExportRow>,
}

impl Export<'_> {
    fn begin(&self, console: &mut Console<'_>) -> Result<(), Refusal> {
        match self.format {
            ExportFormat::Json => write!(console.out, "[")?,
            ExportFormat::Csv => console.out.write_all(&csv_header())?,
            ExportFormat::Html => {}
        }
        Ok(())
    }

    /// Exports the records below one name; errs where their store does.
    async fn records(
        &mut self,
        name: &SourceName,
        console: &mut Console<'_>,
    ) -> Result<(), Refusal> {
        let refuse = |error| Refusal::unknown(toolkit::problem::render(&error, None));
        let evidence = self.evidence;
        let mut sequences = sequences(evidence, name, 0);
        while let Some(sequence) = sequences.try_next().await.map_err(refuse)? {
            let read = match evidence.read(name, sequence).await {
                Ok(text) => self.put(name, &text, console)?,
                // The record was pruned since it was listed.
                Err(LedgerError::Gone { .. }) => Ok(()),
                Err(LedgerError::Unreadable { what, .. }) => Err(what),
                Err(error) => return Err(refuse(error)),
            };
            if let Err(why) = read {
                self.unread += 1;
                writeln!(console.err, "{name}/{sequence:08} cannot be read: {why}")?;
            }
        }
        Ok(())
    }

    /// Exports a record, unless it is too old. The inner error says why it cannot be read. JSON is
    /// exported as it lies there, changed by somebody or not: `evidence check` judges it.
    fn put(
        &mut self,
        name: &SourceName,
        text: &str,
        console: &mut Console<'_>,
    ) -> Result<Result<(), String>, Refusal> {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let ended_at = value["ended_at"].as_str();
        let ended_at = ended_at.and_then(|it| it.parse::<Timestamp>().ok());
        if ended_at.is_some_and(|ended_at| Some(ended_at) < self.since) {
            return Ok(Ok(()));
        }
        if self.format == ExportFormat::Json {
            let before = if self.printed == 0 { "\n" } else { ",\n" };
            self.printed += 1;
            return Ok(Ok(write!(console.out, "{before}{value}")?));
        }
        let record = match Record::parse(text) {
            Ok(record) => record,
            Err(error) => return Ok(Err(toolkit::problem::render(&error, None))),
        };
        let row = ExportRow::new(name, &record);
        match self.format {
            ExportFormat::Csv => console.out.write_all(&row.csv())?,
            _ => self.rows.push(row),
        }
        Ok(Ok(()))
    }

    fn end(
        self,
        chains: Vec<ChainRow>,
        now: Timestamp,
        console: &mut Console<'_>,
    ) -> Result<(), Refusal> {
        match self.format {
            ExportFormat::Json => writeln!(console.out, "\n]")?,
            ExportFormat::Csv => {}
            ExportFormat::Html => {
                let page = EvidencePage::new(chains, self.rows, self.unread, self.since, now);
                let text = page.text();
                let text = text.map_err(|error| Refusal::unknown(format!("no page: {error}")))?;
                write!(console.out, "{text}")?;
            }
        }
        Ok(())
    }
}
