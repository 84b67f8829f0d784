//! What is known of one source: what was seen of it, what its records say, and the join of both.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    ledger::{Ledger, OldVersions, Proofs},
    model::{SourceInventory, Unread},
};
use jiff::Timestamp;

/// What is known of one source.
#[derive(Debug, Clone)]
pub struct SourceState {
    /// Since when this program looks at it.
    pub watched_since: Timestamp,
    /// Whether a complete snapshot was ever seen since then.
    pub was_held: bool,
    /// When it was last wholly seen.
    pub surveyed_at: Option<Timestamp>,
    /// What was seen then.
    pub inventory: Option<Arc<SourceInventory>>,
    /// Why the last survey did not wholly see it, although the repository answered.
    pub problem: Option<String>,
    /// Heads that the last survey of its repository could not read; `None` before the first.
    pub unread: Option<BTreeMap<Unread, u64>>,
    /// Its proof.
    pub evidence: EvidenceState,
    /// What the store said after that survey of its last proof, if that is listed no more.
    pub old_versions: Option<OldVersions>,
    /// Its ledger beside its inventory, joined whenever one of them was read; `None` before both.
    pub proofs: Option<Arc<Proofs>>,
    /// That none of the snapshots that were verified lies there any more, as whole surveys showed.
    pub unproven: Option<Unproven>,
    /// When a survey first saw full backups newer than any that was tried, where the survey before
    /// saw none.
    pub untried_seen: Option<Timestamp>,
}

/// Whole surveys in a row that saw no snapshot that was verified, not even as an older version,
/// although there were some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproven {
    /// When the first of them ended.
    pub since: Timestamp,
    /// When the last of them ended.
    pub last: Timestamp,
}

impl Unproven {
    /// Since when, once a second survey has shown it.
    pub fn confirmed(self) -> Option<Timestamp> {
        (self.last > self.since).then_some(self.since)
    }
}

/// What is known of the ledger of a source.
#[derive(Debug, Clone, Default)]
pub struct EvidenceState {
    /// As last read.
    pub ledger: Option<Arc<Ledger>>,
    /// Whether the last attempt to read it succeeded; `None` before the first.
    pub up: Option<bool>,
}

impl SourceState {
    /// Nothing known yet.
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

    /// Takes what a whole survey saw.
    pub(super) fn survey(
        &mut self,
        seen: SourceInventory,
        old_versions: Option<OldVersions>,
        surveyed_at: Timestamp,
    ) {
        self.surveyed_at = Some(surveyed_at);
        self.inventory = Some(Arc::new(seen));
        self.old_versions = old_versions;
        self.join(surveyed_at);
    }

    /// Takes the ledger as it was read.
    pub fn read(&mut self, ledger: Ledger, now: Timestamp) {
        self.evidence.ledger = Some(Arc::new(ledger));
        self.join(now);
    }

    /// Knows no ledger any more: the next one is another, and not this one changed.
    pub(super) fn forget_evidence(&mut self) {
        self.evidence = EvidenceState::default();
        self.old_versions = None;
        self.proofs = None;
        self.unproven = None;
        self.untried_seen = None;
    }

    /// Holds the ledger against what lies there; what depends on the time is left to every scrape.
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
            // Nobody knows: what two surveys have shown stands, and one alone shows nothing.
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
