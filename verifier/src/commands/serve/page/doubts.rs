//! Doubts that keep a source whose last result is good from being called proven.

use catalog::{
    config::Source,
    ledger::{Lost, Verdict},
};
use jiff::Timestamp;

use crate::{
    plan::{age, promised},
    scheduler::SourceState,
};

/// True if the newest complete snapshot is verified, its proof is young enough and in an intact
/// chain, and all of that is known.
pub(super) fn is_proven(source: &Source, known: &SourceState, now: Timestamp) -> bool {
    let (Some(newest), Some(ledger)) = (&known.newest, &known.ledger) else {
        return false;
    };
    let proof = ledger.until(now).of_object(newest);
    known.seen_at.is_some()
        && warnings(source, known, now).is_empty()
        && proof.is_some_and(|it| it.verdict == Verdict::Verified)
}

/// Sentences about what is wrong with the source, or with what is known of it.
pub(super) fn warnings(source: &Source, known: &SourceState, now: Timestamp) -> Vec<String> {
    let steps = [known.lost.as_ref().map(|lost| lost.step), known.missed];
    let mut steps: Vec<_> = steps.into_iter().flatten().collect();
    steps.dedup();
    let missed = |step: &super::Step| {
        let sentence = step.sentence();
        format!("The last time {sentence}; the log says more.")
    };
    let mut warnings: Vec<_> = steps.iter().map(missed).collect();
    let Some(ledger) = &known.ledger else {
        return warnings;
    };
    if ledger.first_break().is_some() {
        let broken = "Its evidence is broken; backup-verifier evidence check says where.";
        warnings.push(broken.into());
    }
    let promised = promised(source);
    let is_old = |at| age(at, now) > promised.as_std();
    if let Some(proofs) = &known.proofs
        && proofs.lost().is_some_and(Lost::is_shown)
    {
        warnings.push("No snapshot that was verified lies there any more.".into());
    }
    if ledger.is_from_the_future(now) {
        warnings.push("A record is from the future: a clock is wrong.".into());
    }
    let proven_at = ledger.until(now).last(Verdict::Verified);
    if proven_at.is_some_and(|it| is_old(it.ended_at)) {
        let old = format!("Its proof is older than the objective of {promised}.");
        warnings.push(old);
    }
    warnings
}
