//! Records for audits: one row of cells for each, as CSV and as a page. Pure.
//!
//! Nothing of a snapshot's data is in a record. What is there of free text (names of objects, what
//! people wrote) is made harmless: spreadsheets run cells that look like formulas.

mod page;

use catalog::{
    ledger::{Acceptance, Checkpoint, Draft, Items, Record, Repair, Verification},
    model::SourceName,
};
use csv::{Terminator, WriterBuilder};
use jiff::Timestamp;

use super::printable;

pub(crate) use page::{ChainRow, EvidencePage};

/// One record as text; a cell of which the record says nothing is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ExportRow {
    source: String,
    sequence: String,
    kind: String,
    began_at: String,
    ended_at: String,
    snapshot: String,
    taken_at: String,
    size_bytes: String,
    verdict: String,
    reason: String,
    recovery_milliseconds: String,
    items: String,
    by: String,
    trigger: String,
    version: String,
    digest: String,
    message: String,
}

impl ExportRow {
    /// Makes the row of a record that lies below this name.
    pub(crate) fn new(name: &SourceName, record: &Record) -> Self {
        let row = match &record.draft {
            Draft::Verification(run) => verification(run),
            Draft::Acceptance(act) => acceptance(act),
            Draft::Checkpoint(it) => checkpoint(it),
            Draft::Repair(act) => repair(act),
            Draft::Unknown { kind, why } => Self {
                kind: printable(kind),
                message: why.clone(),
                ..Self::default()
            },
        };
        Self {
            source: name.to_string(),
            sequence: record.sequence.to_string(),
            digest: record.digest.to_string(),
            ended_at: record.ended_at().map(time).unwrap_or_default(),
            ..row
        }
    }

    /// The same row without what names objects.
    pub(crate) fn without_objects(self) -> Self {
        Self {
            snapshot: String::new(),
            ..self
        }
    }

    /// Returns the cells in the order of the columns, each with the name of its column.
    fn cells(&self) -> [(&'static str, &str); 17] {
        [
            ("source", &self.source),
            ("sequence", &self.sequence),
            ("kind", &self.kind),
            ("began_at", &self.began_at),
            ("ended_at", &self.ended_at),
            ("snapshot", &self.snapshot),
            ("taken_at", &self.taken_at),
            ("size_bytes", &self.size_bytes),
            ("verdict", &self.verdict),
            ("reason", &self.reason),
            ("recovery_milliseconds", &self.recovery_milliseconds),
            ("items", &self.items),
            ("by", &self.by),
            ("trigger", &self.trigger),
            ("version", &self.version),
            ("digest", &self.digest),
            ("message", &self.message),
        ]
    }

    /// Returns the row as a line of CSV (RFC 4180).
    pub(crate) fn csv(&self) -> Vec<u8> {
        line(self.cells().map(|(_, cell)| harmless(cell)))
    }
}

/// Returns the first line of CSV, which names the columns.
pub(crate) fn csv_header() -> Vec<u8> {
    line(
        ExportRow::default()
            .cells()
            .map(|(name, _)| name.to_owned()),
    )
}

fn line(cells: [String; 17]) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    // Memory takes every record of one length.
    let _ = writer.write_record(cells);
    writer.into_inner().unwrap_or_default()
}

/// The cell with a quote before it, if a spreadsheet would read it as a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn verification(run: &Verification) -> ExportRow {
    let recovery = run.recovery_milliseconds.map(|it| it.to_string());
    ExportRow {
        kind: "verification".into(),
        began_at: time(run.began_at),
        snapshot: printable(&run.snapshot.id.0),
        taken_at: time(run.snapshot.taken_at),
        size_bytes: run.size_bytes().to_string(),
        verdict: run.verdict.as_label().into(),
        reason: run
            .reason
            .map(|it| it.as_label().into())
            .unwrap_or_default(),
        recovery_milliseconds: recovery.unwrap_or_default(),
        items: items(&run.items),
        by: printable(&run.by),
        trigger: run.trigger.as_label().into(),
        version: printable(&run.tool.version),
        ..ExportRow::default()
    }
}

fn acceptance(act: &Acceptance) -> ExportRow {
    ExportRow {
        kind: "acceptance".into(),
        snapshot: printable(&act.snapshot.id.0),
        taken_at: time(act.snapshot.taken_at),
        items: items(&act.items),
        by: printable(&act.by),
        message: printable(&act.message),
        ..ExportRow::default()
    }
}

fn checkpoint(it: &Checkpoint) -> ExportRow {
    ExportRow {
        kind: "checkpoint".into(),
        message: format!("records up to {:08} were pruned", it.through),
        ..ExportRow::default()
    }
}

fn repair(act: &Repair) -> ExportRow {
    let (broken, what) = (act.first_break, printable(&act.broken_by));
    ExportRow {
        kind: "repair".into(),
        by: printable(&act.by),
        message: format!("record {broken:08} {what}: {}", printable(&act.message)),
        ..ExportRow::default()
    }
}

/// The items as `keys=2 live_keys=2`.
fn items(items: &Items) -> String {
    let each = items.iter();
    let each = each.map(|(item, count)| format!("{}={count}", printable(item)));
    each.collect::<Vec<_>>().join(" ")
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
