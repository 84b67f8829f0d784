//! The landing page as text, for `--once --once.format=table`.

use jiff::Timestamp;
use toolkit::table::Table;

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
    let mut table = Table::new(HEAD);
    for row in sources::rows(state, now) {
        table.row([
            row.recoverable.word().to_lowercase(),
            row.name,
            row.engine.to_owned(),
            joined(&row.newest),
            row.size.value,
            joined(&row.proof),
            row.next.value,
        ]);
        for sentence in row.sentences {
            table.note(format_args!("{}: {}", sentence.severity, sentence.text));
        }
    }
    table.to_string()
}

fn joined(cell: &Cell) -> String {
    if cell.note.is_empty() {
        cell.value.clone()
    } else {
        format!("{} ({})", cell.value, cell.note)
    }
}
