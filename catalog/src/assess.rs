//! Assessment of a source: what its witnesses say together, and where they disagree.
//!
//! Pure: facts and a time in, figures and concerns out. It reads no clock and does no I/O. What
//! nobody has witnessed is absent (`None`), never zero.
//!
//! It has two steps, because the first one is a hundred times dearer and seldom needed:
//!
//! | step | is made | decides |
//! |---|---|---|
//! | [`Figures::new`] | when a survey, ledger or configuration is new | medians, holes, forecast |
//! | [`Figures::assess`] | at every scrape | what depends on now: ages, missed runs, concerns |

mod cadence;
mod capacity;
mod concern;
mod drills;
mod figures;
mod forecast;
mod gaps;
mod holdings;
mod objectives;
mod outlook;
mod proof;
mod series;

use std::sync::Arc;

use jiff::Timestamp;
use settings::Duration;

use crate::{
    ledger::{Ledger, Proofs},
    model::SourceInventory,
};

pub use cadence::Cadence;
pub use capacity::{Stored, full_at};
pub use concern::{CONCERNS, Concern, Severity, Witness};
pub use drills::{DrillConcern, DrillSubject, drill_concerns, due_drill, next_drill};
pub use figures::Figures;
pub use holdings::Holdings;
pub use objectives::{Objectives, Promises, Tier, VERIFICATION};
pub use proof::{Proof, Verifying, deadline_of};

/// The measure of one source: what it is held to, as the configuration says.
#[derive(Debug, Clone)]
pub struct Measure {
    /// Cadence in which snapshots are due; `None` if nothing says so, and then nothing is ever
    /// late.
    pub cadence: Option<Cadence>,
    /// Objectives as configured.
    pub objectives: Objectives,
    /// Allowed lateness, where configured.
    pub grace: Option<Duration>,
    /// Time that may pass from the last byte of a snapshot until it counts as complete
    /// (docs/complete.md).
    pub settle: Duration,
    /// Time that may pass from then until a survey sees the snapshot.
    pub refresh: Duration,
    /// Expectations of the verifier.
    pub verifying: Verifying,
}

/// Everything that is known of one source.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What the source is held to.
    pub measure: Arc<Measure>,
    /// Time since when this program looks: a source without any snapshot is missed only from here
    /// on.
    pub watched_since: Timestamp,
    /// True if an earlier survey saw a complete snapshot.
    pub was_held: bool,
    /// Inventory of the last whole survey; `None` before the first.
    pub inventory: Option<Arc<SourceInventory>>,
    /// Records of the source; `None` if no proof is expected, or the records were never readable.
    /// If they become unreadable later, the last ledger is handed in again.
    pub ledger: Option<Arc<Ledger>>,
    /// The ledger joined with the inventory; `None` unless both are there.
    pub proofs: Option<Arc<Proofs>>,
    /// Time of the first of at least two whole surveys in a row that showed no verified snapshot
    /// any more; `None` while one lies there.
    pub unproven_since: Option<Timestamp>,
    /// Time when a survey first saw full backups newer than any that was tried, after a survey that
    /// saw none. `None` if there are none now, or if the first survey saw some already.
    pub untried_seen: Option<Timestamp>,
    /// Word of the producer; `None` if none is configured.
    pub intent: Option<Intent>,
}

/// Word of the producer of a source about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// State of the producer.
    pub status: ProducerStatus,
    /// Time at which the last run began.
    pub last_run_at: Option<Timestamp>,
    /// Time at which the last successful run began.
    pub last_success_began_at: Option<Timestamp>,
    /// Time at which the last successful run ended.
    pub last_success_at: Option<Timestamp>,
    /// True if the producer runs at the schedule that the source configures; `None` if nobody
    /// knows.
    pub schedule_matches: Option<bool>,
}

/// State of a producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProducerStatus {
    /// The last run succeeded.
    Succeeded,
    /// The last run failed.
    Failed,
    /// A run is underway.
    Running,
    /// The producer will not run.
    Suspended,
    /// The producer does not exist, or may not be looked at.
    Unknown,
}

/// Judgement of one source at one time.
#[derive(Debug, Clone)]
pub struct Assessment<'a> {
    /// Promises, with defaults.
    pub promises: &'a Promises,
    /// Figures of what lies in the repository; `None` before the first survey.
    pub holdings: Option<Holdings<'a>>,
    /// Figures of what was proven; `None` without a ledger, and before the first survey.
    pub proof: Option<Proof<'a>>,
    /// Each of [`CONCERNS`] in that order: true if it stands, false if not, `None` without a
    /// witness.
    pub concerns: Vec<(&'static Concern, Option<bool>)>,
    /// Whether the source is recoverable, by proof:
    ///
    /// | `proof` | a critical concern | recoverable |
    /// |---|---|---|
    /// | is absent: not expected, or nothing was seen yet | | `None` |
    /// | is there | stands | `Some(false)` |
    /// | is of a snapshot that lies there unchanged, within the objective | none | `Some(true)` |
    /// | is of no such snapshot, yet or any more | none | `None` |
    pub recoverable: Option<bool>,
}

impl Assessment<'_> {
    /// Concerns that stand now.
    pub fn standing(&self) -> impl Iterator<Item = &'static Concern> {
        self.concerns
            .iter()
            .filter(|(_, stands)| *stands == Some(true))
            .map(|(concern, _)| *concern)
    }
}

/// Facts that conditions look at.
pub(crate) struct Facts<'a> {
    subject: &'a Subject,
    promises: &'a Promises,
    now: Timestamp,
}

impl<'a> Facts<'a> {
    fn cadence(&self) -> Option<&'a Cadence> {
        self.subject.measure.cadence.as_ref()
    }

    fn verifying(&self) -> &'a Verifying {
        &self.subject.measure.verifying
    }

    /// The longest time between two slots of the schedule; zero without a schedule.
    fn longest_gap(&self) -> Duration {
        self.cadence().map_or(Duration::ZERO, Cadence::longest_gap)
    }

    /// Lateness that is nobody's fault: the grace, the time until a snapshot counts as complete,
    /// and the time until a survey sees it.
    fn lateness(&self) -> Duration {
        let Measure {
            settle, refresh, ..
        } = *self.subject.measure;
        let grace = self.promises.grace.saturating_add(settle);
        grace.saturating_add(refresh)
    }
}

#[cfg(test)]
mod tests;
