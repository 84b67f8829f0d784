//! When a drill is due, and why one may be of concern. Pure.
//!
//! | a slot of the schedule | is answered by |
//! |---|---|
//! | at its time | a drill that begins then |
//! | missed | one drill that begins before the next slot |
//! | missed, and the next one has come | the drill of the next one |
//! | in the hour that the end of summer time repeats | the drill of the first time |

use std::time;

use jiff::Timestamp;
use settings::{Duration, Schedule};

use crate::{
    drill::{DrillOutcome, DrillOutcomes},
    ledger::Verdict,
};

/// Time that a drill without an objective may take until its report is missed.
const RECOVERY_TIME: time::Duration = time::Duration::from_hours(2);

/// Time that a drill may wait for a place, and its report for being read.
const LATENESS: time::Duration = time::Duration::from_hours(1);

crate::words! {
    /// Why a drill is of concern.
    pub enum DrillConcern {
        /// A slot has passed, and no drill that began since then came to its end.
        Overdue = "overdue",
        /// The last drill took longer than its objective.
        OverTime = "over_time",
        /// The last drill failed.
        Failed = "failed",
    }
}

/// What is known of a drill.
#[derive(Debug, Clone, Copy)]
pub struct DrillSubject<'a> {
    /// Schedule of the drill; `None` if it is only begun by hand.
    pub schedule: Option<&'a Schedule>,
    /// Objective for its wall time, as configured now.
    pub recovery_time: Option<Duration>,
    /// Outcomes of the last drills; `None` if they were never read.
    pub outcomes: Option<&'a DrillOutcomes>,
    /// Time since when this program looks: slots before it are not missed where no drill was ever
    /// made.
    pub watched_since: Timestamp,
}

/// Says of each concern whether it stands: `None` without a witness.
///
/// | concern | stands while | without a witness |
/// |---|---|---|
/// | `overdue` | no whole drill began since a slot that is past by its time | no schedule |
/// | `over_time` | the last whole drill took longer than the objective | no objective, no drill |
/// | `failed` | the last whole drill failed | no drill |
///
/// The time of a slot is the objective, 2 h without one, and an hour more.
pub fn drill_concerns(
    drill: &DrillSubject<'_>,
    now: Timestamp,
) -> [(DrillConcern, Option<bool>); DrillConcern::ALL.len()] {
    let last = drill.outcomes.and_then(|it| it.last_whole(now));
    DrillConcern::ALL.map(|concern| {
        let stands = match concern {
            DrillConcern::Overdue => is_overdue(drill, last, now),
            DrillConcern::OverTime => last.and_then(|it| is_over_time(drill, it)),
            DrillConcern::Failed => last.map(|it| it.result == Verdict::Failed),
        };
        (concern, stands)
    })
}

fn is_overdue(
    drill: &DrillSubject<'_>,
    last: Option<&DrillOutcome>,
    now: Timestamp,
) -> Option<bool> {
    let (schedule, _) = (drill.schedule?, drill.outcomes?);
    let since = last.map_or(drill.watched_since, |it| it.began_at);
    let takes = drill.recovery_time.map_or(RECOVERY_TIME, Duration::as_std);
    let late_from = now.checked_sub(takes.saturating_add(LATENESS)).ok();
    let slot = next_drill(schedule, since);
    Some(slot.zip(late_from).is_some_and(|(slot, late)| slot < late))
}

fn is_over_time(drill: &DrillSubject<'_>, last: &DrillOutcome) -> Option<bool> {
    let objective = drill.recovery_time?.as_std();
    Some(time::Duration::from_millis(last.wall_milliseconds) > objective)
}

/// The slot whose drill is to begin now: the newest one up to `now`, unless the last drill began
/// since then. Without a last drill only slots after `since` count.
pub fn due_drill(
    schedule: &Schedule,
    last_began: Option<Timestamp>,
    since: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let last = last_began.unwrap_or(since);
    if schedule.interval().is_some() {
        return schedule.next(last).filter(|slot| *slot <= now);
    }
    let mut slot = schedule.previous(now)?;
    while schedule.repeats(slot) {
        let before = slot.checked_sub(time::Duration::from_nanos(1)).ok()?;
        slot = schedule.previous(before)?;
    }
    (slot > last).then_some(slot)
}

/// The first slot after `at`, which is the last drill or the time since when one is awaited; a slot
/// in the repeated hour counts once.
pub fn next_drill(schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
    let mut slot = schedule.next(at)?;
    while schedule.repeats(slot) {
        slot = schedule.next(slot)?;
    }
    Some(slot)
}

#[cfg(test)]
mod tests;
