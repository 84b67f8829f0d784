//! Conditions that ask the verifier's records.

use settings::Duration;

use super::super::{Cadence, Facts, Holdings, Proof};
use crate::evidence::{Finding, Outcome, Verdict, Verification};

/// Only once a complete snapshot is older than a proof may be; or, where snapshots are not kept
/// that long, once the oldest is about to go unverified.
pub(super) fn never_verified(
    proof: &Proof<'_>,
    holdings: &Holdings<'_>,
    facts: &Facts<'_>,
) -> bool {
    let Some(oldest) = holdings.oldest.filter(|_| proof.proven_at.is_none()) else {
        return false;
    };
    let gap = facts
        .subject
        .cadence
        .map_or(Duration::ZERO, Cadence::longest_gap);
    let kept = facts
        .promises
        .keep()
        .map(|keep| keep.saturating_sub(gap).max(gap));
    let limit = facts
        .promises
        .verification
        .min(kept.unwrap_or(facts.promises.verification));
    Duration::between(oldest.taken_at, facts.now) > limit
}

pub(super) fn verification_stale(proof: &Proof<'_>, _: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    proof.proven_at.is_some() && !proof.is_current(facts)
}

/// Unless a person said that these contents are right.
pub(super) fn verification_failed(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    ended(proof, Verdict::Failed).is_some_and(|newest| !proof.ledger.is_accepted(newest))
}

pub(super) fn verification_inconclusive(
    proof: &Proof<'_>,
    _: &Holdings<'_>,
    _: &Facts<'_>,
) -> bool {
    ended(proof, Verdict::Inconclusive).is_some()
}

pub(super) fn recovery_time_exceeded(
    proof: &Proof<'_>,
    _: &Holdings<'_>,
    facts: &Facts<'_>,
) -> bool {
    let promised = facts.promises.recovery_time;
    proof
        .recovery_time
        .zip(promised)
        .is_some_and(|(took, promised)| took > promised.as_std())
}

pub(super) fn recovery_time_forecast(
    proof: &Proof<'_>,
    _: &Holdings<'_>,
    facts: &Facts<'_>,
) -> bool {
    let promised = facts.promises.recovery_time;
    proof
        .forecast
        .zip(promised)
        .is_some_and(|(takes, promised)| takes > promised.as_std())
}

/// What was counted is not what the snapshot, its writer or its manifest says.
pub(super) fn counts_disagree(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    const COUNTS: [&str; 3] = [".identity", ".announced", ".manifest"];
    finding(proof, |it| {
        COUNTS.iter().any(|count| it.check.ends_with(count))
    })
}

pub(super) fn canary_stale(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    finding(proof, |it| it.check.ends_with(".canary"))
}

pub(super) fn rehearsal_failed(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    let rehearsals = proof.newest.map_or(&[][..], |newest| &newest.rehearsals);
    rehearsals
        .iter()
        .any(|rehearsal| rehearsal.verdict == Verdict::Failed)
}

pub(super) fn evidence_broken(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    proof.chain.first_break.is_some()
}

fn ended<'a>(proof: &Proof<'a>, verdict: Verdict) -> Option<&'a Verification> {
    proof.newest.filter(|newest| newest.verdict == verdict)
}

/// Whether the newest record has such a finding that is not as it should be. Checks that mean the
/// same are named alike by every engine, behind its own name.
fn finding(proof: &Proof<'_>, is_meant: impl Fn(&Finding) -> bool) -> bool {
    let findings = proof.newest.map_or(&[][..], |newest| &newest.findings);
    findings
        .iter()
        .filter(|it| matches!(it.outcome, Outcome::Failed | Outcome::Warning))
        .any(is_meant)
}
