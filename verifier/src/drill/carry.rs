//! One drill from its choice of snapshots to its report.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use catalog::{
    config::Drill,
    drill::{DrillReport, DrillTrigger},
    ledger::ReservedPath,
    model::SourceName,
};
use futures::{StreamExt as _, stream::FuturesUnordered};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::{
    assemble::{Circumstances, DrillTimes, assemble},
    choose::{assigned, choose},
    keep::keep,
    order::ready,
    part::{Attempted, Choice, DrillPart},
    places::DrillPlaces,
};
use crate::{
    carry_out::{ChosenSnapshot, NotBegun},
    console::Refusal,
    identity,
    report::worded,
    runtime::RunId,
    supervise::{Context, OnProgress, Progress},
    world::World,
};

/// Most attempts at one source: an inconclusive one is repeated once.
const ATTEMPTS_MAX: usize = 2;

/// Pause before a source is attempted again that another verifier has: nothing tells when it ends.
const BUSY_PAUSE: Duration = Duration::from_mins(1);

/// How long a drill waits for another verifier: the deadline of 200 GB and more.
const BUSY_MAX: Duration = Duration::from_hours(4);

/// What is asked for.
#[derive(Clone)]
pub(crate) struct DrillOrder<'a> {
    /// The drill, of the configuration of the world.
    pub(crate) drill: &'a Drill,
    /// What made it begin.
    pub(crate) trigger: DrillTrigger,
    /// With a time, the last verified snapshots before it are restored; else the newest ones.
    pub(crate) before: Option<Timestamp>,
    /// Makes the attempts. While others have all the places the clock of the drill stands still.
    pub(crate) places: &'a dyn DrillPlaces,
    /// Is told of each source how it goes; never blocks.
    pub(crate) watch: DrillWatch,
}

impl fmt::Debug for DrillOrder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DrillOrder")
            .field("drill", &self.drill)
            .finish_non_exhaustive()
    }
}

/// Takes how a source of a drill goes; never blocks.
pub(crate) type DrillWatch = Arc<dyn Fn(&SourceName, DrillStep<'_>) + Send + Sync>;

/// How a source of a drill goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DrillStep<'a> {
    /// A step of its verification.
    Progress(Progress),
    /// What it came to, or why it is repeated: a sentence without a stop.
    Told(&'a str),
}

/// What became of a drill.
#[derive(Debug)]
pub(crate) struct DrillEnd {
    /// The report.
    pub(crate) report: DrillReport,
    /// Path of the report at the place of the records; `None` if it could not be written.
    pub(crate) path: Option<ReservedPath>,
    /// What could not be written, for people.
    pub(crate) problem: Option<String>,
}

/// Restores the sources of a drill in their order, writes their records and then the report. A
/// source begins when all before it have a verdict, whatever it is. Errs if nothing could begin.
///
/// Ended by the token of `context`: what runs is then inconclusive, nothing more begins, and the
/// report says so.
pub(crate) async fn carry_out_drill(
    world: &Arc<World>,
    context: &Context,
    order: &DrillOrder<'_>,
) -> Result<DrillEnd, Refusal> {
    world.may_write().await?;
    let (began_at, clock) = (context.clock.now(), Instant::now());
    let mut chosen = choose(world, order.drill, order.before).await?;
    let exercise = Exercise {
        world,
        context,
        order,
        clock,
    };
    let (mut begun, mut judged) = (BTreeSet::new(), BTreeSet::new());
    let mut parts = BTreeMap::new();
    let mut running = FuturesUnordered::new();
    loop {
        for source in ready(order.drill, &begun, &judged) {
            if let Some(choice) = chosen.remove(&source) {
                running.push(exercise.part(source.clone(), choice));
            }
            begun.insert(source);
        }
        let Some((source, part)) = running.next().await else {
            break;
        };
        judged.insert(source.clone());
        parts.insert(source, part);
    }
    drop(running);
    let of = Circumstances {
        drill: order.drill,
        config: &world.config,
        trigger: order.trigger,
        before: order.before,
        times: DrillTimes {
            began_at,
            ended_at: context.clock.now(),
            took: clock.elapsed(),
        },
        by: &context.by,
        tool: &context.tool,
    };
    let report = assemble(&of, &parts);
    let (path, problem) = match keep(world, &report).await {
        Ok((path, problem)) => (Some(path), problem),
        Err(refusal) => (None, Some(refusal.message)),
    };
    Ok(DrillEnd {
        report,
        path,
        problem,
    })
}

/// A drill under way.
struct Exercise<'a> {
    world: &'a Arc<World>,
    context: &'a Context,
    order: &'a DrillOrder<'a>,
    /// When the drill began.
    clock: Instant,
}

impl Exercise<'_> {
    /// One source, from being ready to its verdict.
    async fn part(
        &self,
        source: SourceName,
        choice: Result<Choice, String>,
    ) -> (SourceName, DrillPart) {
        let chosen = choice.as_ref().ok().and_then(|known| {
            let configured = self.world.config.source(source.as_str())?;
            Some(assigned(configured, known, self.order.before))
        });
        let mut part = DrillPart::new(choice);
        if let Some(chosen) = chosen {
            self.attempts(&mut part, &source, chosen).await;
        }
        (source, part)
    }

    /// Attempts one source: again while another verifier has it, and once more if the attempt may
    /// have missed by chance.
    async fn attempts(
        &self,
        part: &mut DrillPart,
        source: &SourceName,
        mut chosen: ChosenSnapshot,
    ) {
        let tell = |sentence: &str| (self.order.watch)(source, DrillStep::Told(sentence));
        let mut patience = BUSY_MAX;
        loop {
            let ready = self.clock.elapsed();
            let (watch, of) = (Arc::clone(&self.order.watch), source.clone());
            let on_progress: OnProgress =
                Arc::new(move |progress| watch(&of, DrillStep::Progress(progress)));
            let placing = self.order.places.attempt(chosen.clone(), on_progress);
            let Some(placed) = placing.await else {
                part.waited.push((ready, self.clock.elapsed()));
                return;
            };
            if let Err(NotBegun::Busy { holder, .. }) = &placed.carried
                && patience > Duration::ZERO
            {
                tell(&format!("waits for another verifier: {holder}"));
                patience = patience.saturating_sub(BUSY_PAUSE);
                let pause = sleep(BUSY_PAUSE);
                let is_over = self.context.cancelled.run_until_cancelled(pause).await;
                part.waited.push((ready, self.clock.elapsed()));
                if is_over.is_none() {
                    return;
                }
                continue;
            }
            let began = placed.began.saturating_duration_since(self.clock);
            part.waited.push((ready, began));
            part.ran.push((began, self.clock.elapsed()));
            part.began_at.get_or_insert(placed.began_at);
            part.ended_at = Some(self.context.clock.now());
            let last = Attempted::of(placed.carried);
            let again = last.is_worth_another()
                && part.attempts.len() + 1 < ATTEMPTS_MAX
                && !self.context.cancelled.is_cancelled();
            let told = worded(last.verdict(), last.reason());
            let more = if again { ": it is repeated once" } else { "" };
            tell(&format!("{told}{more}"));
            if let Some(problem) = &last.problem {
                tell(problem);
            }
            part.attempts.push(last);
            if !again {
                return;
            }
            // Another attempt is another run.
            chosen.run = RunId(identity::new_id());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_can_be_a_task_of_its_own() {
        fn is_task(_: impl Future<Output = Result<DrillEnd, Refusal>> + Send) {}
        let _ = |world: &Arc<World>, context: &Context, order: &DrillOrder<'_>| {
            is_task(carry_out_drill(world, context, order));
        };
    }
}
