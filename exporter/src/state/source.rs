//! The state of one source: its inventory, its ledger, and the join of both.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    assess::{Assessment, Figures, Measure, Subject},
    ledger::{Ledger, OldVersions, Proofs},
    model::{EngineName, SourceInventory, Unread},
};
use jiff::Timestamp;

/// The state of one source.
#[derive(Debug, Clone)]
pub struct SourceState {
    /// Engine whose snapshots these are.
    pub engine: EngineName,
    /// Time since which this program watches the source.
    pub watched_since: Timestamp,
    /// True if a complete snapshot was ever seen since then.
    pub was_held: bool,
    /// End of the last survey that saw the source wholly.
    pub surveyed_at: Option<Timestamp>,
    /// The inventory of that survey.
    pub inventory: Option<Arc<SourceInventory>>,
    /// Reason why the last survey did not see the source wholly, although the repository answered.
    pub problem: Option<String>,
    /// Heads that the last survey of its repository could not read; `None` before the first.
    pub unread: Option<BTreeMap<Unread, u64>>,
    /// The ledger, with the proof.
    pub evidence: EvidenceState,
    /// Answer of the store about the last proof, if the last whole survey did not list it any more.
    pub old_versions: Option<OldVersions>,
    /// The ledger held against the inventory, anew whenever one of them is read; `None` until both
    /// were.
    pub proofs: Option<Arc<Proofs>>,
    /// Loss of all verified snapshots, as whole surveys showed it; `None` without such a loss.
    pub unproven: Option<Unproven>,
    /// End of the survey that first saw full backups newer than any that was tried. `None` if there
    /// are none, or if there were some from the start.
    pub untried_seen: Option<Timestamp>,
    /// What the source is held to.
    measure: Arc<Measure>,
    /// Everything above in figures, anew whenever some of it changes.
    figures: Arc<Figures>,
}

/// Whole surveys in a row that saw none of the verified snapshots any more, not even as an older
/// version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproven {
    /// End of the first of these surveys.
    pub since: Timestamp,
    /// End of the last of these surveys.
    pub last: Timestamp,
}

impl Unproven {
    /// End of the first survey, once a second one has shown the loss too; `None` before.
    pub fn confirmed(self) -> Option<Timestamp> {
        (self.last > self.since).then_some(self.since)
    }
}

/// The ledger of a source, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct EvidenceState {
    /// The ledger as last read.
    pub ledger: Option<Arc<Ledger>>,
    /// True if the last attempt to read the ledger succeeded; `None` before the first.
    pub up: Option<bool>,
}

impl SourceState {
    /// A source of which nothing is known yet.
    pub fn new(engine: EngineName, measure: Arc<Measure>, watched_since: Timestamp) -> Self {
        let nothing = Subject {
            measure: Arc::clone(&measure),
            watched_since,
            was_held: false,
            inventory: None,
            ledger: None,
            proofs: None,
            unproven_since: None,
            untried_seen: None,
            intent: None,
        };
        Self {
            engine,
            measure,
            figures: Arc::new(Figures::new(nothing)),
            watched_since,
            was_held: false,
            surveyed_at: None,
            inventory: None,
            problem: None,
            unread: None,
            evidence: EvidenceState::default(),
            old_versions: None,
            proofs: None,
            unproven: None,
            untried_seen: None,
        }
    }

    /// Takes over what a whole survey saw.
    pub(super) fn survey(
        &mut self,
        seen: Arc<SourceInventory>,
        old_versions: Option<OldVersions>,
        surveyed_at: Timestamp,
    ) {
        self.was_held |= seen.newest_complete().is_some();
        self.surveyed_at = Some(surveyed_at);
        self.inventory = Some(seen);
        self.old_versions = old_versions;
        self.join(surveyed_at);
        self.figure();
    }

    /// Takes over the ledger as it was read at `now`.
    pub fn read(&mut self, ledger: Ledger, now: Timestamp) {
        self.evidence.ledger = Some(Arc::new(ledger));
        self.join(now);
        self.figure();
    }

    /// Takes over what was known of the source under the configuration before. Without
    /// `keeps_evidence` the next ledger is another one, and not that one changed.
    pub(super) fn take_over(&mut self, before: &Self, keeps_evidence: bool) {
        let measure = Arc::clone(&self.measure);
        *self = Self {
            measure,
            ..before.clone()
        };
        if !keeps_evidence {
            self.evidence = EvidenceState::default();
            self.old_versions = None;
            self.proofs = None;
            self.unproven = None;
            self.untried_seen = None;
        }
        self.figure();
    }

    /// Judges the source at `now`.
    pub fn assess(&self, now: Timestamp) -> Assessment<'_> {
        self.figures.assess(now)
    }

    /// Finds the figures anew.
    fn figure(&mut self) {
        self.figures = Arc::new(Figures::new(Subject {
            measure: Arc::clone(&self.measure),
            watched_since: self.watched_since,
            was_held: self.was_held,
            inventory: self.inventory.clone(),
            ledger: self.evidence.ledger.clone(),
            proofs: self.proofs.clone(),
            unproven_since: self.unproven.and_then(Unproven::confirmed),
            untried_seen: self.untried_seen,
            intent: None,
        }));
    }

    /// Holds the ledger against the inventory. What depends on the time is left to every scrape.
    fn join(&mut self, now: Timestamp) {
        let (Some(ledger), Some(inventory), Some(surveyed_at)) =
            (&self.evidence.ledger, &self.inventory, self.surveyed_at)
        else {
            return;
        };
        let proofs = Proofs::new(ledger, inventory, self.old_versions.as_ref(), now);
        self.unproven = match proofs.lost() {
            Some(lost) if lost.is_shown() => Some(Unproven {
                since: self.unproven.map_or(surveyed_at, |before| before.since),
                last: surveyed_at,
            }),
            // Not known: a loss that two surveys have shown stands, one survey alone shows nothing.
            Some(_) => self.unproven.filter(|it| it.confirmed().is_some()),
            None => None,
        };
        let before = self.proofs.as_ref().map(|it| it.untried_since);
        self.untried_seen = match (before, proofs.untried_since) {
            (_, None) => None,
            (Some(None), Some(_)) => Some(surveyed_at),
            (_, Some(_)) => self.untried_seen,
        };
        self.proofs = Some(Arc::new(proofs));
    }
}
