//! What was proven: the evidence records of a source in figures.

use std::time;

use jiff::Timestamp;
use settings::Duration;

use super::{Facts, Holdings};
use crate::evidence::{ChainReport, Ledger, Verdict, Verification};

/// What the ledger says of a source that was surveyed.
#[derive(Debug, Clone)]
pub struct Proof<'a> {
    /// Every record.
    pub ledger: &'a Ledger,
    /// Whether the chain is intact.
    pub chain: ChainReport,
    /// The record with the newest recovery point.
    pub newest: Option<&'a Verification>,
    /// The verified record with the newest recovery point: what could really be had back.
    pub verified: Option<&'a Verification>,
    /// When a snapshot was last verified.
    pub proven_at: Option<Timestamp>,
    /// Measured when the newest verified snapshot was restored.
    pub recovery_time: Option<time::Duration>,
    /// Expected for the newest complete snapshot.
    pub forecast: Option<time::Duration>,
}

impl<'a> Proof<'a> {
    pub(super) fn new(ledger: &'a Ledger, holdings: &Holdings<'_>) -> Self {
        let verified = ledger
            .verifications()
            .filter(|it| it.verdict == Verdict::Verified);
        Self {
            ledger,
            chain: ledger.report(),
            newest: ledger.newest(),
            verified: ledger.newest_verified(),
            proven_at: verified.map(|it| it.ended_at).max(),
            recovery_time: ledger.recovery_time(),
            forecast: holdings
                .newest
                .and_then(|it| ledger.forecast(it.chain_bytes())),
        }
    }

    /// Verified within the objective.
    pub(super) fn is_current(&self, facts: &Facts<'_>) -> bool {
        self.proven_at
            .is_some_and(|at| Duration::between(at, facts.now) <= facts.promises.verification)
    }
}
