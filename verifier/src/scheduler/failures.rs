//! Failures that stand, as the log was told: each is a line of the log when it begins, when it
//! changes and when it is over, however often it is met. The speaker tells people of those that
//! last.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt::Display,
};

use jiff::Timestamp;
use tracing::{info, warn};

use super::state::Step;
use crate::notify::compose::Trouble;

/// The failures that stand, by the source or repository and by the step.
#[derive(Debug, Default)]
pub(super) struct StandingFailures(BTreeMap<(String, Step), Failure>);

#[derive(Debug)]
struct Failure {
    /// The reason that was logged.
    why: String,
    since: Timestamp,
}

impl StandingFailures {
    /// Notes that a step could not be done, and logs it if that is news.
    pub(super) fn ill(&mut self, of: &impl Display, step: Step, why: &str, now: Timestamp) {
        let failure = self.0.entry((of.to_string(), step));
        let is_new = matches!(failure, Entry::Vacant(_));
        let failure = failure.or_insert_with(|| Failure {
            why: String::new(),
            since: now,
        });
        if is_new || failure.why != why {
            why.clone_into(&mut failure.why);
            warn!(%of, "{}: {why}", step.sentence());
        }
    }

    /// Notes that a step was done, and logs it if that is news.
    pub(super) fn well(&mut self, of: &impl Display, step: Step) {
        if self.0.remove(&(of.to_string(), step)).is_some() {
            info!(%of, "no longer: {}", step.sentence());
        }
    }

    /// Takes over failures that a verifier before this one told people of, until they are over.
    pub(super) fn inherit(&mut self, troubles: Vec<Trouble>) {
        for Trouble {
            of,
            what,
            why,
            since,
        } in troubles
        {
            let step = Step::ALL.into_iter().find(|it| it.sentence() == what);
            if let Some(step) = step {
                self.0.entry((of, step)).or_insert(Failure { why, since });
            }
        }
    }

    /// Forgets failures of what is no longer configured.
    pub(super) fn keep(&mut self, is_configured: impl Fn(&str) -> bool) {
        self.0.retain(|(of, _), _| is_configured(of));
    }

    /// Every failure that stands.
    pub(super) fn troubles(&self) -> Vec<Trouble> {
        let trouble = |((of, step), failure): (&(String, Step), &Failure)| Trouble {
            of: of.clone(),
            what: step.sentence().into(),
            why: failure.why.clone(),
            since: failure.since,
        };
        self.0.iter().map(trouble).collect()
    }
}

#[cfg(test)]
mod tests {
    use catalog::ledger::fixtures::at;

    use super::*;

    #[test]
    fn a_failure_stands_from_its_first_reason_until_the_step_is_done() {
        let cache = "cache";
        let mut told = StandingFailures::default();
        let stands = |told: &StandingFailures| {
            let troubles = told.troubles().into_iter();
            troubles.map(|it| (it.why, it.since)).collect::<Vec<_>>()
        };
        told.ill(&cache, Step::Survey, "a", at("12:00:00"));
        told.ill(&cache, Step::Survey, "b", at("12:20:00"));
        told.ill(&"other", Step::Begin, "c", at("12:30:00"));
        let expected = [("b".into(), at("12:00:00")), ("c".into(), at("12:30:00"))];
        assert_eq!(stands(&told), expected);
        told.keep(|of| of == cache);
        assert_eq!(stands(&told), expected[..1]);
        // The verifier that takes over goes on with what this one told.
        let mut next = StandingFailures::default();
        next.inherit(told.troubles());
        next.ill(&cache, Step::Survey, "d", at("13:00:00"));
        assert_eq!(stands(&next), [("d".into(), at("12:00:00"))]);
        next.well(&cache, Step::Survey);
        assert_eq!(stands(&next), []);
    }
}
