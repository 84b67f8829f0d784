//! Breaks that were met and are not repaired, and the repairs of a chain.

use std::{collections::BTreeSet, sync::Arc};

use super::broken::Break;
use crate::ledger::Repaired;

/// Most breaks that are told apart and can be repaired: a chain with more of them is no chain any
/// more.
pub(super) const BREAKS_MAX: usize = if cfg!(test) { 50 } else { 10_000 };

/// Most repairs that are kept in memory: the newest ones.
const REPAIRS_MAX: usize = 1_000;

/// The breaks and the repairs of a chain.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaks {
    /// Breaks that are not repaired, in ascending order.
    standing: Vec<Break>,
    /// The first break that found no room in `standing`: it cannot be repaired.
    beyond: Option<Break>,
    /// Repairs, oldest first, including those that a checkpoint carries.
    repairs: Vec<Arc<Repaired>>,
    /// Sequence numbers of records whose `previous` does not name what lies before them, repaired
    /// or not.
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

    /// The first break that is not repaired.
    pub(super) fn first(&self) -> Option<&Break> {
        self.standing.first().or(self.beyond.as_ref())
    }

    /// Lets go of the break that a person named.
    pub(super) fn repair(&mut self, is_meant: impl Fn(&Break) -> bool) {
        self.standing.retain(|met| !is_meant(met));
    }

    /// Adds a repair to those that are reported; a repair that is already known changes nothing.
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
