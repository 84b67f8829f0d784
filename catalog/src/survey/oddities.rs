//! Oddities of a repository: each is warned of once for its source and cause while it lasts.

use std::collections::BTreeSet;

use crate::model::{Dropped, Inventory, SourceName, Unread};

/// Causes of oddities that one survey met.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Oddities {
    dropped: BTreeSet<Dropped>,
    unread: BTreeSet<(SourceName, Unread)>,
}

impl Oddities {
    /// Collects the causes in one inventory.
    pub(super) fn of(inventory: &Inventory) -> Self {
        let sources = inventory.sources.iter();
        let unread = sources.flat_map(|(name, source)| {
            let reasons = source.unread.keys();
            reasons.map(|why| (name.clone(), *why))
        });
        Self {
            dropped: inventory.dropped.keys().copied().collect(),
            unread: unread.collect(),
        }
    }

    /// Warns of each cause that was not there `before`, and returns the causes.
    pub(super) fn told(self, before: &Self, inventory: &Inventory) -> Self {
        let repository = inventory.repository.as_str();
        for why in self.dropped.difference(&before.dropped) {
            let (reason, entries) = (why.as_label(), inventory.dropped.get(why));
            let hint = "Look at the store, or at its version; nothing else is affected.";
            tracing::warn!(
                repository,
                reason,
                entries,
                hint,
                "entries of the listing are passed over: {}",
                why.sentence()
            );
        }
        for (source, why) in self.unread.difference(&before.unread) {
            let found = inventory.sources.get(source);
            let heads = found.and_then(|found| found.unread.get(why));
            let reason = why.as_label();
            tracing::warn!(
                repository,
                %source,
                reason,
                heads,
                hint = why.hint(),
                "heads could not be read: snapshots are dated by what else is known"
            );
        }
        self
    }
}
