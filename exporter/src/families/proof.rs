//! Metrics of the ledger of a source. Absent where no proof is expected, and before the first
//! survey of the source.

use std::time::Duration;

use catalog::{
    assess::{Assessment, Proof},
    config::Source,
    ledger::{Reason, Stage, Verdict, Verification},
};

use super::{Families, OfSource, flag, length, number, seconds};
use crate::{metrics::Metric, state::SourceState};

pub(super) fn put<'s>(
    families: &mut Families<'s>,
    source: &'s Source,
    known: &SourceState,
    judged: &Assessment<'_>,
) {
    if source.verify.is_none() || known.inventory.is_none() {
        return;
    }
    let engine = source.format.engine();
    let mut of = OfSource {
        families,
        source: source.name.as_str(),
        engine: engine.as_str(),
    };
    of.put_known(Metric::EvidenceUp, known.evidence.up.map(flag));
    let Some(ledger) = &known.evidence.ledger else {
        return;
    };
    let records = ledger.strands().map(|it| it.report().records).sum();
    of.put(Metric::EvidenceRecords, &[], number(records));
    let is_intact = ledger.first_break().is_none();
    of.put(Metric::EvidenceIntact, &[], flag(is_intact));
    let newest = ledger.report().head.map_or(0, |head| head.sequence);
    of.put(Metric::EvidenceSequence, &[], number(newest));
    let Some(proof) = &judged.proof else {
        return;
    };
    ended(&mut of, proof);
    let proven = proof.verified.map(|it| seconds(it.snapshot.taken_at));
    of.put_known(Metric::VerifiedTimestamp, proven);
    if let Some(newest) = proof.newest {
        newest_looked_at(&mut of, newest, source.format.items());
    }
    of.put_known(
        Metric::VerificationRecovery,
        proof.recovery_time.map(length),
    );
    of.put_known(Metric::VerificationForecast, proof.forecast.map(length));
    of.put_known(Metric::ObjectiveBreak, proof.breaks_at.map(seconds));
}

fn ended(of: &mut OfSource<'_, '_>, proof: &Proof<'_>) {
    for verdict in Verdict::ALL {
        if let Some(at) = proof.last_end(verdict) {
            let labels = [verdict.as_label()];
            of.put(Metric::VerificationTimestamp, &labels, seconds(at));
        }
    }
}

fn newest_looked_at(of: &mut OfSource<'_, '_>, newest: &Verification, items: &[&'static str]) {
    let verdicts = Verdict::ALL.map(Verdict::as_label);
    of.put_set(
        Metric::VerificationStatus,
        verdicts,
        Some(newest.verdict.as_label()),
    );
    let reasons = Reason::ALL.iter().map(|reason| reason.as_label());
    of.put_set(
        Metric::VerificationReason,
        reasons,
        newest.reason.map(Reason::as_label),
    );
    // A stage gone through twice is one sample: the sum.
    for stage in Stage::ALL {
        let gone_through = newest.stages.iter().filter(|it| it.stage == stage);
        let milliseconds = gone_through
            .map(|it| it.milliseconds)
            .reduce(u64::saturating_add);
        if let Some(milliseconds) = milliseconds {
            let took = Duration::from_millis(milliseconds);
            of.put(Metric::VerificationStage, &[stage.as_label()], length(took));
        }
    }
    for item in items {
        if let Some(count) = newest.items.get(*item) {
            of.put(Metric::VerificationItems, &[item], number(*count));
        }
    }
}
