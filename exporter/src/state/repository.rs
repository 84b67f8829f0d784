//! What is known of a repository as a whole, and of the survey that ended last.

use std::{collections::BTreeMap, time::Duration};

use catalog::{
    model::{Dropped, Usage},
    storage::Requests,
};
use jiff::Timestamp;

/// What is known of a repository as a whole.
#[derive(Debug, Clone, Default)]
pub struct RepositoryState {
    /// `None` until the first survey ended.
    pub last: Option<LastSurvey>,
    /// When the last good survey ended.
    pub surveyed_at: Option<Timestamp>,
    /// As of then.
    pub usage: Vec<Usage>,
    /// Entries of the listing that were passed over, as of then.
    pub dropped: BTreeMap<Dropped, u64>,
    /// Since the program began.
    pub requests: Requests,
    /// Since the program began.
    pub surveys: BTreeMap<SurveyOutcome, u64>,
    /// When its capacity is used up, as far as the last good survey can tell.
    pub full_at: Option<Timestamp>,
}

impl RepositoryState {
    /// All that lies there, whosever it is.
    pub fn stored_bytes(&self) -> u64 {
        let bytes = self.usage.iter().map(|usage| usage.bytes);
        bytes.fold(0, u64::saturating_add)
    }
}

/// The survey that ended last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSurvey {
    /// How it ended.
    pub outcome: SurveyOutcome,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// What went wrong, for people.
    pub problem: Option<String>,
}

catalog::words! {
    /// How a survey ended.
    pub enum SurveyOutcome {
        /// The repository was listed to its end.
        Completed = "completed",
        /// The repository did not answer, or not to the end.
        Failed = "failed",
        /// Cut off at the deadline.
        TimedOut = "timed_out",
    }
}
