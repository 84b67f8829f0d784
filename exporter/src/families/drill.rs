//! Metrics of drills. Absent until their reports were read once.

use std::time::Duration;

use catalog::ledger::Verdict;
use jiff::Timestamp;

use super::{Families, flag, length, seconds};
use crate::{metrics::Metric, state::State};

pub(super) fn put<'s>(families: &mut Families<'s>, state: &'s State, now: Timestamp) {
    for drill in &state.config.drills {
        let name = drill.name.as_str();
        let Some(known) = state.drills.get(&drill.name) else {
            continue;
        };
        let Some(outcomes) = &known.outcomes else {
            continue;
        };
        for verdict in Verdict::ALL {
            let Some(last) = outcomes.last(verdict, now) else {
                continue;
            };
            let labels = [name, verdict.as_label()];
            families.put(Metric::DrillTimestamp, labels, seconds(last.ended_at));
            if let Some(milliseconds) = last.recovery_milliseconds {
                let took = length(Duration::from_millis(milliseconds));
                families.put(Metric::DrillRecovery, labels, took);
            }
        }
        for (concern, stands) in known.concerns(drill, now) {
            if let Some(stands) = stands {
                let labels = [name, concern.as_label()];
                families.put(Metric::DrillConcern, labels, flag(stands));
            }
        }
    }
}
