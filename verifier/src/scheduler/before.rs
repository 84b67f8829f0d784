//! What is known of a source from the look before. Pure.

use std::sync::Arc;

use catalog::{
    ledger::{Ledger, Proofs},
    model::SourceInventory,
};
use jiff::Timestamp;

/// What a look before saw of a source: what did not change since is not worked out again.
#[derive(Debug, Clone)]
pub(super) struct SeenBefore {
    pub(super) inventory: Arc<SourceInventory>,
    pub(super) ledger: Arc<Ledger>,
    /// Made without an answer of the store.
    pub(super) proofs: Option<Arc<Proofs>>,
    pub(super) seen_at: Timestamp,
    /// Id of the failed verification whose log is known.
    pub(super) log: Option<String>,
}

impl SeenBefore {
    /// The join as it was, if nothing changed.
    pub(super) fn unchanged(
        &self,
        ledger: &Ledger,
        inventory: &Arc<SourceInventory>,
        now: Timestamp,
    ) -> Option<&Arc<Proofs>> {
        // A record from the future says nothing until its time has come.
        let is_same = self.ledger.is_same(ledger)
            && ledger.is_past(self.seen_at.min(now))
            && self.inventory == *inventory;
        self.proofs.as_ref().filter(|_| is_same)
    }
}

#[cfg(test)]
mod tests {
    use catalog::ledger::fixtures::{at, cache, sealed, verified};

    use super::*;

    #[test]
    fn nothing_is_worked_out_again_while_records_objects_and_time_are_as_they_were() {
        let records = sealed([verified(at("10:00:00")), verified(at("11:00:00"))]);
        let mut ledger = Ledger::new(cache());
        ledger.take(1, Ok(&records[0]));
        let inventory = Arc::new(SourceInventory::default());
        let proofs = Proofs::new(&ledger, &inventory, None, at("12:00:00"));
        let before = SeenBefore {
            inventory: Arc::clone(&inventory),
            ledger: Arc::new(ledger.clone()),
            proofs: Some(Arc::new(proofs)),
            seen_at: at("12:00:00"),
            log: None,
        };
        let now = at("12:05:00");
        assert!(before.unchanged(&ledger, &inventory, now).is_some());
        // The clock was set back behind the end of the record, which is now from the future.
        let early = at("10:30:00");
        assert!(before.unchanged(&ledger, &inventory, early).is_none());
        let other = SourceInventory {
            duplicates: 1,
            ..SourceInventory::default()
        };
        assert!(before.unchanged(&ledger, &Arc::new(other), now).is_none());
        let mut answered = before.clone();
        answered.proofs = None;
        assert!(answered.unchanged(&ledger, &inventory, now).is_none());
        ledger.take(2, Ok(&records[1]));
        assert!(before.unchanged(&ledger, &inventory, now).is_none());
    }
}
