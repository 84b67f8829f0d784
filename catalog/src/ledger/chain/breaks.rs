//! Breaks that were met and are not repaired, and the repairs of a chain.

use std::{collections::BTreeSet, sync::Arc};

use super::broken::Break;
use crate::ledger::Repaired;

/// Breaks that can be told apart, and repaired: a chain with more of them is another thing than a
/// chain.
pub(super) const BREAKS_MAX: usize = if cfg!(test) { 50 } else { 10_000 };

/// Repairs that are kept in memory, the newest.
const REPAIRS_MAX: usize = 1_000;

/// What is broken, and what was.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaks {
    /// In ascending order.
    standing: Vec<Break>,
    /// The first of those that found no room above: it cannot be repaired.
    beyond: Option<Break>,
    /// Oldest first, those that a checkpoint carries included.
    repairs: Vec<Arc<Repaired>>,
    /// Records whose `previous` does not name what lies before them, be that repaired or not.
    seams: BTreeSet<u64>,
}

impl Breaks {
    /// Takes a break behind all that were met before.
    pub(super) fn met(&mut self, met: Break) {
        if self.standing.len() < BREAKS_MAX {
            self.standing.push(met);
        } else {
            self.beyond.get_or_insert(met);
        }
    }

    /// Notes that this record names another one as its `previous` than the one that lies there.
    pub(super) fn seam(&mut self, sequence: u64) {
        if self.seams.len() < 2 * BREAKS_MAX {
            self.seams.insert(sequence);
        }
    }

    pub(super) fn is_seam(&self, sequence: u64) -> bool {
        self.seams.contains(&sequence)
    }

    /// The first that is not repaired.
    pub(super) fn first(&self) -> Option<&Break> {
        self.standing.first().or(self.beyond.as_ref())
    }

    /// Lets go of the break that a person named.
    pub(super) fn repair(&mut self, is_meant: impl Fn(&Break) -> bool) {
        self.standing.retain(|met| !is_meant(met));
    }

    /// Takes a repair that is told from now on; one that is known already changes nothing.
    pub(super) fn tell(&mut self, repaired: &Repaired) {
        let place = |it: &Arc<Repaired>| it.sequence.cmp(&repaired.sequence);
        if let Err(at) = self.repairs.binary_search_by(place) {
            self.repairs.insert(at, Arc::new(repaired.clone()));
        }
        if self.repairs.len() > REPAIRS_MAX {
            self.repairs.remove(0);
        }
    }

    pub(super) fn repairs(&self) -> impl DoubleEndedIterator<Item = &Repaired> {
        self.repairs.iter().map(Arc::as_ref)
    }
}
