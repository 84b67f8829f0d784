//! Survey health and usage of each repository.

use catalog::{assess::Severity, model::Dropped, storage::Operation};

use super::{Families, flag, length, number, seconds};
use crate::{
    metrics::Metric,
    state::{RepositoryState, State, SurveyOutcome},
};

/// Part of the capacity, in percent, beyond which a repository is of concern: the last tenth is
/// room for the next snapshots.
const CAPACITY_PERCENT: u64 = 90;

/// Severity of every concern of a repository.
const WARNING: &str = Severity::Warning.as_label();

pub(super) fn put<'s>(families: &mut Families<'s>, state: &'s State) {
    for repository in &state.config.repositories {
        let name = repository.name.as_str();
        if let Some(capacity) = repository.capacity_bytes {
            families.put(Metric::StorageCapacity, [name], number(capacity));
        }
        if let Some(known) = state.repositories.get(&repository.name) {
            health(families, name, known);
            usage(families, state, name, known);
            capacity(families, name, known, repository.capacity_bytes);
        }
    }
}

fn health<'s>(families: &mut Families<'s>, name: &'s str, known: &RepositoryState) {
    for operation in Operation::ALL {
        let calls = known
            .requests
            .calls
            .get(&operation)
            .copied()
            .unwrap_or_default();
        families.put(
            Metric::RepositoryRequests,
            [name, operation.as_label()],
            number(calls),
        );
    }
    for ((operation, reason), errors) in &known.requests.errors {
        let labels = [name, operation.as_label(), reason.as_label()];
        families.put(Metric::RepositoryErrors, labels, number(*errors));
    }
    let Some(last) = &known.last else { return };
    let up = last.outcome == SurveyOutcome::Completed;
    families.put(Metric::RepositoryUp, [name], flag(up));
    families.put(Metric::RepositorySurveyDuration, [name], length(last.took));
    families.put(
        Metric::RepositoryConcern,
        [name, "unreachable", WARNING],
        flag(!up),
    );
    if let Some(at) = known.surveyed_at {
        families.put(Metric::RepositorySurveyTimestamp, [name], seconds(at));
        for why in Dropped::ALL {
            let entries = known.dropped.get(&why).copied().unwrap_or_default();
            let labels = [name, why.as_label()];
            families.put(Metric::RepositoryDropped, labels, number(entries));
        }
    }
}

/// Puts the metrics of fullness; absent where no capacity is configured, and before the first
/// survey.
fn capacity<'s>(
    families: &mut Families<'s>,
    name: &'s str,
    known: &RepositoryState,
    holds: Option<u64>,
) {
    if let (Some(holds), Some(_)) = (holds, known.surveyed_at) {
        let stored = known.stored_bytes();
        if let Some(at) = known.full_at {
            families.put(Metric::StorageFull, [name], seconds(at));
        }
        let full = stored > holds / 100 * CAPACITY_PERCENT;
        families.put(
            Metric::RepositoryConcern,
            [name, "capacity", WARNING],
            flag(full),
        );
    }
}

fn usage<'s>(
    families: &mut Families<'s>,
    state: &State,
    name: &'s str,
    known: &'s RepositoryState,
) {
    for usage in &known.usage {
        let source = usage.source.as_ref();
        let configured = source.and_then(|name| state.sources.get(name));
        let labels = [
            source.map_or("", |source| source.as_str()),
            configured.map_or("", |source| source.engine.as_str()),
            name,
            &usage.storage_class,
            usage.state.as_label(),
        ];
        families.put(Metric::StorageBytes, labels, number(usage.bytes));
        families.put(Metric::StorageObjects, labels, number(usage.objects));
    }
}
