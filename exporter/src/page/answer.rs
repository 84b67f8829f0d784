//! The answer of a row, and the cells beside it.

/// Answer to the question of a row, the worst first: is the source recoverable, or did the
/// repository answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    No,
    Unknown,
    /// No proof is expected, and nothing critical is known.
    Unproven,
    Yes,
}

impl Answer {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::No => "No",
            Self::Unknown => "Unknown",
            Self::Unproven => "Unproven",
            Self::Yes => "Yes",
        }
    }

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Unproven => "unproven",
            Self::Yes => "yes",
        }
    }
}

/// A value, and a smaller line below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) value: String,
    pub(super) note: String,
    pub(super) bad: bool,
}

impl Cell {
    pub(super) fn new(value: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            note: note.into(),
            bad: false,
        }
    }

    pub(super) fn none() -> Self {
        Self::new("–", "")
    }

    pub(super) fn bad_if(self, bad: bool) -> Self {
        Self { bad, ..self }
    }
}
