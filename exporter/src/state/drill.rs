//! The state of one drill: how the last ones ended, as far as their reports were read.

use std::sync::Arc;

use catalog::{
    assess::{DrillConcern, DrillSubject, drill_concerns},
    config::Drill,
    drill::DrillOutcomes,
};
use jiff::Timestamp;

/// The state of one drill.
#[derive(Debug, Clone)]
pub struct DrillState {
    /// Time since which this program watches the drill.
    pub watched_since: Timestamp,
    /// Outcomes of the last drills of this name; `None` until their reports were read once. Kept
    /// where a later read fails.
    pub outcomes: Option<Arc<DrillOutcomes>>,
}

impl DrillState {
    /// A drill of which nothing is known yet.
    pub const fn new(watched_since: Timestamp) -> Self {
        Self {
            watched_since,
            outcomes: None,
        }
    }

    /// Says of each concern whether it stands at `now`; `drill` is the configured one.
    pub fn concerns(&self, drill: &Drill, now: Timestamp) -> [(DrillConcern, Option<bool>); 3] {
        let subject = DrillSubject {
            schedule: drill.schedule.as_ref(),
            recovery_time: drill.recovery_time,
            outcomes: self.outcomes.as_deref(),
            watched_since: self.watched_since,
        };
        drill_concerns(&subject, now)
    }
}
