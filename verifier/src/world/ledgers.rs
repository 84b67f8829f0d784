//! The records of a configuration: whether they are there, and what they hold.

use std::sync::{Arc, atomic::Ordering};

use catalog::{
    config::Source,
    ledger::{self, Ledger, LedgerError, MARKER, RecordWriter},
    model::SourceName,
};
use tokio::time::timeout;

use super::World;
use crate::console::{Console, Refusal};

/// The message about a place without a marker and without records: new, or not mounted.
pub(crate) fn unmounted(place: &str) -> String {
    format!(
        "no records yet: {place} has no marker `{MARKER}`; if records were written there before, \
         it is not mounted\n\
         hint: Mount it; at a new place the first `backup-verifier verify` makes the marker."
    )
}

impl World {
    /// Returns the writer of records; errs if the configuration names no place for them.
    pub fn evidence(&self) -> Result<&Arc<dyn RecordWriter>, Refusal> {
        self.evidence.as_ref().ok_or_else(|| {
            Refusal::usage(
                "no evidence is configured\n\
                 hint: Add evidence: { repository: { directory: … } } to the configuration.",
            )
        })
    }

    /// Errs unless verifications may be written: records lie at their place, or begin there, and
    /// the clock of this machine is not far from that of their store.
    pub(crate) async fn may_write(&self) -> Result<(), Refusal> {
        let evidence = self.evidence()?;
        let sources = self.all_sources();
        let adopting = async {
            self.make_root().await;
            ledger::adopt(&**evidence, &sources, self.is_adopted()).await
        };
        self.in_time("its evidence was not found", adopting)
            .await??;
        self.adopted.store(true, Ordering::Relaxed);
        if !self.compares_clocks {
            return Ok(());
        }
        let before = self.clock.now();
        let asking = self.in_time("the clock of its evidence was not read", evidence.time());
        // A failure here is told when the record is written, and a verdict is worth having.
        let Ok(Some(store)) = asking.await? else {
            return Ok(());
        };
        let ahead = ledger::ahead_of(store, before, self.clock.now());
        if ahead.abs() <= ledger::CLOCKS_APART_MAX {
            return Ok(());
        }
        let (seconds, place) = (ahead.unsigned_abs().as_secs(), evidence.place());
        let is = if ahead.is_positive() {
            "ahead of"
        } else {
            "behind"
        };
        Err(Refusal::unknown(format!(
            "the clock of this machine is {seconds} s {is} that of the evidence at {place}\n\
             hint: Set both by one time server; until then nothing is verified, for its record \
             would have a wrong time."
        )))
    }

    /// Makes the directory of the records at its first use, but no parent of it: a missing parent
    /// may be a volume that is not mounted, which must not look like an empty ledger.
    async fn make_root(&self) {
        let evidence = self.config.evidence.as_ref();
        let root = evidence.and_then(|it| it.location.directory());
        if let Some(root) = root.filter(|_| !self.is_adopted()) {
            // A failure here is told by the first read.
            let _ = tokio::fs::create_dir(root).await;
        }
    }

    /// Errs if records never lay at their place, or do not now: for commands that are about the
    /// records themselves.
    pub(crate) async fn is_mounted(&self) -> Result<(), Refusal> {
        let evidence = &**self.evidence()?;
        let sources = self.all_sources();
        let asking = ledger::is_mounted(evidence, &sources);
        Ok(self.in_time("its evidence was not found", asking).await??)
    }

    /// Warns if no records lie at their place, for commands that tell what records say of
    /// snapshots; each asks once. True if there may be records, which there never are without a
    /// configured place.
    pub(crate) async fn warn_unmounted(&self, console: &mut Console<'_>) -> Result<bool, Refusal> {
        let Some(evidence) = &self.evidence else {
            return Ok(false);
        };
        let sources = self.all_sources();
        let asking = ledger::is_mounted(&**evidence, &sources);
        match self.in_time("its evidence was not found", asking).await? {
            Ok(()) => Ok(true),
            Err(LedgerError::Unmarked { location }) => {
                writeln!(console.err, "warning: {}", unmounted(&location))?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The names of all sources, former ones included: records may lie below each.
    fn all_sources(&self) -> Vec<SourceName> {
        let sources = self.config.sources.iter();
        sources.flat_map(Source::names).cloned().collect()
    }

    /// True if records were once found at their place.
    pub(crate) fn is_adopted(&self) -> bool {
        self.adopted.load(Ordering::Relaxed)
    }

    /// Takes over what is known of the place of the records from a world before, which had the
    /// same.
    pub(crate) fn goes_on_from(&self, before: &Self) {
        self.adopted.store(before.is_adopted(), Ordering::Relaxed);
    }

    /// Reads the ledger of a source; errs if it is unreadable, or its store answers for longer than
    /// a survey may take. An absent ledger is empty.
    ///
    /// # Panics
    /// If the source is of another configuration.
    pub async fn ledger(&self, source: &SourceName) -> Result<Ledger, Refusal> {
        let reading = self.read_ledger(source);
        self.in_time("its evidence was not read", reading).await?
    }

    async fn read_ledger(&self, source: &SourceName) -> Result<Ledger, Refusal> {
        let known = self.ledgers.get(source);
        let known = known.expect("invariant: every source of a configuration has a ledger");
        let mut known = known.lock().await;
        if let Some(evidence) = &self.evidence {
            if self.is_adopted() {
                self.is_mounted().await?;
            }
            match known.refresh(&**evidence).await {
                // The place is not made yet, as far as this program saw.
                Err(LedgerError::Unmarked { .. }) if !self.is_adopted() => {}
                refreshed => refreshed?,
            }
            if known.strands().any(|it| it.report().head.is_some()) {
                self.adopted.store(true, Ordering::Relaxed);
            }
        }
        Ok(known.clone())
    }

    /// Awaits an answer of the store of the records, for as long as a survey may take. A store that
    /// hangs, as a directory of a server that is away does, must not hold up a verification for
    /// ever.
    pub(crate) async fn in_time<T>(
        &self,
        not_done: &str,
        asking: impl Future<Output = T>,
    ) -> Result<T, Refusal> {
        let deadline = self.config.survey_deadline();
        timeout(deadline, asking).await.map_err(|_| {
            let seconds = deadline.as_secs();
            Refusal::unknown(format!(
                "{not_done} within {seconds} s\n\
                 hint: Look at the store of the evidence, or make exporter.refresh longer: \
                 this limit is twice as long."
            ))
        })
    }
}
