//! Problems of a file, each told with place, excerpt and hint.
//!
//! It must not show a secret: see `problem/excerpt.rs`.

mod excerpt;

use std::fmt;
use std::sync::Arc;

pub(crate) use self::excerpt::REDACTED;
use self::excerpt::{excerpt, redact_url, secret_path};
use crate::{Place, text::one_line};

/// Severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but probably does not say what was meant.
    Warning,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// Place of the value, or of the key if the key is at fault.
    pub place: Place,
    /// Message that says what is wrong: lower-case, no final stop.
    pub message: String,
    /// Advice as a sentence; `None` if there is none.
    pub hint: Option<String>,
}

impl Problem {
    /// Sets the hint: what to do about the problem, as a sentence.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(redact_url(&hint.into()));
        self
    }
}

/// Every problem of one file, at most 200. Displayed in the order of the file, each like this:
///
/// ```text
/// backups.yaml:14:15: sources[0].schedule: "61 * * * *" is not a cron expression: minute 61 is …
///    14 |     schedule: "61 * * * *"
///       |               ^
///   hint: …
/// ```
#[derive(Clone, Debug)]
pub struct Problems {
    file: String,
    source: Arc<str>,
    list: Vec<Problem>,
    unknown_keys: Severity,
    quotes: bool,
}

const PROBLEMS_MAX: usize = 200;

/// Longest message or hint, in characters; the list of all directives of a path has 330.
const MESSAGE_MAX: usize = 600;

impl Problems {
    /// An empty collection for the file called `file` with the text `source`.
    pub fn new(file: &str, source: &str) -> Self {
        let unknown_keys = Severity::Error;
        Self {
            file: file.to_owned(),
            source: source.into(),
            list: Vec::new(),
            unknown_keys,
            quotes: true,
        }
    }

    /// An empty collection for a file that holds secrets: no line and no value of it is shown.
    pub fn unquoted(file: &str, source: &str) -> Self {
        Self {
            quotes: false,
            ..Self::new(file, source)
        }
    }

    /// True if a value under this path may be shown.
    pub(crate) fn may_quote(&self, path: &str) -> bool {
        self.quotes && !secret_path(path)
    }

    /// Makes unknown keys warnings: for a file of a newer schema than this program's.
    pub fn tolerate_unknown_keys(&mut self) {
        self.unknown_keys = Severity::Warning;
    }

    pub(crate) fn tolerates_unknown_keys(&self) -> bool {
        self.unknown_keys == Severity::Warning
    }

    /// Adds an error. A message may end in a line `hint: …`, which becomes the hint. The same error
    /// at the same position is kept once: defaults are read with every source.
    pub fn error(&mut self, place: &Place, message: impl fmt::Display) -> &mut Problem {
        self.add(Severity::Error, place, message)
    }

    /// Adds a warning.
    pub fn warning(&mut self, place: &Place, message: impl fmt::Display) -> &mut Problem {
        self.add(Severity::Warning, place, message)
    }

    /// True if there is an error, so that the file cannot be used.
    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// True if there is neither an error nor a warning.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All problems, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        let mut sorted: Vec<&Problem> = self.list.iter().collect();
        sorted.sort_by_key(|problem| problem.place.at);
        sorted.into_iter()
    }

    /// Adds an unknown key: an error, or a warning if the file is of a newer schema.
    pub(crate) fn unknown_key(&mut self, place: &Place, message: &str, hint: String) {
        let severity = self.unknown_keys;
        self.add(severity, place, message).hint(hint);
    }

    fn add(
        &mut self,
        severity: Severity,
        place: &Place,
        message: impl fmt::Display,
    ) -> &mut Problem {
        let message = redact_url(&message.to_string());
        let (message, hint) = match message.split_once("\nhint: ") {
            Some((message, hint)) => (message.to_owned(), Some(hint.to_owned())),
            None => (message, None),
        };
        // A message may quote the file, so it is made one bounded line.
        let shown = |text: &str| one_line(text, MESSAGE_MAX);
        let (message, hint) = (shown(&message), hint.as_deref().map(shown));
        let place = Place {
            at: place.at,
            path: redact_url(&place.path),
        };
        let same = |known: &Problem| known.place.at == place.at && known.message == message;
        let at = self.list.iter().position(same).unwrap_or_else(|| {
            self.list.truncate(PROBLEMS_MAX - 1);
            self.list.push(Problem {
                severity,
                place: place.clone(),
                message,
                hint,
            });
            self.list.len() - 1
        });
        &mut self.list[at]
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.iter() {
            let Place { at, path } = &problem.place;
            write!(f, "{}:{}:{}: ", self.file, at.line, at.column)?;
            if problem.severity == Severity::Warning {
                f.write_str("warning: ")?;
            }
            if !path.is_empty() {
                write!(f, "{path}: ")?;
            }
            writeln!(f, "{}", problem.message)?;
            if self.quotes {
                f.write_str(&excerpt(&self.source, &problem.place))?;
            }
            if let Some(hint) = &problem.hint {
                writeln!(f, "  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
