//! The pieces a path is made of.

use super::directive::Directive;

/// What a path is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PatternPart {
    Literal(String),
    Time(Directive),
    /// One or more characters of one segment.
    Star,
}
