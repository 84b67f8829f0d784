//! Tables for a terminal: each column as wide as its widest cell, the last one without padding.

use std::fmt;

/// A table: rows of `N` cells under a head, and notes between the rows.
#[derive(Debug, Clone)]
pub struct Table<const N: usize> {
    lines: Vec<Line<N>>,
}

#[derive(Debug, Clone)]
enum Line<const N: usize> {
    Row([String; N]),
    /// A line outside the columns.
    Note(String),
}

impl<const N: usize> Table<N> {
    /// A table of only a head.
    pub fn new(head: [&str; N]) -> Self {
        Self {
            lines: vec![Line::Row(head.map(ToOwned::to_owned))],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [String; N]) {
        self.lines.push(Line::Row(cells));
    }

    /// Adds a note: an indented line below the last row, outside the columns.
    pub fn note(&mut self, text: impl fmt::Display) {
        self.lines.push(Line::Note(format!("  {text}")));
    }

    /// True if there is nothing below the head.
    pub fn is_empty(&self) -> bool {
        self.lines.len() == 1
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let rows = self.lines.iter().filter_map(|line| match line {
                Line::Row(cells) => Some(cells),
                Line::Note(_) => None,
            });
            let widths = rows.map(|cells| cells[column].chars().count());
            widths.max().unwrap_or_default()
        };
        let widths: [usize; N] = std::array::from_fn(width);
        for line in &self.lines {
            let row = match line {
                Line::Row(row) => row,
                Line::Note(text) => {
                    writeln!(f, "{text}")?;
                    continue;
                }
            };
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["A", "B"]);
        table.row(["long".into(), "ä".into()]);
        table.note("a note, wider than all");
        table.row(["x".into(), String::new()]);
        let expected = "A     B\nlong  ä\n  a note, wider than all\nx\n";
        assert_eq!(table.to_string(), expected);
    }
}
