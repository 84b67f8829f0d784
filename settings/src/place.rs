//! Places in a document, as people name them: line, column and dotted path.

use std::fmt;

/// A position in a file. Line and column are counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Location {
    /// The beginning of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A position with the path of keys that leads there, `sources[0].objectives.retention`; the path
/// of a whole document is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Position where the value begins, or where the key begins if the key is at fault.
    pub at: Location,
    /// Keys joined by dots, list positions in brackets.
    pub path: String,
}

impl Place {
    /// The document as a whole.
    pub const fn whole() -> Self {
        Self {
            at: Location::START,
            path: String::new(),
        }
    }
}

/// Path of a value while a document is being read. It lives on the stack and becomes text only for
/// errors and places.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    Start(&'a str),
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(path) => f.write_str(path),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
            Self::Key(parent, key) => {
                let first = matches!(parent, Self::Start(""));
                let dot = if first { "" } else { "." };
                let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
                if !key.is_empty() && key.chars().all(plain) {
                    write!(f, "{parent}{dot}{key}")
                } else {
                    write!(f, "{parent}{dot}{key:?}")
                }
            }
        }
    }
}
