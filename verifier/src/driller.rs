//! The part of `serve` that carries out drills at their slots.
//!
//! Of all verifiers of one evidence only the one that speaks does so. Drills run one after the
//! other; their attempts are verifications of the scheduler like all others, but go first.

mod due;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use catalog::{
    config::Drill,
    drill::{DrillReport, DrillTrigger},
    model::DrillName,
};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::due::Tries;
use crate::{
    carry_out::{ChosenSnapshot, NotBegun},
    console::Refusal,
    drill::{DrillEnd, DrillOrder, DrillPlaces, DrillStep, PlacedAttempt, brief, carry_out_drill},
    notify::drill::DrillNews,
    scheduler::{DrillState, OpenedConfig, Speaking, Verifier},
    supervise::OnProgress,
    world::World,
};

/// Longest pause between two looks: a timer stands still while a machine sleeps, and does not
/// notice a clock that is set.
const LOOK_MAX: Duration = Duration::from_mins(10);

/// Shortest pause between two looks.
const LOOK_MIN: Duration = Duration::from_secs(1);

/// Carries out drills.
#[derive(Debug)]
pub(crate) struct Driller {
    service: Verifier,
    stop: CancellationToken,
    /// Time since when slots of a drill count that was never made.
    since: Timestamp,
    drills: BTreeMap<DrillName, Tries>,
}

impl Driller {
    /// A driller that has looked at nothing yet. It ends after `stop`.
    pub(crate) fn new(service: Verifier, stop: CancellationToken) -> Self {
        let since = service.clock().now();
        Self {
            service,
            stop,
            since,
            drills: BTreeMap::new(),
        }
    }

