//! What is known of each drill with a schedule. Plain data.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{config::Config, model::DrillName};
use jiff::Timestamp;

use crate::notify::drill::DrillNews;

/// What is known of one drill.
#[derive(Debug, Clone, Default)]
pub(crate) struct DrillState {
    /// When the drill under way began.
    pub(crate) running_since: Option<Timestamp>,
    /// Its next slot, or the one whose drill is due; `None` where this verifier makes no drills.
    pub(crate) next_at: Option<Timestamp>,
    /// What became of its last slot, as far as this verifier knows.
    pub(crate) news: Option<Arc<DrillNews>>,
}

/// The drills of a configuration that have a schedule, each as it was known before.
pub(super) fn drills(
    config: &Config,
    before: &BTreeMap<DrillName, DrillState>,
) -> BTreeMap<DrillName, DrillState> {
    let scheduled = config.drills.iter().filter(|it| it.schedule.is_some());
    let state = |name: &DrillName| before.get(name).cloned().unwrap_or_default();
    scheduled
        .map(|it| (it.name.clone(), state(&it.name)))
        .collect()
}
