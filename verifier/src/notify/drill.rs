//! What people are told of a drill that its schedule asked for. Plain data.

use catalog::{drill::DrillOutcome, ledger::Verdict, model::DrillName};
use jiff::{SignedDuration, Timestamp};

use super::{MADE_UP_FOR, TOLD_AFTER};

/// The report in lines, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DrillBrief {
    /// The answer in one line.
    pub(crate) summary: String,
    /// Facts about the whole, each with its label; at most ten.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// What became of each source.
    pub(crate) sources: Vec<String>,
    /// What was not as it should be.
    pub(crate) deviations: Vec<String>,
}

/// What became of a slot of a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DrillNews {
    /// The drill was carried out.
    Made {
        /// Its name.
        drill: DrillName,
        /// How it ended.
        outcome: DrillOutcome,
        /// Its report in lines.
        brief: DrillBrief,
        /// Where the report lies, or why it could not be written.
        kept: Result<String, String>,
    },
    /// The drill cannot be carried out; it is tried again until its next slot.
    Missed {
        /// Its name.
        drill: DrillName,
        /// The slot.
        slot: Timestamp,
        /// Why, with what to do.
        why: String,
        /// When that was first met.
        since: Timestamp,
    },
}

impl DrillNews {
    /// The name of the drill.
    pub(crate) const fn drill(&self) -> &DrillName {
        match self {
            Self::Made { drill, .. } | Self::Missed { drill, .. } => drill,
        }
    }

    /// The time that names the news: of two the later one is the newer. A drill that was made is
    /// newer than its slot.
    pub(crate) fn key(&self) -> String {
        let at = match self {
            Self::Made { outcome, .. } => outcome.began_at,
            Self::Missed { slot, .. } => *slot,
        };
        at.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// True while the news is to be told: a drill at once, one that cannot be carried out once
    /// that lasts.
    pub(crate) fn is_to_be_told(&self, now: Timestamp) -> bool {
        let (since, after) = match self {
            Self::Made { outcome, .. } => (outcome.ended_at, SignedDuration::ZERO),
            Self::Missed { since, .. } => (*since, TOLD_AFTER),
        };
        (after..=MADE_UP_FOR).contains(&now.duration_since(since))
    }
}

/// True if a drill went as it should: all was verified, within the objective.
pub(crate) fn is_well(outcome: &DrillOutcome) -> bool {
    outcome.result == Verdict::Verified && outcome.within != Some(false)
}
