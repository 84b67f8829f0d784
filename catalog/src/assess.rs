//! What the witnesses say of a source together, and where they first disagree.
//!
//! Pure: facts and a time in, figures and concerns out. It reads no clock and does no I/O. What
//! nobody has witnessed is absent (`None`), never zero.

mod cadence;
mod capacity;
mod concern;
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
pub use holdings::Holdings;
pub use objectives::{Objectives, Promises, Tier, VERIFICATION};
pub use proof::{Proof, Verifying, default_deadline};

/// Everything that is known of one source.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// When a snapshot is due; `None` where nothing says so, and then nothing is ever late.
    pub cadence: Option<&'a Cadence>,
    /// As configured.
    pub objectives: &'a Objectives,
    /// Lateness allowed, where configured.
    pub grace: Option<Duration>,
    /// How much later than its last byte a snapshot may count as complete (docs/complete.md).
    pub settle: Duration,
    /// How much later it may be seen.
    pub refresh: Duration,
    /// Since when this program looks: a source without any snapshot is missed only from here on.
    pub watched_since: Timestamp,
    /// Whether an earlier survey saw a complete snapshot.
    pub was_held: bool,
    /// As the last whole survey saw it; `None` before the first.
    pub inventory: Option<&'a SourceInventory>,
    /// `None` where no proof is expected, or evidence was never readable. Unreadable later, the
    /// last ledger is handed in again.
    pub ledger: Option<&'a Ledger>,
    /// That ledger beside that inventory; `None` unless both are there.
    pub proofs: Option<&'a Proofs>,
    /// What is expected of the verifier.
    pub verifying: &'a Verifying,
    /// When the first of at least two whole surveys in a row showed that none of the snapshots that
    /// were verified lies there any more; `None` where one does.
    pub unproven_since: Option<Timestamp>,
    /// When a survey first saw full backups newer than any that was tried, where the survey before
    /// saw none; `None` where they were there from the first survey on, or are not.
    pub untried_seen: Option<Timestamp>,
    /// What the producer says; `None` where none is configured.
    pub intent: Option<&'a Intent>,
}

/// What the producer of a source says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// How it stands.
    pub status: ProducerStatus,
    /// When its last run began.
    pub last_run_at: Option<Timestamp>,
    /// When its last successful run began.
    pub last_success_began_at: Option<Timestamp>,
    /// When its last successful run ended.
    pub last_success_at: Option<Timestamp>,
    /// Whether it runs at the schedule that the source configures.
    pub schedule_matches: Option<bool>,
}

/// How a producer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProducerStatus {
    /// The last run did.
    Succeeded,
    /// The last run did.
    Failed,
    /// A run is underway.
    Running,
    /// It will not run.
    Suspended,
    /// It does not exist, or may not be looked at.
    Unknown,
}

/// One source, judged.
#[derive(Debug, Clone)]
pub struct Assessment<'a> {
    /// What is promised, with defaults.
    pub promises: Promises,
    /// What lies in the repository; `None` before the first survey.
    pub holdings: Option<Holdings<'a>>,
    /// What was proven; `None` without a ledger, and before the first survey.
    pub proof: Option<Proof<'a>>,
    /// Each of [`CONCERNS`] in that order: stands, does not, or (`None`) has no witness.
    pub concerns: Vec<(&'static Concern, Option<bool>)>,
    /// A snapshot that lies there unchanged was verified within its objective and there is no
    /// critical concern; `Some(false)` with a critical concern; `None` where no proof is expected,
    /// nothing was seen yet, or no verified snapshot lies there, yet or any more.
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

/// What conditions look at.
pub(crate) struct Facts<'a> {
    subject: Subject<'a>,
    promises: Promises,
    now: Timestamp,
}

impl Facts<'_> {
    /// Lateness that is nobody's fault: the grace, and until what arrived counts and is seen.
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
        Some(Proof::new(ledger, proofs, holdings, now))
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
