//! Slots of a schedule: the one a snapshot serves, and those that none has served.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use settings::{Duration, Schedule, Tally};

use crate::model::Snapshot;

/// Clocks of producers and stores may differ by this much; also the tolerance of a recovery point
/// against the time of upload (design §5).
const CLOCKS_DIFFER_MAX: Duration = Duration::from_mins(5);

/// A schedule, with what is too expensive to compute at every scrape.
#[derive(Debug, Clone, PartialEq)]
pub struct Cadence {
    schedule: Schedule,
    longest_gap: Duration,
    tolerance: Duration,
    counted: Counted,
}

/// Slots counted at earlier scrapes, so that a source that died years ago costs no more than any
/// other. They change no answer.
#[derive(Debug, Default)]
struct Counted(Mutex<Vec<Tally>>);

/// Largest number of counts that are kept. A source is counted from its newest snapshot, and from
/// what its producer says.
const TALLIES_MAX: usize = 4;

impl Counted {
    fn missed(
        &self,
        schedule: &Schedule,
        from: Timestamp,
        now: Timestamp,
        grace: Duration,
    ) -> usize {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tallies.iter().position(|tally| tally.from() == from);
        let known = known.map(|index| tallies.remove(index));
        let mut tally = known.unwrap_or_else(|| Tally::since(from));
        schedule.count_on(&mut tally, now, grace);
        if tallies.len() == TALLIES_MAX {
            tallies.remove(0);
        }
        tallies.push(tally);
        tally.slots()
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Counted {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Cadence {
    /// Makes a cadence. It looks through 28 years of slots: once per loaded configuration.
    pub fn new(schedule: Schedule) -> Self {
        let longest_gap = schedule.longest_gap();
        // A tenth of the gap keeps the slots of a schedule of every few minutes apart.
        let tolerance = CLOCKS_DIFFER_MAX.min(Duration::from_millis(longest_gap.as_millis() / 10));
        Self {
            schedule,
            longest_gap,
            tolerance,
            counted: Counted::default(),
        }
    }

    /// The longest time between two neighboring slots.
    pub const fn longest_gap(&self) -> Duration {
        self.longest_gap
    }

    /// Returns the slot this snapshot was taken for:
    ///
    /// | the snapshot | slot |
    /// |---|---|
    /// | has a schedule `@every`, which has no slots | its arrival |
    /// | has no slot before its recovery point | its recovery point |
    /// | arrived in the interval that follows the next slot | that next slot |
    /// | arrived earlier or later | the last slot before its recovery point |
    ///
    /// Names without an hour, and files that a server saved before the job copied them, are from
    /// before their slot. An arrival still later says nothing: whole buckets are copied.
    pub(super) fn served(&self, snapshot: &Snapshot) -> Timestamp {
        let arrived = snapshot.completed_at.max(snapshot.taken_at);
        if self.schedule.interval().is_some() {
            return arrived;
        }
        let Some(taken) = self
            .schedule
            .previous(later(snapshot.taken_at, self.tolerance))
        else {
            return snapshot.taken_at;
        };
        let arrived = later(arrived, self.tolerance);
        match self.next(taken) {
            Some(next) if next <= arrived && self.next(next).is_none_or(|end| arrived < end) => {
                next
            }
            _ => taken,
        }
    }

    /// Returns how long the snapshot took from its slot to its arrival; `None` if that is longer
    /// than the schedule's longest gap, and so was no run.
    pub(super) fn run(&self, snapshot: &Snapshot) -> Option<Duration> {
        let began = match self.schedule.interval() {
            Some(_) => snapshot.taken_at,
            None => self.served(snapshot),
        };
        let run = Duration::between(began, snapshot.completed_at);
        (run <= self.longest_gap).then_some(run)
    }

    /// Returns the slot after the one that was served.
    pub(super) fn next(&self, served: Timestamp) -> Option<Timestamp> {
        self.schedule.next(served)
    }

    /// Counts slots after the one that was served whose grace has passed.
    pub(super) fn missed(&self, served: Timestamp, now: Timestamp, grace: Duration) -> usize {
        self.counted.missed(&self.schedule, served, now, grace)
    }

    /// Counts slots between two that were served.
    pub(super) fn skipped(&self, served: Timestamp, next_served: Timestamp) -> usize {
        let just_before = earlier(next_served, self.tolerance.max(Duration::from_millis(1)));
        if served >= just_before || self.next(served).is_none_or(|next| next >= next_served) {
            return 0;
        }
        match self.schedule.interval() {
            // Counted from the arrival, an interval is never kept to the second.
            Some(interval) => {
                let late = Duration::between(served, next_served).as_millis();
                let skipped = (late / interval.as_millis().max(1)).saturating_sub(1);
                usize::try_from(skipped).unwrap_or(usize::MAX)
            }
            None => self.schedule.slots(served, just_before).count(),
        }
    }
}

/// Adds a duration to a time; at most [`Timestamp::MAX`].
pub(super) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by.as_std()).unwrap_or(Timestamp::MAX)
}

/// Subtracts a duration from a time; at least [`Timestamp::MIN`].
pub(super) fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_sub(by.as_std()).unwrap_or(Timestamp::MIN)
}
