//! The snapshot of each source of a drill: one survey answers for all.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use catalog::{
    config::{Drill, Source},
    ledger::Trigger,
    model::SourceName,
};
use jiff::Timestamp;

use super::part::{Choice, one_line};
use crate::{
    carry_out::ChosenSnapshot,
    console::Refusal,
    identity,
    runtime::RunId,
    select::Wanted,
    world::{Surveyed, World},
};

/// Chooses a snapshot of each source, or says why there is none: the newest complete one, or with
/// `before` the last verified one before that time. Errs if there is none of any source.
pub(super) async fn choose(
    world: &Arc<World>,
    drill: &Drill,
    before: Option<Timestamp>,
) -> Result<BTreeMap<SourceName, Result<Choice, String>>, Refusal> {
    let sources = drill.sources.iter().map(|it| world.source(it.as_str()));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;
    let surveyed = world.survey(&sources).await;
    let mut chosen = BTreeMap::new();
    for source in sources {
        let choice = choose_one(world, &surveyed, source, before).await;
        chosen.insert(source.name.clone(), choice.map_err(|it| told(&it)));
    }
    if chosen.values().all(Result::is_err) {
        let why = chosen.iter().filter_map(|(source, choice)| {
            let why = choice.as_ref().err()?;
            Some(format!("\n  {source}: {why}"))
        });
        let why: String = why.collect();
        return Err(Refusal::unknown(format!(
            "drill {}: none of its sources has a snapshot to restore{why}",
            drill.name
        )));
    }
    Ok(chosen)
}

async fn choose_one(
    world: &World,
    surveyed: &Surveyed,
    source: &Source,
    before: Option<Timestamp>,
) -> Result<Choice, Refusal> {
    if let Some(problem) = surveyed.problem_of(&source.repository) {
        return Err(Refusal::unknown(format!(
            "repository {}: {problem}",
            source.repository
        )));
    }
    let found = surveyed.found(source)?;
    let snapshot = match before {
        None => surveyed.select_to_verify(source, &Wanted::Newest)?,
        Some(before) => {
            let ledger = world.ledger(&source.name).await?;
            let past = ledger.until(world.clock.now());
            surveyed.select_verified(source, &Wanted::Before(before), Some(past))?
        }
    };
    let newest = found.snapshots.first().filter(|it| it.id != snapshot.id);
    Ok(Choice {
        snapshot: snapshot.clone(),
        newer: newest.map(|it| (it.taken_at, it.state)),
    })
}

/// The message on one line, with what to do.
fn told(refusal: &Refusal) -> String {
    let message = one_line(&refusal.message);
    if message.contains("hint: ") {
        return message;
    }
    format!(
        "{message}; hint: Make a snapshot of it first, or leave it out of the drill; \
         `backup-verifier snapshots` shows what lies there."
    )
}

/// What is handed to one verification of a drill.
pub(super) fn assigned(
    source: &Source,
    choice: &Choice,
    before: Option<Timestamp>,
) -> ChosenSnapshot {
    let wanted = match before {
        None => Wanted::Newest,
        // Should it vanish, no other takes its place: that one might not be verified.
        Some(_) => Wanted::Named(choice.snapshot.id.0.clone()),
    };
    ChosenSnapshot {
        run: RunId(identity::new_id()),
        source: source.clone(),
        snapshot: choice.snapshot.clone(),
        trigger: Trigger::Drill,
        after: None,
        wanted,
        took: Duration::ZERO,
    }
}