    /// Carries out drills until stopped; the one under way then ends soon, with its report.
    pub(crate) async fn run(mut self) {
        let mut opened = self.service.opened();
        let mut state = self.service.published().subscribe();
        let stop = self.stop.clone();
        loop {
            let config = Arc::clone(&opened.borrow_and_update());
            let pause = self.turn(&config).await;
            let was = self.speaks();
            let changes = state.wait_for(|it| (it.speaking == Some(Speaking::Ours)) != was);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Ok(()) = opened.changed() => self.drills.values_mut().for_each(Tries::forget),
                Ok(_) = changes => {}
                () = sleep(pause) => {}
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.service.clock().now()
    }

    /// True if drills are for this verifier to make.
    fn speaks(&self) -> bool {
        self.service.published().get().speaking == Some(Speaking::Ours)
    }

    /// Carries out what is due, and returns the time until the next look.
    async fn turn(&mut self, opened: &Arc<OpenedConfig>) -> Duration {
        let speaking = self.service.published().get().speaking.clone();
        match speaking {
            Some(Speaking::Ours) => {}
            None | Some(Speaking::Unknown(_)) => return LOOK_MAX,
            Some(Speaking::Others(_)) => {
                // Whoever makes drills meanwhile knows more: its reports are read when it ends.
                self.drills.clear();
                self.know(|known| *known = DrillState::default());
                return LOOK_MAX;
            }
        }
        let mut pause = LOOK_MAX;
        for drill in &opened.world.config.drills {
            if self.stop.is_cancelled() {
                break;
            }
            let Some(next) = self.one(opened, drill).await else {
                continue;
            };
            let until = Duration::try_from(next.duration_since(self.now()));
            pause = pause.min(until.unwrap_or_default());
        }
        pause.max(LOOK_MIN)
    }

    /// Carries out one drill if it is due; returns the time of its next look.
    async fn one(&mut self, opened: &Arc<OpenedConfig>, drill: &Drill) -> Option<Timestamp> {
        let schedule = drill.schedule.as_ref()?;
        let (since, now) = (self.since, self.now());
        let tries = self.drills.entry(drill.name.clone()).or_default();
        if !tries.may_try(now) {
            return tries.not_before();
        }
        let is_first = !tries.is_read();
        // Another verifier may have made the drill that seems due.
        if (is_first || tries.due(schedule, since, now).is_some())
            && let Err(why) = read(&opened.world, &drill.name, tries).await
        {
            warn!(drill = %drill.name, "its reports were not read: {}", why.message);
            tries.failed(now);
            return tries.not_before();
        }
        if is_first && let Some(news) = last_news(&opened.world, tries, now).await {
            self.know_of(&drill.name, |known| known.news = Some(Arc::new(news)));
        }
        let tries = self.drills.entry(drill.name.clone()).or_default();
        let due = tries.due(schedule, since, now);
        let due_at = tries.due_at(schedule, since, now);
        self.know_of(&drill.name, |known| known.next_at = due_at);
        match due {
            None => due_at,
            Some(slot) => self.carry_out(opened, drill, slot).await,
        }
    }

    /// Carries out one drill; returns the time of its next look.
    async fn carry_out(
        &mut self,
        opened: &Arc<OpenedConfig>,
        drill: &Drill,
        slot: Timestamp,
    ) -> Option<Timestamp> {
        let began_at = self.now();
        info!(drill = %drill.name, %slot, "begins");
        self.know_of(&drill.name, |known| known.running_since = Some(began_at));
        let places = ServedPlaces {
            service: self.service.clone(),
            opened: Arc::clone(opened),
        };
        let name = drill.name.clone();
        let order = DrillOrder {
            drill,
            trigger: DrillTrigger::Schedule,
            before: None,
            places: &places,
            watch: Arc::new(move |source, step| {
                if let DrillStep::Told(sentence) = step {
                    info!(drill = %name, %source, "{sentence}");
                }
            }),
        };
        let ended = carry_out_drill(&opened.world, &opened.context, &order).await;
        let now = self.now();
        let tries = self.drills.entry(drill.name.clone()).or_default();
        let news = match ended {
            Err(refusal) => {
                warn!(drill = %drill.name, "not carried out: {}", refusal.message);
                Some(tries.missed(&drill.name, slot, refusal.message, now))
            }
            Ok(ended) => {
                let outcome = &ended.report.outcome;
                info!(drill = %drill.name, result = outcome.result.as_label(), "ended");
                tries.made(outcome);
                // A drill that was ended with the program is made up for at the next start.
                (!outcome.interrupted).then(|| made(ended))
            }
        };
        let retry_at = tries.not_before();
        let schedule = drill.schedule.as_ref();
        let due_at = schedule.and_then(|it| tries.due_at(it, self.since, now));
        self.know_of(&drill.name, |known| {
            known.running_since = None;
            known.next_at = due_at;
            known.news = news.map(Arc::new).or_else(|| known.news.take());
        });
        retry_at.or(due_at)
    }

    fn know_of(&self, name: &DrillName, change: impl FnOnce(&mut DrillState)) {
        self.service.published().update(|state| {
            if let Some(known) = state.drills.get_mut(name) {
                change(known);
            }
        });
    }

    fn know(&self, change: impl Fn(&mut DrillState)) {
        let published = self.service.published();
        if !published.get().drills.is_empty() {
            published.update(|state| state.drills.values_mut().for_each(change));
        }
    }
}

fn made(ended: DrillEnd) -> DrillNews {
    let DrillEnd {
        report,
        path,
        problem,
    } = ended;
    let path = path.map(|path| path.as_str().to_owned());
    if let Some(problem) = &problem {
        warn!(drill = %report.drill, "{problem}");
    }
    news(report, path.ok_or_else(|| problem.unwrap_or_default()))
}

/// What is told of a drill with this report.
fn news(report: DrillReport, kept: Result<String, String>) -> DrillNews {
    DrillNews::Made {
        brief: brief(&report),
        drill: report.drill,
        outcome: report.outcome,
        kept,
    }
}

/// Reads the reports of a drill.
async fn read(world: &World, drill: &DrillName, tries: &mut Tries) -> Result<(), Refusal> {
    let mut outcomes = tries.outcomes().cloned().unwrap_or_default();
    let reading = outcomes.refresh(&**world.evidence()?, drill);
    world
        .in_time("its reports were not read", reading)
        .await??;
    tries.read(outcomes);
    Ok(())
}

/// The last drill of a verifier before this one, if its schedule asked for it: it may have ended
/// before it told people.
async fn last_news(world: &World, tries: &Tries, now: Timestamp) -> Option<DrillNews> {
    let path = tries
        .outcomes()
        .and_then(|it| it.newest_whole(now))?
        .clone();
    let reading = world.evidence().ok()?.read_reserved(&path);
    let text = world.in_time("the report was not read", reading).await;
    let text = text.ok()?.ok()??;
    let report: DrillReport = serde_json::from_str(&text).ok()?;
    let is_scheduled = report.trigger == DrillTrigger::Schedule;
    is_scheduled.then(|| news(report, Ok(path.as_str().to_owned())))
}

/// The places of a service: those of its scheduler.
#[derive(Debug)]
struct ServedPlaces {
    service: Verifier,
    opened: Arc<OpenedConfig>,
}

#[async_trait]
impl DrillPlaces for ServedPlaces {
    async fn attempt(
        &self,
        chosen: ChosenSnapshot,
        on_progress: OnProgress,
    ) -> Option<PlacedAttempt> {
        let (opened, cancelled) = (Arc::clone(&self.opened), &self.opened.context.cancelled);
        let turn = self.service.attempt(opened, chosen, on_progress).await;
        cancelled.run_until_cancelled(turn.begun).await?.ok()?;
        let (began, began_at) = (Instant::now(), self.service.clock().now());
        let lost = || NotBegun::Refused(Refusal::unknown("it ended unexpectedly"));
        Some(PlacedAttempt {
            began,
            began_at,
            carried: turn.ended.await.unwrap_or_else(|_| Err(lost())),
        })
    }
}

#[cfg(test)]
mod tests;
