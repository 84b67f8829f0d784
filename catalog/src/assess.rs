//! Assessment of a source: what its witnesses say together, and where they disagree.
//!
//! Pure: facts and a time in, figures and concerns out. It reads no clock and does no I/O. What
//! nobody has witnessed is absent (`None`), never zero.

mod cadence;
mod capacity;
mod concern;
mod drills;
mod forecast;
mod gaps;
mod holdings;
mod objectives;
mod proof;

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
pub use holdings::Holdings;
pub use objectives::{Objectives, Promises, Tier, VERIFICATION};
pub use proof::{Proof, Verifying, deadline_of};

/// Everything that is known of one source.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Cadence in which snapshots are due; `None` if nothing says so, and then nothing is ever
    /// late.
    pub cadence: Option<&'a Cadence>,
    /// Objectives as configured.
    pub objectives: &'a Objectives,
    /// Allowed lateness, where configured.
    pub grace: Option<Duration>,
    /// Time that may pass from the last byte of a snapshot until it counts as complete
    /// (docs/complete.md).
    pub settle: Duration,
    /// Time that may pass from then until a survey sees the snapshot.
    pub refresh: Duration,
    /// Time since when this program looks: a source without any snapshot is missed only from here
    /// on.
    pub watched_since: Timestamp,
    /// True if an earlier survey saw a complete snapshot.
    pub was_held: bool,
    /// Inventory of the last whole survey; `None` before the first.
    pub inventory: Option<&'a SourceInventory>,
    /// Records of the source; `None` if no proof is expected, or the records were never readable.
    /// If they become unreadable later, the last ledger is handed in again.
    pub ledger: Option<&'a Ledger>,
    /// The ledger joined with the inventory; `None` unless both are there.
    pub proofs: Option<&'a Proofs>,
    /// Expectations of the verifier.
    pub verifying: &'a Verifying,
    /// Time of the first of at least two whole surveys in a row that showed no verified snapshot
    /// any more; `None` while one lies there.
    pub unproven_since: Option<Timestamp>,
    /// Time when a survey first saw full backups newer than any that was tried, after a survey that
    /// saw none. `None` if there are none now, or if the first survey saw some already.
    pub untried_seen: Option<Timestamp>,
    /// Word of the producer; `None` if none is configured.
    pub intent: Option<&'a Intent>,
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
    pub promises: Promises,
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
    subject: Subject<'a>,
    promises: Promises,
    now: Timestamp,
}

impl Facts<'_> {
    /// Lateness that is nobody's fault: the grace, the time until a snapshot counts as complete,
    /// and the time until a survey sees it.
    fn lateness(&self) -> Duration {
        let grace = self.promises.grace.saturating_add(self.subject.settle);
        grace.saturating_add(self.subject.refresh)
    }
}

/// Judges one source at one time.
pub fn assess<'a>(subject: &Subject<'a>, now: Timestamp) -> Assessment<'a> {
    let snapshots = subject
        .inventory
        .map_or(&[][..], |inventory| &inventory.snapshots);
    let promises = Promises::new(subject, snapshots);
    let facts = Facts {
        subject: *subject,
        promises,
        now,
    };
    let holdings = subject
        .inventory
        .map(|inventory| Holdings::new(inventory, &facts));
    let proof = holdings.as_ref().and_then(|holdings| {
        let (ledger, proofs) = subject.ledger.zip(subject.proofs)?;
        Some(Proof::new(
            ledger,
            proofs,
            holdings,
            facts.promises.recovery_time,
            now,
        ))
    });
    let concerns: Vec<_> = CONCERNS
        .iter()
        .map(|concern| {
            (
                concern,
                concern.stands(holdings.as_ref(), proof.as_ref(), &facts),
            )
        })
        .collect();
    let critical = concerns
        .iter()
        .any(|(it, stands)| it.severity == Severity::Critical && *stands == Some(true));
    let proven = proof.as_ref().map(|proof| proof.is_current(&facts));
    let recoverable = match proven {
        Some(_) if critical => Some(false),
        Some(true) => Some(true),
        _ => None,
    };
    Assessment {
        promises: facts.promises,
        holdings,
        proof,
        concerns,
        recoverable,
    }
}

#[cfg(test)]
mod tests;
