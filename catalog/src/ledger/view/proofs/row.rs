//! The inconclusive runs since the last verdict. One function says when they are a matter for
//! people, and every concern and message follows it. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::{Judged, Place, look_back::FirstTries};
use crate::ledger::{Reason, Verdict, Verification, view::PlacedRecord};

/// Inconclusive runs in a row after which people are told where nothing is configured (design §3,
/// `inconclusive_after`).
pub const INCONCLUSIVE_AFTER: usize = 3;

/// Inconclusive runs in a row, up to the last; those that were interrupted are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProofRow {
    /// Number of these runs.
    pub runs: usize,
    /// Reason of the last of these runs; `None` if there are none.
    pub reason: Option<Reason>,
    /// Since when there is no verdict: the end of the last run that had one, or the beginning of
    /// the first of these runs if there never was a verdict. `None` if there are no such runs.
    pub since: Option<Timestamp>,
}

impl ProofRow {
    /// Counts the runs of all objects, but not those that say nothing of the source: of an older
    /// snapshot, of one that is not complete, or by hand of one that is gone now.
    pub(super) fn new(objects: &[Judged], tries: &FirstTries) -> Self {
        let told = objects.iter().filter(|it| it.place != Place::Aside);
        let told = told.filter(|it| !it.is_vain() && !tries.is_look_back(it));
        let mut runs: Vec<&PlacedRecord> = told.flat_map(|it| &it.runs).collect();
        runs.sort_unstable_by_key(|record| record.turn);
        Self::of(runs.into_iter().rev().filter_map(|it| it.verification()))
    }

    /// Counts these runs, which come the last one first.
    fn of<'a>(runs: impl Iterator<Item = &'a Verification>) -> Self {
        let mut row = Self::default();
        for run in runs {
            if run.verdict != Verdict::Inconclusive {
                row.since = (row.runs > 0).then_some(run.ended_at);
                break;
            }
            if run.reason == Some(Reason::Interrupted) {
                continue;
            }
            row.runs += 1;
            row.reason = row.reason.or(run.reason);
            row.since = Some(run.began_at);
        }
        row
    }

    /// True if people are told that nobody knows whether the source can be recovered.
    ///
    /// | the last run is inconclusive because of | people are told |
    /// |---|---|
    /// | what only configuration can mend | at once |
    /// | an interruption | never; the runs before it decide |
    /// | anything else | after `after` runs in a row, or once half of `promised` has passed |
    ///
    /// `promised` is how old a proof may be; half of it counts from the last verdict.
    pub fn is_told(&self, after: usize, promised: Duration, now: Timestamp) -> bool {
        let Some(reason) = self.reason else {
            return false;
        };
        let waited = self.since.map(|since| now.duration_since(since));
        let waited = waited.and_then(|it| Duration::try_from(it).ok());
        reason.is_mendable()
            || self.runs >= after
            || waited.is_some_and(|waited| waited > promised / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::fixtures::{at, verification as run};

    /// Runs that ended an hour after these times, the last one first.
    fn row(runs: &[(&str, Option<Reason>)]) -> ProofRow {
        let runs: Vec<_> = runs.iter().map(|(time, why)| run(at(time), *why)).collect();
        ProofRow::of(runs.iter())
    }

    #[track_caller]
    fn check(runs: &[(&str, Option<Reason>)], now: &str, expected: bool) {
        // Half of what is promised is four hours.
        let told = row(runs).is_told(3, Duration::from_hours(8), at(now));
        assert_eq!(told, expected, "{runs:?}");
    }

    #[test]
    fn what_only_configuration_can_mend_counts_at_once_and_an_interruption_never() {
        let [killed, mend, cut] = [Reason::Killed, Reason::NoImage, Reason::Interrupted].map(Some);
        let now = "12:30:00";
        check(&[], now, false);
        check(&[("11:00:00", None)], now, false);
        check(&[("11:00:00", mend)], now, true);
        check(&[("11:00:00", killed)], now, false);
        check(&[("11:00:00", killed), ("10:00:00", killed)], now, false);
        let three = [
            ("11:00:00", killed),
            ("10:00:00", killed),
            ("09:00:00", killed),
        ];
        check(&three, now, true);
        check(&[("11:00:00", None), three[1], three[2]], now, false);
        check(&[("11:00:00", killed), ("10:00:00", mend)], now, false);
        // An interrupted run neither counts nor ends the row.
        check(
            &[("11:00:00", cut), ("10:00:00", cut), ("09:00:00", cut)],
            now,
            false,
        );
        check(
            &[("11:00:00", cut), three[0], three[1], three[2]],
            now,
            true,
        );
        check(&[("11:00:00", cut), ("10:00:00", mend)], now, true);
        check(&[("01:00:00", cut)], "23:00:00", false);
    }

    #[test]
    fn half_of_the_promised_age_without_a_verdict_counts_whatever_the_number_of_runs() {
        let killed = Some(Reason::Killed);
        let since_a_verdict = [("08:00:00", killed), ("06:00:00", None)];
        check(&since_a_verdict, "11:00:00", false);
        check(&since_a_verdict, "11:00:01", true);
        let never_any = [("08:00:00", killed)];
        check(&never_any, "13:00:00", false);
        check(&never_any, "13:00:01", true);
    }
}
