//! Metrics of a source: its promises, its snapshots, and its concerns.

use std::collections::BTreeMap;

use catalog::{
    assess::{Assessment, Holdings, Promises},
    config::Source,
    model::{SnapshotState, Unread},
};
use jiff::Timestamp;
use settings::Duration;

use super::{Families, OfSource, flag, number, seconds};
use crate::{metrics::Metric, state::SourceState};

pub(super) fn put<'s>(
    families: &mut Families<'s>,
    source: &'s Source,
    known: &SourceState,
    judged: &Assessment<'_>,
) {
    let mut of = OfSource {
        families,
        source: source.name.as_str(),
        engine: source.format.engine().as_str(),
    };
    let owner = source.owner.as_deref().unwrap_or_default();
    of.put(
        Metric::SourceInfo,
        &[source.repository.as_str(), owner],
        1.0,
    );
    for name in &source.formerly {
        of.put(Metric::SourceFormerly, &[name.as_str()], 1.0);
    }
    promises(&mut of, judged.promises, source.verify.is_some());
    of.put_known(
        Metric::SourceSurveyTimestamp,
        known.surveyed_at.map(seconds),
    );
    for (why, heads) in known.unread.iter().flat_map(counted) {
        of.put(Metric::SourceUnreadHeads, &[why.as_label()], number(heads));
    }
    if let Some(holdings) = &judged.holdings {
        snapshots(&mut of, holdings);
        series(&mut of, holdings);
    }
    concerns(&mut of, judged);
    of.put_known(Metric::DataTimestamp, data_at(judged).map(seconds));
}

/// Number of unread heads for every reason, also where it is 0.
fn counted(unread: &BTreeMap<Unread, u64>) -> impl Iterator<Item = (Unread, u64)> {
    let heads = |why| unread.get(&why).copied().unwrap_or_default();
    Unread::ALL.into_iter().map(move |why| (why, heads(why)))
}

fn promises(of: &mut OfSource<'_, '_>, promises: &Promises, proof_expected: bool) {
    let retention = promises.retention.iter().map(|tier| tier.keep).max();
    for (objective, promised) in [
        ("recovery_point", promises.recovery_point),
        ("alert_after", promises.alert_after),
        ("gap", promises.gap),
        ("recovery_time", promises.recovery_time),
        ("retention", retention),
        (
            "verification",
            proof_expected.then_some(promises.verification),
        ),
    ] {
        if let Some(promised) = promised {
            of.put(
                Metric::ObjectiveSeconds,
                &[objective],
                promised.as_secs_f64(),
            );
        }
    }
    if let Some(bytes) = promises.minimum_size {
        of.put(Metric::ObjectiveBytes, &["minimum_size"], number(bytes));
    }
}

fn snapshots(of: &mut OfSource<'_, '_>, holdings: &Holdings<'_>) {
    for state in SnapshotState::ALL {
        let lying = holdings.count(state);
        of.put(Metric::Snapshots, &[state.as_label()], number(lying as u64));
    }
    let statuses = SnapshotState::ALL.map(SnapshotState::as_label);
    let latest = holdings
        .latest
        .map_or("missing", |latest| latest.state.as_label());
    of.put_set(
        Metric::LastStatus,
        statuses.into_iter().chain(["missing"]),
        Some(latest),
    );
    if let Some(newest) = holdings.newest {
        of.put(Metric::LastTimestamp, &[], seconds(newest.taken_at));
        of.put(Metric::LastCompletion, &[], seconds(newest.completed_at));
        of.put(Metric::LastSize, &[], number(newest.size_bytes()));
    }
    of.put_known(Metric::Age, holdings.age.map(Duration::as_secs_f64));
}

fn series(of: &mut OfSource<'_, '_>, holdings: &Holdings<'_>) {
    let count = |count: usize| number(count as u64);
    of.put_known(Metric::TypicalSize, holdings.typical_size.map(number));
    of.put_known(
        Metric::OldestTimestamp,
        holdings.oldest.map(|it| seconds(it.taken_at)),
    );
    of.put_known(Metric::Gaps, holdings.gaps.map(count));
    of.put_known(
        Metric::LongestGap,
        holdings.longest_gap.map(Duration::as_secs_f64),
    );
    of.put_known(Metric::MissedRuns, holdings.missed_runs.map(count));
    of.put_known(Metric::NextExpected, holdings.next_expected.map(seconds));
}

fn concerns(of: &mut OfSource<'_, '_>, judged: &Assessment<'_>) {
    for (concern, stands) in &judged.concerns {
        if let Some(stands) = stands {
            let (witness, severity) = (concern.witness(), concern.severity);
            let labels = [concern.name, witness.as_label(), severity.as_label()];
            of.put(Metric::Concern, &labels, flag(*stands));
        }
    }
    of.put_known(Metric::Recoverable, judged.recoverable.map(flag));
}

/// Newest change inside the newest complete snapshot, by its own bytes; if they do not tell, inside
/// the newest snapshot that was judged.
fn data_at(judged: &Assessment<'_>) -> Option<Timestamp> {
    let newest = judged
        .holdings
        .as_ref()
        .and_then(|holdings| holdings.newest);
    let written = newest.and_then(|newest| newest.facts.data_at);
    written.or_else(|| judged.proof.as_ref()?.newest?.data_at)
}
