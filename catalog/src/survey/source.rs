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
    /// As configured.
    pub name: SourceName,
    /// Of its engine.
    pub format: &'static dyn Format,
    /// The engine's own keys, read by its format.
    pub settings: Settings,
    /// Its paths.
    pub layout: Layout,
    /// When a snapshot of it is whole.
    pub completeness: Completeness,
}
