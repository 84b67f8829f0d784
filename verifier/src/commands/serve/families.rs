//! From a state to metrics: pure, so that what is absent is simply never put.

use catalog::{assess::deadline_of, ledger::Verdict};
use jiff::Timestamp;
use toolkit::{
    exposition::{self, ExpositionError, flag, length, number, seconds},
    http::DoorState,
};

use crate::{
    metrics::Metric,
    plan::prospect,
    scheduler::{Speaking, State, Step},
};

type Families<'s> = exposition::Families<'s, Metric>;

/// The text at `/metrics`; errs only by a mistake of the program.
pub(super) fn exposition_text(
    state: &State,
    door: Option<DoorState>,
    now: Timestamp,
) -> Result<String, ExpositionError> {
    let mut families = Families::default();
    put_own(&mut families, state);
    put_messages(&mut families, state);
    put_plans(&mut families, state, now);
    if let Some(door) = door {
        families.put(Metric::WebReloadSuccessful, [], flag(door.is_valid));
        families.put(Metric::WebReloadTimestamp, [], seconds(door.loaded_at));
    }
    let mut all = families.finish();
    all.extend(exposition::process());
    exposition::render(all)
}

fn put_own(families: &mut Families<'_>, state: &State) {
    families.put(Metric::BuildInfo, [env!("CARGO_PKG_VERSION")], 1.0);
    families.put(Metric::ReloadSuccessful, [], flag(!state.reload_failed));
    families.put(Metric::ReloadTimestamp, [], seconds(state.loaded_at));
    families.put(Metric::Running, [], number(state.running.len() as u64));
    families.put(Metric::Waiting, [], number(state.waiting.len() as u64));
    for verdict in Verdict::ALL {
        let ended = state.finished.get(&verdict).copied().unwrap_or_default();
        families.put(Metric::Verifications, [verdict.as_label()], number(ended));
    }
    for step in Step::ALL {
        let failed = state.failures.get(&step).copied().unwrap_or_default();
        families.put(Metric::Failures, [step.as_label()], number(failed));
    }
}

fn put_messages<'s>(families: &mut Families<'s>, state: &'s State) {
    if let Some(at) = state.beat_at {
        families.put(Metric::Heartbeat, [], seconds(at));
    }
    if let Some(speaking) = &state.speaking {
        let others = matches!(speaking, Speaking::Others(_));
        families.put(Metric::Speaking, [], flag(!others));
    }
    for (receiver, messages) in &state.undelivered {
        let labels = [receiver.as_str()];
        families.put(Metric::UndeliveredMessages, labels, number(messages.count));
        if let Some(oldest) = messages.oldest {
            families.put(Metric::UndeliveredOldest, labels, seconds(oldest));
        }
    }
}

fn put_plans<'s>(families: &mut Families<'s>, state: &'s State, now: Timestamp) {
    if let Some(at) = state.turned_at {
        families.put(Metric::SchedulerTimestamp, [], seconds(at));
    }
    for (repository, planned) in &state.plans {
        let Some(planned) = planned else { continue };
        let labels = [repository.as_str()];
        families.put(Metric::PlanSuccessful, labels, flag(planned.succeeded));
        families.put(Metric::PlanTimestamp, labels, seconds(planned.at));
    }
    for (source, known) in state.provable() {
        let Some(situation) = known.situation(now) else {
            continue;
        };
        let next = prospect(source, &situation, &state.tool);
        let labels = [source.name.as_str(), source.format.engine().as_str()];
        if let Some(at) = next.at {
            families.put(Metric::NextDue, labels, seconds(at));
        }
        if let (Some(verify), Some(newest)) = (&source.verify, situation.newest) {
            let deadline = deadline_of(verify.deadline, newest.lineage_bytes());
            families.put(Metric::Deadline, labels, length(deadline));
        }
    }
}
