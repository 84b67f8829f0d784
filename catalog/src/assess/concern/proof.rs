//! Conditions that ask the verifier's records.

use settings::Duration;

use super::super::{Facts, Holdings, Proof, proof::is_young};
use crate::{
    assess::deadline_of,
    format::{Meaning, meaning},
    ledger::{Loss, Outcome, Verdict},
    model::Snapshot,
};

/// Time that a verification may wait for its turn before it is overdue (alerting: deadline + 1 h).
const QUEUE: Duration = Duration::from_hours(1);

/// Stands once a complete snapshot is older than a proof may be. If snapshots are not kept that
/// long, it stands once the oldest is about to go unverified.
pub(super) fn never_verified(
    proof: &Proof<'_>,
    holdings: &Holdings<'_>,
    facts: &Facts<'_>,
) -> bool {
    let is_proven = proof.proofs.proven_at.is_some();
    let Some(oldest) = holdings.oldest_whole.filter(|_| !is_proven) else {
        return false;
    };
    let gap = facts.longest_gap();
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
    let proven_at = proof.proofs.proven_at;
    proven_at.is_some_and(|proven_at| !is_young(proven_at, facts))
}

/// Stands until the object or a later recovery point is verified or accepted; see
/// [`Proofs::failed`].
///
/// [`Proofs::failed`]: crate::ledger::Proofs::failed
pub(super) fn verification_failed(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    proof.proofs.failed().is_some()
}

pub(super) fn verification_inconclusive(
    proof: &Proof<'_>,
    _: &Holdings<'_>,
    facts: &Facts<'_>,
) -> bool {
    let after = facts.verifying().inconclusive_after;
    let promised = facts.promises.verification.as_std();
    proof.proofs.row.is_told(after, promised, facts.now)
}

/// Stands if a verification was due, and deadline and an hour have passed without any record. Due
/// is a slot of `verify.schedule`, or a new snapshot where each is.
///
/// The records tell, so the concern works where the verifier has nothing to scrape. If the verified
/// snapshot was touched or is gone, the time runs from the survey that saw this.
pub(super) fn verification_overdue(
    proof: &Proof<'_>,
    holdings: &Holdings<'_>,
    facts: &Facts<'_>,
) -> bool {
    let (verifying, proofs) = (facts.verifying(), proof.proofs);
    let last_run = proofs.last_run.unwrap_or(facts.subject.watched_since);
    let due = proofs
        .untried_since
        .and_then(|untried| verifying.due_since(untried, last_run))
        .map(|due| facts.subject.untried_seen.map_or(due, |seen| due.max(seen)));
    let size_bytes = holdings.newest_whole.map_or(0, Snapshot::lineage_bytes);
    let deadline = deadline_of(verifying.deadline, size_bytes);
    let allowed = Duration::from(deadline).saturating_add(QUEUE);
    due.is_some_and(|due| Duration::between(due, facts.now) > allowed)
}

/// Stands if two whole surveys in a row saw no verified snapshot any more, not even as an older
/// version, and the last verified one did not leave by age:
///
/// | how it left | retention configured | stands |
/// |---|---|---|
/// | overwritten under a name that has a time | whichever | yes |
/// | overwritten under another name | whichever | no: that is how such a source works |
/// | removed | yes | if it was younger than the first tier keeps |
/// | removed | no | if an older complete snapshot still lies there |
pub(super) fn proof_vanished(proof: &Proof<'_>, _: &Holdings<'_>, facts: &Facts<'_>) -> bool {
    let Some(since) = facts.subject.unproven_since else {
        return false;
    };
    let keep = facts.promises.retention.first().map(|tier| tier.keep);
    proof.proofs.lost().is_some_and(|lost| {
        let age = Duration::between(lost.run().snapshot.taken_at, since);
        match (lost.how(), keep) {
            (Loss::Overwritten, _) => facts.verifying().names_have_time,
            (_, Some(keep)) => age < keep,
            (Loss::BeforeOlder, None) => true,
            (Loss::WithOlder, None) => false,
        }
    })
}

/// Stands if a record is from the future: the writer's clock was wrong then, or ours is wrong now.
pub(super) fn proof_from_the_future(
    proof: &Proof<'_>,
    _: &Holdings<'_>,
    facts: &Facts<'_>,
) -> bool {
    proof.ledger.is_from_the_future(facts.now)
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

/// Stands if a count differs from what the snapshot, its writer or its manifest says.
pub(super) fn counts_disagree(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    const COUNTS: [Meaning; 3] = [Meaning::Identity, Meaning::Announced, Meaning::Manifest];
    finding(proof, &COUNTS)
}

pub(super) fn canary_stale(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    finding(proof, &[Meaning::Canary])
}

pub(super) fn rehearsal_failed(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    let rehearsals = proof.newest.map_or(&[][..], |newest| &newest.rehearsals);
    rehearsals
        .iter()
        .any(|rehearsal| rehearsal.verdict == Verdict::Failed)
}

pub(super) fn evidence_broken(proof: &Proof<'_>, _: &Holdings<'_>, _: &Facts<'_>) -> bool {
    proof.ledger.first_break().is_some()
}

/// True if the newest record has a finding of one of these meanings that failed or is a warning.
fn finding(proof: &Proof<'_>, meanings: &[Meaning]) -> bool {
    let findings = proof.newest.map_or(&[][..], |newest| &newest.findings);
    findings
        .iter()
        .filter(|it| matches!(it.outcome, Outcome::Failed | Outcome::Warning))
        .filter_map(|it| meaning(&it.check))
        .any(|it| meanings.contains(&it))
}
