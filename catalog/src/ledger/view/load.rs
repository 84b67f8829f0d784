//! Reading a ledger from the place of its records, whole or only what is new.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};

use super::{Ledger, Strand};
use crate::{
    ledger::{Break, BrokenBy, LedgerError, RecordReader, chain::digest_to_follow, sequences},
    model::SourceName,
};

/// Most records that are read at once: each may have 1 MiB.
const READS_MAX: usize = 8;

impl Ledger {
    /// Reads and checks every record of a source without former names; errs where the store does.
    pub async fn load(
        records: &dyn RecordReader,
        source: &SourceName,
    ) -> Result<Self, LedgerError> {
        let mut ledger = Self::new(source.clone());
        ledger.refresh(records).await?;
        Ok(ledger)
    }

    /// Reads the newest known records again, and what was appended since; on an error the ledger is
    /// unchanged.
    ///
    /// If the newest known record of a chain is gone or another one, all of the chain is read
    /// again. Unless that record was pruned, the chain stays broken there until it is repaired or
    /// this ledger is dropped: only who remembers the head can tell.
    pub async fn refresh(&mut self, records: &dyn RecordReader) -> Result<(), LedgerError> {
        let mut former = Vec::new();
        for strand in &self.former {
            let next = strand.refreshed(records).await?;
            former.push(next.map_or_else(|| Arc::clone(strand), Arc::new));
        }
        if let Some(next) = self.own.refreshed(records).await? {
            self.own = Arc::new(next);
        }
        self.former = former;
        self.sort();
        Ok(())
    }
}

impl Strand {
    /// The strand as its records are now; `None` if nothing changed.
    async fn refreshed(&self, records: &dyn RecordReader) -> Result<Option<Self>, LedgerError> {
        let name = self.name().clone();
        if let Some(head) = self.report().head {
            let found = raw(records, &name, head.sequence).await?;
            let is_same = matches!(&found, Some(Ok(text)) if self.checker.is_head(text));
            if !is_same {
                let digest = found.map(|raw| digest_to_follow(as_text(&raw)));
                if digest.as_ref() != Some(&head.digest) {
                    return self.anew(records, head.sequence, digest).await.map(Some);
                }
            }
        }
        self.read_on(records).await
    }

    /// Reads everything once more, because record `known` is gone or has the digest `found` now.
    async fn anew(
        &self,
        records: &dyn RecordReader,
        known: u64,
        found: Option<String>,
    ) -> Result<Self, LedgerError> {
        let empty = Self::new(self.name().clone());
        let mut anew = empty.read_on(records).await?.unwrap_or(empty);
        let pruned = found.is_none() && anew.checker.first() > known;
        let rewritten = (!pruned).then_some(Break {
            sequence: known,
            what: BrokenBy::Rewritten,
            found,
        });
        let remembered = self.checker.remembered().iter().cloned();
        for met in remembered.chain(self.report().first_break).chain(rewritten) {
            anew.checker.remember(met);
        }
        Ok(anew)
    }

    /// The strand with every record behind the newest one known; `None` if there is none.
    async fn read_on(&self, records: &dyn RecordReader) -> Result<Option<Self>, LedgerError> {
        let source = self.name().clone();
        let known = self.report().head.map_or(0, |head| head.sequence);
        let mut new = sequences(records, &source, known)
            .map_ok(|sequence| {
                let read = raw(records, &source, sequence);
                async move { Ok((sequence, read.await?)) }
            })
            .try_buffered(READS_MAX)
            .boxed();
        let mut next = None;
        while let Some((sequence, raw)) = new.try_next().await? {
            // Gone between listing and reading: pruned, or the gap is named.
            if let Some(raw) = raw {
                let next = next.get_or_insert_with(|| self.clone());
                next.take(sequence, as_text(&raw));
            }
        }
        Ok(next)
    }
}

/// Reads the text of a record, or why it is no text; `None` if the record is gone.
async fn raw(
    records: &dyn RecordReader,
    source: &SourceName,
    sequence: u64,
) -> Result<Option<Result<String, String>>, LedgerError> {
    match records.read(source, sequence).await {
        Ok(text) => Ok(Some(Ok(text))),
        Err(LedgerError::Unreadable { what, .. }) => Ok(Some(Err(what))),
        Err(LedgerError::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn as_text(raw: &Result<String, String>) -> Result<&str, &str> {
    raw.as_deref().map_err(String::as_str)
}
