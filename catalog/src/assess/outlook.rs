//! Outlook of a source: when its records ended, and what they let expect of the next recovery.

use std::time;

use jiff::Timestamp;
use settings::Duration;

use super::forecast::{Forecast, Overrun};
use crate::{
    ledger::{Past, Verdict},
    model::{Snapshot, SourceInventory},
};

/// Figures of the records of one source beside what lies there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    /// End of the last verification with each verdict, in the order of [`Verdict::ALL`].
    last_ends: [Option<Timestamp>; Verdict::ALL.len()],
    /// Recovery time expected for the newest complete full backup.
    pub(super) forecast: Option<time::Duration>,
    /// When the recovery is expected to take longer than promised, however far ahead.
    pub(super) breaks: Option<Overrun>,
}

impl Outlook {
    /// Finds the figures; `promised` is the longest recovery.
    pub(super) fn new(
        past: Past<'_>,
        inventory: &SourceInventory,
        promised: Option<Duration>,
    ) -> Self {
        let last_end = |verdict| past.last(verdict).map(|last| last.ended_at);
        let forecast = Forecast::new(past.measurements());
        let newest = inventory.whole().next().map(Snapshot::lineage_bytes);
        Self {
            last_ends: Verdict::ALL.map(last_end),
            breaks: forecast
                .as_ref()
                .zip(promised)
                .and_then(|(forecast, promised)| forecast.breaks(promised, inventory)),
            forecast: forecast
                .zip(newest)
                .map(|(forecast, size)| forecast.of(size)),
        }
    }

    /// End of the last verification with this verdict.
    pub(super) const fn last_end(&self, verdict: Verdict) -> Option<Timestamp> {
        self.last_ends[verdict as usize]
    }
}
