//! Whether a drill is due, and when it is tried again. Pure.

use std::time::Duration;

use catalog::{
    assess::{due_drill, next_drill},
    drill::{DrillOutcome, DrillOutcomes},
    model::DrillName,
};
use jiff::Timestamp;
use settings::Schedule;

use crate::{notify::drill::DrillNews, plan::pause_after};

/// What is known of one drill, and how often it failed to begin.
#[derive(Debug, Default)]
pub(super) struct Tries {
    /// Outcomes of its last drills; `None` until they were read.
    outcomes: Option<DrillOutcomes>,
    /// When the last drill of ours began that came to its end, though its report may not be
    /// written.
    began_at: Option<Timestamp>,
    /// Attempts in a row that failed.
    failures: usize,
    not_before: Option<Timestamp>,
    /// When it was first met that the drill of this slot cannot be carried out.
    missed_since: Option<(Timestamp, Timestamp)>,
}

impl Tries {
    pub(super) const fn is_read(&self) -> bool {
        self.outcomes.is_some()
    }

    pub(super) const fn outcomes(&self) -> Option<&DrillOutcomes> {
        self.outcomes.as_ref()
    }

    /// Notes the outcomes that the reports tell of.
    pub(super) fn read(&mut self, outcomes: DrillOutcomes) {
        self.outcomes = Some(outcomes);
        if self.missed_since.is_none() {
            self.failures = 0;
            self.not_before = None;
        }
    }

    /// Forgets the outcomes: under another configuration they may lie elsewhere.
    pub(super) fn forget(&mut self) {
        self.outcomes = None;
    }

    /// True unless a pause after a failure is not over.
    pub(super) fn may_try(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|at| at <= now)
    }

    /// The end of the pause after a failure.
    pub(super) const fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// The slot whose drill is due, or the next one.
    pub(super) fn due_at(
        &self,
        schedule: &Schedule,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let slot = self.due(schedule, since, now);
        slot.or_else(|| self.next(schedule, since, now))
    }

    /// The slot whose drill is due.
    pub(super) fn due(
        &self,
        schedule: &Schedule,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let since = self.awaited_since(schedule, since, now);
        due_drill(schedule, self.last_began(now), since, now)
    }

    /// Time since when slots count while no drill came to its end: also that of one which was ended
    /// with the program is to be made up for.
    fn awaited_since(&self, schedule: &Schedule, since: Timestamp, now: Timestamp) -> Timestamp {
        let outcomes = self.outcomes.as_ref();
        let first = outcomes.and_then(|it| it.until(now).last());
        let slot = first.and_then(|it| schedule.previous(it.began_at));
        let before = slot.and_then(|it| it.checked_sub(Duration::from_nanos(1)).ok());
        before.map_or(since, |before| before.min(since))
    }

    /// The next slot.
    fn next(&self, schedule: &Schedule, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        next_drill(schedule, self.last_began(now).unwrap_or(since).max(now))
    }

    /// When the last drill began that answers slots until then.
    fn last_began(&self, now: Timestamp) -> Option<Timestamp> {
        let outcomes = self.outcomes.as_ref();
        let read = outcomes.and_then(|it| it.last_whole(now));
        read.map(|it| it.began_at).max(self.began_at)
    }

    /// Notes that something could not be done: there is a pause, each longer.
    pub(super) fn failed(&mut self, now: Timestamp) {
        self.failures += 1;
        self.not_before = now.checked_add(pause_after(self.failures)).ok();
    }

    /// Notes that the drill of a slot could not be carried out, and why.
    pub(super) fn missed(
        &mut self,
        drill: &DrillName,
        slot: Timestamp,
        why: String,
        now: Timestamp,
    ) -> DrillNews {
        self.failed(now);
        let since = match self.missed_since {
            Some((of, since)) if of == slot => since,
            _ => now,
        };
        self.missed_since = Some((slot, since));
        DrillNews::Missed {
            drill: drill.clone(),
            slot,
            why,
            since,
        }
    }

    /// Notes that a drill was carried out; one that was interrupted answers no slot.
    pub(super) fn made(&mut self, outcome: &DrillOutcome) {
        self.failures = 0;
        self.not_before = None;
        if !outcome.interrupted {
            self.began_at = Some(outcome.began_at);
            self.missed_since = None;
        }
    }
}
