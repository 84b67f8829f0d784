//! The state of a repository as a whole, and the survey that ended last.

use std::{collections::BTreeMap, time::Duration};

use catalog::{
    model::{Dropped, Usage},
    storage::Requests,
};
use jiff::Timestamp;

/// The state of a repository as a whole.
#[derive(Debug, Clone, Default)]
pub struct RepositoryState {
    /// The survey that ended last; `None` before the first.
    pub last: Option<LastSurvey>,
    /// End of the last good survey.
    pub surveyed_at: Option<Timestamp>,
    /// Bytes and objects by source, storage class and state, as of then.
    pub usage: Vec<Usage>,
    /// Entries of the listing that were passed over, as of then.
    pub dropped: BTreeMap<Dropped, u64>,
    /// Requests since the program began, or since a reload changed the location.
    pub requests: Requests,
    /// Number of surveys that ended, likewise.
    pub surveys: BTreeMap<SurveyOutcome, u64>,
    /// Forecast of when the capacity is used up, as of the last good survey; `None` if there is
    /// none.
    pub full_at: Option<Timestamp>,
}

impl RepositoryState {
    /// Bytes of all that lies in the repository, also what fits no source.
    pub fn stored_bytes(&self) -> u64 {
        let bytes = self.usage.iter().map(|usage| usage.bytes);
        bytes.fold(0, u64::saturating_add)
    }
}

/// The survey that ended last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSurvey {
    /// How the survey ended.
    pub outcome: SurveyOutcome,
    /// Time at which the survey ended.
    pub ended_at: Timestamp,
    /// Length of the survey.
    pub took: Duration,
    /// What went wrong, for people; `None` if nothing did.
    pub problem: Option<String>,
}

catalog::words! {
    /// How a survey ended.
    pub enum SurveyOutcome {
        /// The repository was listed to its end.
        Completed = "completed",
        /// The repository did not answer, or not to the end.
        Failed = "failed",
        /// The survey was cut off at the deadline.
        TimedOut = "timed_out",
    }
}
