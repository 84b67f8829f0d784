//! The pieces a path is made of.

use super::directive::Directive;

/// One piece of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PatternPart {
    Literal(String),
    Time(Directive),
    /// One or more characters of one segment.
    Star,
}
