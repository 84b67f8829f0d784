//! Failures that stand, as the log and people were told: each is a line of the log when it begins,
//! when it changes and when it is over, however often it is met; one that lasts is also a message.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt::Display,
};

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::state::Step;
use crate::notify::compose::Trouble;

/// How long a failure stands before people are told (facts/alerting.md 24).
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// The failures that stand, by the source or repository and by the step.
#[derive(Debug, Default)]
pub(super) struct StandingFailures {
    standing: BTreeMap<(String, Step), Failure>,
    /// Failures that people were told of and that ended since they were last asked for.
    over: Vec<Trouble>,
}

#[derive(Debug)]
struct Failure {
    /// The reason that was logged.
    why: String,
    since: Timestamp,
    is_told: bool,
}

impl StandingFailures {
    /// Notes that a step could not be done, and logs it if that is news.
    pub(super) fn ill(&mut self, of: &impl Display, step: Step, why: &str, now: Timestamp) {
        let failure = self.standing.entry((of.to_string(), step));
        let is_new = matches!(failure, Entry::Vacant(_));
        let failure = failure.or_insert_with(|| Failure {
            why: String::new(),
            since: now,
            is_told: false,
        });
        if is_new || failure.why != why {
            why.clone_into(&mut failure.why);
            warn!(%of, "{}: {why}", step.sentence());
        }
    }

    /// Notes that a step was done, and logs it if that is news.
    pub(super) fn well(&mut self, of: &impl Display, step: Step) {
        let Some(failure) = self.standing.remove(&(of.to_string(), step)) else {
            return;
        };
        info!(%of, "no longer: {}", step.sentence());
        if failure.is_told {
            self.over.push(failure.trouble(of.to_string(), step, true));
        }
    }

    /// Takes what people are to be told now: failures that stand for half an hour, and the ends of
    /// failures they were told of.
    pub(super) fn troubles(&mut self, now: Timestamp) -> Vec<Trouble> {
        let mut troubles = std::mem::take(&mut self.over);
        for ((of, step), failure) in &mut self.standing {
            if !failure.is_told && now.duration_since(failure.since) >= TOLD_AFTER {
                failure.is_told = true;
                troubles.push(failure.trouble(of.clone(), *step, false));
            }
        }
        troubles
    }
}

impl Failure {
    fn trouble(&self, of: String, step: Step, is_over: bool) -> Trouble {
        Trouble {
            of,
            what: step.sentence(),
            why: self.why.clone(),
            since: self.since,
            is_over,
        }
    }
}

#[cfg(test)]
mod tests {
    use catalog::ledger::fixtures::at;

    use super::*;

    #[test]
    fn a_failure_that_lasts_is_told_once_and_so_is_its_end() {
        let cache = "cache";
        let mut told = StandingFailures::default();
        let troubles = |told: &mut StandingFailures, time: &str| {
            let troubles = told.troubles(at(time)).into_iter();
            troubles.map(|it| (it.why, it.is_over)).collect::<Vec<_>>()
        };
        told.ill(&cache, Step::Survey, "a", at("12:00:00"));
        assert_eq!(troubles(&mut told, "12:29:59"), []);
        // A failure whose reason changes began when it began.
        told.ill(&cache, Step::Survey, "b", at("12:20:00"));
        told.ill(&cache, Step::Begin, "c", at("12:20:00"));
        assert_eq!(troubles(&mut told, "12:30:00"), [("b".into(), false)]);
        assert_eq!(troubles(&mut told, "12:31:00"), []);
        told.well(&cache, Step::Survey);
        // An end that nobody was told the beginning of is none.
        told.well(&cache, Step::Begin);
        assert_eq!(troubles(&mut told, "12:40:00"), [("b".into(), true)]);
        told.ill(&cache, Step::Survey, "d", at("12:41:00"));
        assert_eq!(troubles(&mut told, "13:10:59"), []);
        assert_eq!(troubles(&mut told, "13:11:00"), [("d".into(), false)]);
    }
}
