//! Failures that stand, as the log was told: each is a line when it begins, when it changes and
//! when it is over, however often it is met.

use std::{collections::BTreeMap, fmt::Display};

use tracing::{info, warn};

use super::state::Step;

/// The failures that stand, each with the reason that was logged.
#[derive(Debug, Default)]
pub(super) struct StandingFailures(BTreeMap<(String, Step), String>);

impl StandingFailures {
    /// Notes that a step could not be done, and logs it if that is news; true if it is.
    pub(super) fn ill(&mut self, of: &impl Display, step: Step, why: &str) -> bool {
        let before = self.0.insert((of.to_string(), step), why.to_owned());
        let is_news = before.is_none_or(|before| before != why);
        if is_news {
            warn!(%of, "{}: {why}", step.sentence());
        }
        is_news
    }

    /// Notes that a step was done, and logs it if that is news; true if it is.
    pub(super) fn well(&mut self, of: &impl Display, step: Step) -> bool {
        let is_news = self.0.remove(&(of.to_string(), step)).is_some();
        if is_news {
            info!(%of, "no longer: {}", step.sentence());
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_news_when_it_begins_changes_and_ends() {
        let cache = "cache";
        let mut told = StandingFailures::default();
        assert!(!told.well(&cache, Step::Survey));
        assert!(told.ill(&cache, Step::Survey, "a"));
        assert!(!told.ill(&cache, Step::Survey, "a"));
        assert!(told.ill(&cache, Step::ReadRecords, "a"));
        assert!(told.ill(&cache, Step::Survey, "b"));
        assert!(told.well(&cache, Step::Survey));
        assert!(!told.well(&cache, Step::Survey));
    }
}
