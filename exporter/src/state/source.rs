//! The state of one source: its inventory, its ledger, and the join of both.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    ledger::{Ledger, OldVersions, Proofs},
    model::{SourceInventory, Unread},
};
use jiff::Timestamp;

/// The state of one source.
#[derive(Debug, Clone)]
pub struct SourceState {
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
    pub fn new(watched_since: Timestamp) -> Self {
        Self {
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
        self.surveyed_at = Some(surveyed_at);
        self.inventory = Some(seen);
        self.old_versions = old_versions;
        self.join(surveyed_at);
    }

    /// Takes over the ledger as it was read at `now`.
    pub fn read(&mut self, ledger: Ledger, now: Timestamp) {
        self.evidence.ledger = Some(Arc::new(ledger));
        self.join(now);
    }

    /// Forgets the ledger: the next one is another ledger, and not this one changed.
    pub(super) fn forget_evidence(&mut self) {
        self.evidence = EvidenceState::default();
        self.old_versions = None;
        self.proofs = None;
        self.unproven = None;
        self.untried_seen = None;
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
