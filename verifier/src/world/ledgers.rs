//! The evidence of a configuration: whether it is there, and what it holds.

use std::sync::{Arc, atomic::Ordering};

use catalog::{
    ledger::{self, Ledger, LedgerError, MARKER, RecordWriter},
    model::SourceName,
};
use tokio::time::timeout;
use toolkit::problem::render;

use super::World;
use crate::console::{Console, Refusal};

/// Said of a place without a marker and without records: new, or not mounted.
pub(crate) fn unmounted(place: &str) -> String {
    format!(
        "no records yet: {place} has no marker `{MARKER}`; if records were written there before, \
         it is not mounted\n\
         hint: Mount it; at a new place the first `backup-verifier verify` makes the marker."
    )
}

impl World {
    /// Where records are written, or what to configure.
    pub fn evidence(&self) -> Result<&Arc<dyn RecordWriter>, Refusal> {
        self.evidence.as_ref().ok_or_else(|| {
            Refusal::usage(
                "no evidence is configured\n\
                 hint: Add evidence: { repository: { directory: … } } to the configuration.",
            )
        })
    }

    /// What must hold before anything is verified or written: evidence lies at its place, or begins
    /// there, and no clock is far from that of its store.
    pub(crate) async fn may_write(&self) -> Result<(), Refusal> {
        let evidence = self.evidence()?;
        let sources = self.all_sources();
        let adopting = async {
            self.make_root().await;
            ledger::adopt(&**evidence, &sources, self.is_adopted()).await
        };
        let adopted = self.in_time("its evidence was not found", adopting).await?;
        adopted.map_err(|error| Refusal::unknown(render(&error, None)))?;
        self.adopted.store(true, Ordering::Relaxed);
        if !self.compares_clocks {
            return Ok(());
        }
        let before = self.clock.now();
        let asking = self.in_time("the clock of its evidence was not read", evidence.time());
        // What fails here is told when the record is written, and a verdict is worth having.
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

    /// Makes the directory of the evidence at its first use, but no parent of it: what lacks may be
    /// a volume that is not mounted, and that must not look like an empty ledger.
    async fn make_root(&self) {
        let evidence = self.config.evidence.as_ref();
        let root = evidence.and_then(|it| it.location.directory());
        if let Some(root) = root.filter(|_| !self.is_adopted()) {
            // What fails here is said by the first read.
            let _ = tokio::fs::create_dir(root).await;
        }
    }

    /// Refuses a place where evidence never was, or is not now: for commands that are about the
    /// evidence itself.
    pub(crate) async fn is_mounted(&self) -> Result<(), Refusal> {
        let evidence = &**self.evidence()?;
        let mounted = ledger::is_mounted(evidence, &self.all_sources()).await;
        mounted.map_err(|error| Refusal::unknown(render(&error, None)))
    }

    /// Warns of such a place, for commands that tell of snapshots what the records say; each asks
    /// once. Whether there may be records, which without configured evidence there never are.
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
            Err(error) => Err(Refusal::unknown(render(&error, None))),
        }
    }

    fn all_sources(&self) -> Vec<SourceName> {
        self.ledgers.keys().cloned().collect()
    }

    /// Whether evidence was once found at its place.
    pub(crate) fn is_adopted(&self) -> bool {
        self.adopted.load(Ordering::Relaxed)
    }

    /// The same place as of a world before: what was known of it goes on.
    pub(crate) fn goes_on_from(&self, before: &Self) {
        self.adopted.store(before.is_adopted(), Ordering::Relaxed);
    }

    /// The ledger of a source; an unreadable one is an error, an absent one is empty.
    ///
    /// # Panics
    /// If the source is of another configuration.
    pub async fn ledger(&self, source: &SourceName) -> Result<Ledger, Refusal> {
        let known = self.ledgers.get(source);
        let known = known.expect("invariant: every source of a configuration has a ledger");
        let mut known = known.lock().await;
        if let Some(evidence) = &self.evidence {
            if self.is_adopted() {
                self.is_mounted().await?;
            }
            match known.refresh(&**evidence).await {
                // Not made yet, as far as this program saw.
                Err(LedgerError::Unmarked { .. }) if !self.is_adopted() => {}
                refreshed => {
                    refreshed.map_err(|error| Refusal::unknown(render(&error, None)))?;
                }
            }
            if known.report().head.is_some() {
                self.adopted.store(true, Ordering::Relaxed);
            }
        }
        Ok(known.clone())
    }

    /// The same, as long as a survey may take and no longer.
    pub(crate) async fn ledger_in_time(&self, source: &SourceName) -> Result<Ledger, Refusal> {
        let reading = self.ledger(source);
        self.in_time("its evidence was not read", reading).await?
    }

    /// What asks the evidence, for as long as a survey may take: one that hangs, as a directory of
    /// a server that is away does, must not hold up a verification for ever.
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
                 hint: Look at the store of the evidence, or make exporter.refresh longer, of \
                 which that is twice."
            ))
        })
    }
}
