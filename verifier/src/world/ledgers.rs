//! The records of a configuration: whether they are there, and what they hold.

use std::sync::{Arc, atomic::Ordering};

use catalog::{
    config::Source,
    ledger::{
        self, Draft, Ledger, LedgerError, MARKER, Reason, Record, RecordWriter, Verification,
    },
    model::SourceName,
};
use futures::future::join_all;
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
        let adopting = async {
            self.make_root().await;
            ledger::adopt(&**evidence, &self.names, self.is_adopted()).await
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
        let asking = ledger::is_mounted(evidence, &self.names);
        Ok(self.in_time("its evidence was not found", asking).await??)
    }

    /// Warns if no records lie at their place, for commands that tell what records say of
    /// snapshots; each asks once. True if there may be records, which there never are without a
    /// configured place.
    pub(crate) async fn warn_unmounted(&self, console: &mut Console<'_>) -> Result<bool, Refusal> {
        let Some(evidence) = &self.evidence else {
            return Ok(false);
        };
        let asking = ledger::is_mounted(&**evidence, &self.names);
        match self.in_time("its evidence was not found", asking).await? {
            Ok(()) => Ok(true),
            Err(LedgerError::Unmarked { location }) => {
                writeln!(console.err, "warning: {}", unmounted(&location))?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the ledger of a source for a command that is worth something without it, and whether
    /// there may be records.
    ///
    /// | the records | the command needs them | then |
    /// |---|---|---|
    /// | cannot be read | yes | an error |
    /// | cannot be read | no | a warning, and an empty ledger |
    /// | are not at their place | | a warning, and an empty ledger |
    pub(crate) async fn ledger_for(
        &self,
        source: &Source,
        is_needed: bool,
        console: &mut Console<'_>,
    ) -> Result<(bool, Ledger), Refusal> {
        let reading = async {
            let recorded = self.warn_unmounted(console).await?;
            Ok::<_, Refusal>((recorded, self.ledger(&source.name).await?))
        };
        match reading.await {
            Err(refusal) if !is_needed => {
                let (name, why) = (&source.name, &refusal.message);
                writeln!(
                    console.err,
                    "warning: what was proven of {name} is not known: {why}"
                )?;
                Ok((false, source.unread_ledger()))
            }
            read => read,
        }
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

    /// The log of a verification, read from its record: ledgers keep none. `None` if it cannot be
    /// read.
    pub(crate) async fn log_of(&self, ledger: &Ledger, run: &Verification) -> Option<Vec<String>> {
        let of_run = |it: &&Record| it.verification().is_some_and(|it| it.id == run.id);
        let sequence = ledger.records().rev().find(of_run)?.sequence;
        let reading = self.evidence.as_ref()?.read(&run.source, sequence);
        let text = self
            .in_time("its record was not read", reading)
            .await
            .ok()?
            .ok()?;
        match Record::parse(&text).ok()?.draft {
            Draft::Verification(run) => Some(run.log_tail),
            _ => None,
        }
    }

    /// Number of the newest record of a source, as far as its ledger was read.
    pub(crate) async fn newest_number(&self, source: &SourceName) -> u64 {
        match self.ledgers.get(source) {
            Some(known) => known.lock().await.newest_number(),
            None => 0,
        }
    }

    /// True if a verification of the source came to its end behind this record; false also where
    /// the records cannot be read.
    pub(crate) async fn is_verified_since(&self, source: &SourceName, number: u64) -> bool {
        let Ok(ledger) = self.ledger(source).await else {
            return false;
        };
        let newest_first = ledger.own_records().rev();
        let later = newest_first.take_while(|it| it.sequence > number);
        let mut runs = later.filter_map(Record::verification);
        runs.any(|run| run.reason != Some(Reason::Interrupted))
    }

    /// Reads the ledgers of these sources, as [`ledger`](Self::ledger) does each; whether the place
    /// is mounted is asked once.
    ///
    /// # Panics
    /// If a source is of another configuration.
    pub(crate) async fn ledgers(&self, sources: &[&Source]) -> Vec<Result<Ledger, Refusal>> {
        if let Err(refusal) = self.stays_mounted().await {
            return sources.iter().map(|_| Err(refusal.clone())).collect();
        }
        let reading = sources.iter().map(async |source| {
            let reading = self.refreshed(&source.name);
            self.in_time("its evidence was not read", reading).await?
        });
        join_all(reading).await
    }

    /// The ledgers of these sources as far as they were read.
    pub(crate) async fn known_ledgers(&self, sources: &[&Source]) -> Vec<Ledger> {
        let mut known = Vec::new();
        for ledger in sources.iter().filter_map(|it| self.ledgers.get(&it.name)) {
            known.push(ledger.lock().await.clone());
        }
        known
    }

    async fn read_ledger(&self, source: &SourceName) -> Result<Ledger, Refusal> {
        self.stays_mounted().await?;
        self.refreshed(source).await
    }

    /// Errs if records were once found at their place, and are not there now.
    async fn stays_mounted(&self) -> Result<(), Refusal> {
        if self.evidence.is_some() && self.is_adopted() {
            self.is_mounted().await?;
        }
        Ok(())
    }

    async fn refreshed(&self, source: &SourceName) -> Result<Ledger, Refusal> {
        let known = self.ledgers.get(source);
        let known = known.expect("invariant: every source of a configuration has a ledger");
        let mut known = known.lock().await;
        if let Some(evidence) = &self.evidence {
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
