//! Reading a ledger from where evidence lies, whole or only what is new.

use super::Ledger;
use crate::{
    evidence::{EvidenceError, EvidenceRead, chain::digest_to_follow},
    model::SourceName,
};

impl Ledger {
    /// Reads and checks every record of a source.
    pub async fn load(
        evidence: &dyn EvidenceRead,
        source: &SourceName,
    ) -> Result<Self, EvidenceError> {
        let mut ledger = Self::new(source.clone());
        ledger.refresh(evidence).await?;
        Ok(ledger)
    }

    /// Reads what was appended since; on an error nothing has changed.
    ///
    /// If the newest record known is gone or another one, everything is read again, and the chain
    /// stays broken there for as long as this ledger lives: only who remembers the head can tell.
    pub async fn refresh(&mut self, evidence: &dyn EvidenceRead) -> Result<(), EvidenceError> {
        let source = self.checker.source().clone();
        let listed = evidence.list(&source).await?;
        let mut next = self.clone();
        if let Some(head) = self.report().head {
            let found = raw(evidence, &source, head.sequence).await?;
            let digest = found.map(|raw| digest_to_follow(as_text(&raw)));
            if digest.as_ref() != Some(&head.digest) {
                next = Self::new(source.clone());
                next.checker.rewritten(head.sequence);
            }
        }
        let known = next.report().head.map_or(0, |head| head.sequence);
        for sequence in listed.into_iter().filter(|&sequence| sequence > known) {
            // Gone: pruned between listing and reading; if it was not pruned, the gap is named.
            if let Some(raw) = raw(evidence, &source, sequence).await? {
                next.take(sequence, as_text(&raw));
            }
        }
        *self = next;
        Ok(())
    }
}

/// The record as it lies there, or why it is no text; `None` if it is gone.
async fn raw(
    evidence: &dyn EvidenceRead,
    source: &SourceName,
    sequence: u64,
) -> Result<Option<Result<String, String>>, EvidenceError> {
    match evidence.read(source, sequence).await {
        Ok(text) => Ok(Some(Ok(text))),
        Err(EvidenceError::Unreadable { what, .. }) => Ok(Some(Err(what))),
        Err(EvidenceError::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn as_text(raw: &Result<String, String>) -> Result<&str, &str> {
    raw.as_deref().map_err(String::as_str)
}
