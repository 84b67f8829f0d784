//! The landing page as text, for `--once --once.format=table`.

use std::fmt::Write;

use jiff::Timestamp;

use super::{answer::Cell, sources};
use crate::state::State;

const HEAD: [&str; 7] = [
    "RECOVERABLE",
    "SOURCE",
    "ENGINE",
    "NEWEST",
    "SIZE",
    "LAST PROOF",
    "NEXT EXPECTED",
];

/// One line per source, its concerns below it.
pub fn table(state: &State, now: Timestamp) -> String {
    let rows = sources::rows(state, now);
    let cells: Vec<[String; 7]> = rows
        .iter()
        .map(|row| {
            [
                row.recoverable.word().to_lowercase(),
                row.name.clone(),
                row.engine.to_owned(),
                joined(&row.newest),
                row.size.value.clone(),
                joined(&row.proof),
                row.next.value.clone(),
            ]
        })
        .collect();
    let width = |column: usize| {
        let values = cells.iter().map(|cells| cells[column].chars().count());
        values.chain([HEAD[column].len()]).max().unwrap_or_default()
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = line(&HEAD.map(str::to_owned), &widths);
    for (cells, row) in cells.iter().zip(&rows) {
        text += &line(cells, &widths);
        for sentence in &row.sentences {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {}: {}", sentence.severity, sentence.text);
        }
    }
    text
}

fn joined(cell: &Cell) -> String {
    if cell.note.is_empty() {
        cell.value.clone()
    } else {
        format!("{} ({})", cell.value, cell.note)
    }
}

fn line(cells: &[String; 7], widths: &[usize; 7]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, &width)| format!("{cell:width$}"));
    let padded: Vec<_> = padded.collect();
    format!("{}\n", padded.join("  ").trim_end())
}
