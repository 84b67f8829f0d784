//! What a survey must know of each source, and how many calls it makes at once.

use crate::{
    format::{Format, Settings},
    grouping::Completeness,
    layout::Layout,
    model::SourceName,
};

/// Calls for single objects that are under way at once.
pub(super) const CONCURRENT: usize = 8;

/// What a survey must know of one source.
#[derive(Debug, Clone)]
pub struct SurveySource {
    /// Name of the source, as configured.
    pub name: SourceName,
    /// Format of its engine.
    pub format: &'static dyn Format,
    /// Values of the engine's own keys, read by its format.
    pub settings: Settings,
    /// Paths of its snapshots.
    pub layout: Layout,
    /// Rules for when one of its snapshots is complete.
    pub completeness: Completeness,
}
