//! How records are written and pruned.

use catalog::{
    ledger::{self, Appended, Draft, Pruned, Verification},
    model::SourceName,
};
use tracing::{info, warn};

use super::World;
use crate::{
    console::Refusal,
    lease::{HeldLease, Renewal, Scope, Taken},
    report::{Report, WrittenRecord},
    runtime::RunId,
};

impl World {
    /// Appends a record to the ledger of a source; errs if the store takes longer than a survey
    /// may.
    pub(crate) async fn append(
        &self,
        source: &SourceName,
        draft: Draft,
    ) -> Result<Appended, Refusal> {
        let appending = ledger::append(&**self.evidence()?, source, draft);
        let appended = self.in_time("its record was not written", appending);
        Ok(appended.await??)
    }

    /// Appends the record of a verification; if that fails, returns also what to tell.
    pub(crate) async fn write_down(&self, verification: Verification) -> (Report, Option<String>) {
        let source = verification.source.clone();
        let draft = Draft::Verification(Box::new(verification.clone()));
        let (written, problem) = match self.append(&source, draft).await {
            Ok(appended) => {
                let written = WrittenRecord {
                    sequence: appended.record.sequence,
                    digest: appended.record.digest.to_string(),
                    text: appended.text,
                };
                (Some(written), None)
            }
            Err(refusal) => (None, Some(refusal.message)),
        };
        let report = Report {
            verification,
            written,
        };
        (report, problem)
    }

    /// Writes the record that a verifier left unwritten when it died, unless it was written before.
    /// A failure is logged: it changes nothing of what is verified now.
    pub(crate) async fn write_interrupted(&self, left: Verification) {
        let source = left.source.clone();
        let writing = async {
            let ledger = self.ledger(&source).await?;
            if ledger.verifications().any(|it| it.id == left.id) {
                return Ok(());
            }
            warn!(%source, run = left.id, by = %left.by, "a verification ended without a trace");
            let left = Verification {
                ended_at: self.clock.now().max(left.began_at),
                ..left
            };
            let draft = Draft::Verification(Box::new(left));
            self.append(&source, draft).await.map(drop)
        };
        if let Err(refusal) = writing.await {
            let why = refusal.message;
            warn!(%source, "no record says that a verification was interrupted: {why}");
        }
    }

    /// Takes a lease, as [`Leases::take`](crate::lease::Leases::take); errs also if the place of
    /// the evidence takes longer than a survey may.
    pub(crate) async fn take_lease(
        &self,
        scope: &Scope,
        run: &RunId,
        interrupted: Option<&Verification>,
    ) -> Result<Taken, Refusal> {
        let leases = self.leases()?;
        let taking = leases.take(scope, run, interrupted);
        Ok(self.in_time("its lease was not read", taking).await??)
    }

    /// Says why the record of a verification must not be written, if its lease is lost. Where the
    /// lease cannot be looked at, writing tells what is wrong.
    pub(crate) async fn look_after(&self, lease: &HeldLease) -> Option<String> {
        let looked = self.in_time("its lease was not read", lease.look()).await;
        let lost = matches!(looked, Ok(Renewal::Lost));
        lost.then(|| {
            "no record is written: another verifier took this source over, for the lease was \
             not renewed in time\n\
             hint: Look whether this machine stood still, or its clock; the other verifier \
             writes the record."
                .into()
        })
    }

    /// Gives a lease back, so that nobody waits for its end.
    pub(crate) async fn give_back(&self, lease: HeldLease) {
        let _ = self
            .in_time("its lease was not given back", lease.end())
            .await;
    }

    /// Removes records that `evidence.retention` no longer keeps. A failure is logged, and pruning
    /// is tried again the next time: it changes nothing of what was proven.
    pub(crate) async fn prune(&self, source: &SourceName) {
        let Some(keep) = self.config.evidence.as_ref().and_then(|it| it.retention) else {
            return;
        };
        let pruned = async {
            let ledger = self.ledger(source).await?;
            let pruned = ledger::prune(&**self.evidence()?, &ledger, keep, self.clock.now());
            Ok::<_, Refusal>(pruned.await?)
        };
        let pruned = self.in_time("it was not pruned", pruned).await;
        match pruned.flatten() {
            Ok(Pruned::Removed(0)) => {}
            Ok(Pruned::Removed(records)) => info!(%source, records, "old evidence was pruned"),
            Ok(Pruned::Broken(first_break)) => {
                warn!(%source, "its evidence is not pruned, for it is broken: {first_break}");
            }
            Err(refusal) => warn!(%source, "old evidence stays: {}", refusal.message),
        }
    }
}
