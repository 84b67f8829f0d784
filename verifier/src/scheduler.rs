//! The loop of `serve`: looks at sources when they may be due, and verifies what is.
//!
//! Looks and verifications are tasks of their own; the loop itself only decides, so nothing that
//! hangs holds up anything else. It never ends but by the stop.

mod ask;
mod before;
mod drills;
mod failures;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod fixtures;
mod look;
mod opened;
mod run;
mod service;
mod standing;
mod state;
mod turn;

use std::{sync::Arc, time::Duration};

use catalog::{
    ledger::Trigger,
    model::{RepositoryName, SourceName},
};
use jiff::Timestamp;
use tokio::{task::JoinSet, time::timeout};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{error, info};

use self::{
    failures::StandingFailures,
    look::{LookOutcome, MissedLook, Sight, again_at, look},
    run::{Elsewhere, Order, RunEnd, carry_out},
    standing::{Freshness, Standings, Turn, Waiting},
    state::Planning,
};
use crate::{
    carry_out::{ChosenSnapshot, sweep},
    identity,
    plan::prospect,
    runtime::RunId,
    select::Wanted,
};

pub(crate) use ask::AskRefusal;
pub(crate) use drills::DrillState;
pub(crate) use opened::OpenedConfig;
pub(crate) use service::Verifier;
#[cfg(test)]
pub(crate) use state::Tracker;
pub(crate) use state::{
    Far, LiveRun, LostRun, SourceState, Speaking, State, Step, UndeliveredMessages,
};

/// Longest pause between two turns: a timer stands still while a machine sleeps and does not notice
/// a clock that is set, and a scheduler that is stuck is to be seen. A turn in vain costs nothing.
const TURN_MAX: Duration = Duration::from_mins(10);

/// How long a runtime may take to say what killed runs left: bollard's own timeout of a request.
const SWEEP_MAX: Duration = Duration::from_mins(2);

/// How long runs may take to end after the stop: the supervisor allows two minutes and a few graces
/// for the removal of a sandbox; the rest is for a slow store to take the record.
const DRAIN_MAX: Duration = Duration::from_mins(10);

/// Decides what is looked at and what is verified.
#[derive(Debug)]
pub(crate) struct Scheduler {
    service: Verifier,
    stop: CancellationToken,
    opened: Arc<OpenedConfig>,
    turned_at: Timestamp,
    standings: Standings,
    looks: JoinSet<LookOutcome>,
    runs: JoinSet<RunEnd>,
    told: StandingFailures,
}

impl Scheduler {
    pub(crate) fn new(service: Verifier, stop: CancellationToken) -> Self {
        let opened = Arc::clone(&service.opened().borrow());
        let mut scheduler = Self {
            turned_at: Timestamp::MIN,
            service,
            stop,
            opened: Arc::clone(&opened),
            standings: Standings::default(),
            looks: JoinSet::new(),
            runs: JoinSet::new(),
            told: StandingFailures::default(),
        };
        scheduler.take_over(opened);
        scheduler
    }

    /// Runs until stopped. The verifications under way then come to their end, which their own
    /// token makes soon.
    pub(crate) async fn run(mut self) {
        let mut opened = self.service.opened();
        let mut asks = self.service.asks();
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.sweep() => {}
        }
        loop {
            self.turn();
            let pause = self.pause();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Ok(()) = opened.changed() => {
                    let opened = Arc::clone(&opened.borrow_and_update());
                    self.take_over(opened);
                }
                Some(looked) = self.looks.join_next() => {
                    if let Ok(looked) = looked {
                        self.looked(looked);
                    }
                }
                Some(ended) = self.runs.join_next() => self.ended(ended.ok()),
                Some(ask) = asks.recv() => self.asked(ask),
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.looks.abort_all();
        self.drain().await;
    }

    /// Waits for the verifications under way, which their own token told to end. One that is not
    /// done in time hangs, and is aborted.
    async fn drain(&mut self) {
        let draining = async {
            while let Some(ended) = self.runs.join_next().await {
                self.ended(ended.ok());
            }
        };
        if timeout(DRAIN_MAX, draining).await.is_err() {
            let seconds = DRAIN_MAX.as_secs();
            error!("a verification did not end within {seconds} s; the next start sweeps up");
            self.runs.abort_all();
        }
    }

    fn now(&self) -> Timestamp {
        self.service.clock().now()
    }

    /// Sweeps up what killed runs left. A failure is counted, and is no reason not to go on.
    async fn sweep(&mut self) {
        let swept = timeout(SWEEP_MAX, sweep(&self.opened.context)).await;
        if !matches!(swept, Ok(Ok(()))) {
            let published = self.service.published();
            published.update(|state| state.count(Step::Sweep));
        }
    }

    /// Begins everything anew under another configuration; what runs goes on under the one before.
    fn take_over(&mut self, opened: Arc<OpenedConfig>) {
        // The outcomes of looks under way would be of the configuration before.
        self.looks = JoinSet::new();
        self.standings.forget_looks();
        let config = &opened.world.config;
        let is_source = |of: &str| config.source(of).is_some();
        let is_repository = |of: &str| config.repositories.iter().any(|it| it.name.as_str() == of);
        self.told.keep(|of| is_source(of) || is_repository(of));
        self.opened = opened;
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        let sources = self.opened.world.config.sources.iter();
        let provable = sources.filter(|source| source.verify.is_some());
        let names = provable.map(|source| source.name.clone());
        let now = self.now();
        self.standings.anew(names, now);
    }

    fn pause(&self) -> Duration {
        let Some(next) = self.standings.next() else {
            return TURN_MAX;
        };
        // A time that passed meanwhile gives a negative pause, which is none.
        let until = Duration::try_from(next.duration_since(self.now()));
        until.unwrap_or_default().min(TURN_MAX)
    }

    /// Looks at sources that may be due, and begins verifications that are due, where there is
    /// room.
    fn turn(&mut self) {
        let now = self.now();
        if now < self.turned_at {
            // The clock was set back: what was to be soon would be far away.
            self.begin_anew();
        }
        self.turned_at = now;
        let names = self.standings.due(now);
        let world = Arc::clone(&self.opened.world);
        for repository in &world.config.repositories {
            let sources = world.config.sources_of(&repository.name);
            let provable = sources.filter(|source| source.verify.is_some());
            let all: Vec<_> = provable.map(|source| source.name.clone()).collect();
            if all.iter().any(|name| names.contains(name)) {
                self.look_at(&repository.name, all);
            }
        }
        self.begin_what_fits();
        let waiting = self.standings.waiting().cloned().collect();
        let told = &mut self.told;
        self.service.published().update(|state| {
            told.inherit(std::mem::take(&mut state.inherited));
            state.troubles = told.troubles();
            state.turned_at = Some(now);
            state.waiting = waiting;
        });
    }

    fn look_at(&mut self, repository: &RepositoryName, names: Vec<SourceName>) {
        for name in &names {
            if let Some(standing) = self.standings.get(name) {
                standing.look = Some(Freshness::Fresh);
            }
        }
        let OpenedConfig { world, context, .. } = &*self.opened;
        let looking = look(
            Arc::clone(world),
            context.tool.clone(),
            repository.clone(),
            names.clone(),
            self.service.published().get().seen_before(&names),
        );
        let looking = AbortOnDropHandle::new(tokio::spawn(looking));
        let repository = repository.clone();
        self.looks.spawn(async move {
            let lost = "the look ended unexpectedly";
            let looked = looking.await;
            looked.unwrap_or_else(|_| LookOutcome::at_nothing(repository, names, lost))
        });
    }

    fn begin_what_fits(&mut self) {
        if self.stop.is_cancelled() {
            return;
        }
        let config = &self.opened.world.config;
        let (parallel, refresh) = (config.verifier.parallel, config.refresh);
        while self.standings.running() < parallel {
            let now = self.now();
            let Some((name, turn)) = self.standings.begin_first(&self.opened) else {
                return;
            };
            let tracker = state::Tracker::default();
            let order = match turn {
                Turn::Drill(ask) => Order::of_drill(name.clone(), ask, tracker.clone()),
                Turn::Due(Waiting { seen_at, chosen }) => Order {
                    name: name.clone(),
                    opened: Arc::clone(&self.opened),
                    chosen,
                    look_again: now.duration_since(seen_at).unsigned_abs() > refresh,
                    tracker: tracker.clone(),
                    drill: None,
                },
            };
            let running = LiveRun {
                trigger: order.chosen.trigger,
                began_at: now,
                progress: tracker,
            };
            self.service.published().update(|state| {
                state.running.insert(name, running);
            });
            self.runs.spawn(carry_out(order));
        }
    }

    fn looked(&mut self, looked: LookOutcome) {
        let now = self.now();
        let planned = Planning {
            at: now,
            succeeded: looked.is_whole(),
        };
        let LookOutcome {
            repository,
            sources,
        } = looked;
        let of_all = |(_, seen): &(SourceName, Result<Sight, MissedLook>)| {
            let missed = seen.as_ref().err().filter(|missed| missed.all);
            missed.cloned()
        };
        match sources.iter().find_map(of_all) {
            None => {
                self.told.well(&repository, Step::Survey);
            }
            Some(missed) => {
                self.told.ill(&repository, missed.step, &missed.why, now);
                let published = self.service.published();
                published.update(|state| state.count(missed.step));
            }
        }
        for (name, seen) in sources {
            let standing = self.standings.get(&name);
            let freshness = standing.and_then(|standing| standing.look.take());
            match seen {
                // The look is stale: the source is looked at again after its rest.
                Ok(_) if freshness == Some(Freshness::Stale) => {}
                Ok(sight) => self.seen(&name, sight, now),
                Err(missed) => self.missed(&name, &missed, now),
            }
        }
        self.service.published().update(|state| {
            if let Some(plan) = state.plans.get_mut(&repository) {
                *plan = Some(planned);
            }
        });
    }

    fn seen(&mut self, name: &SourceName, sight: Sight, now: Timestamp) {
        self.told.well(name, Step::Survey);
        self.told.well(name, Step::ReadRecords);
        let refresh = self.opened.world.config.refresh;
        let again_at = again_at(sight.prospect, now, now, refresh);
        let is_due = match sight.planned.due {
            None => false,
            // A retry is paced: the plan says that it may be tried again, the prospect how soon.
            Some(Trigger::Retry) => sight.prospect.at.is_some_and(|at| at <= now),
            Some(_) => true,
        };
        let waiting = is_due.then(|| self.waiting(&sight, now)).flatten();
        let recorded_at = sight.proofs.last_run;
        if let Some(standing) = self.standings.get(name) {
            let is_free = standing.running.is_none() && standing.is_rested(now);
            // A source that is due and rests is looked at again after its rest; a busy one, when it
            // ended.
            standing.looked(if is_due { now } else { again_at });
            // A source that waited already waits for the snapshot that lies there now.
            standing.waiting = waiting.filter(|_| is_free);
            standing.recorded_at = recorded_at;
        }
        self.know(name, |known| {
            known.newest = sight.newest.map(Arc::new);
            known.inventory = Some(sight.inventory);
            known.old_versions = sight.old_versions;
            known.take_seen(sight.ledger, sight.proofs, now);
            if let Some((id, log)) = sight.failed_log {
                known.failed_log = Some((id, Arc::from(log)));
            }
            known.seen_at = Some(now);
            known.missed = None;
        });
    }

    /// The newest snapshot of a source, as it waits for room.
    fn waiting(&self, sight: &Sight, now: Timestamp) -> Option<Waiting> {
        let name = sight.planned.source.as_str();
        let chosen = ChosenSnapshot {
            run: RunId(identity::new_id()),
            source: self.opened.world.config.source(name)?.clone(),
            snapshot: sight.newest.clone()?,
            trigger: sight.planned.due?,
            after: Some(sight.ledger.newest_number()),
            wanted: Wanted::Newest,
            took: sight.took,
        };
        let seen_at = now;
        Some(Waiting { seen_at, chosen })
    }

    fn missed(&mut self, name: &SourceName, missed: &MissedLook, now: Timestamp) {
        if let Some(standing) = self.standings.get(name) {
            standing.missed(now);
        }
        let step = missed.step;
        if !missed.all {
            self.told.ill(name, step, &missed.why, now);
            self.service.published().update(|state| state.count(step));
        }
        self.know(name, |known| known.missed = Some(step));
    }

    fn ended(&mut self, ended: Option<RunEnd>) {
        // A panic of the verification itself still ends in a `RunEnd`: it has a task of its own.
        let Some(RunEnd {
            name,
            verification,
            lost,
            ledger,
            log,
            elsewhere,
        }) = ended
        else {
            return error!("a verification ended without a trace");
        };
        if let Some(elsewhere) = elsewhere {
            return self.is_elsewhere(&name, &elsewhere);
        }
        let (ledger, lost) = match self.standings.end(&name) {
            Some(under) if !under.shares_evidence(&self.opened) => {
                let why = "its record is in the evidence of the configuration before";
                let unread = || MissedLook::one(Step::ReadRecords, why);
                (None, Some(lost.unwrap_or_else(unread)))
            }
            _ => (ledger, lost),
        };
        let unread = |missed: &MissedLook| missed.step == Step::ReadRecords;
        let is_written = lost.as_ref().is_none_or(unread);
        let now = self.now();
        if let Some(standing) = self.standings.get(&name) {
            standing.look = standing.look.map(|_| Freshness::Stale);
            standing.ran(is_written, now);
        }
        if is_written {
            self.told.well(&name, Step::Begin);
            self.told.well(&name, Step::WriteRecords);
        }
        if let Some(missed) = &lost {
            self.told.ill(&name, missed.step, &missed.why, now);
        }
        let step = lost.as_ref().map(|missed| missed.step);
        self.service.published().update(|state| {
            state.running.remove(&name);
            if let Some(ended) = &verification {
                *state.finished.entry(ended.verdict).or_default() += 1;
            }
            if let Some(step) = step {
                state.count(step);
            }
        });
        let verdict = verification.as_ref().map(|it| it.verdict);
        let run = verification.clone();
        let lost = lost.map(|missed| LostRun {
            at: verification.as_ref().map_or(now, |it| it.ended_at),
            step: missed.step,
            why: missed.why,
            verification,
        });
        self.know(&name, |known| {
            if let (Some(log), Some(run)) = (log, &run) {
                known.failed_log = Some((run.id.clone(), Arc::from(log)));
            }
            known.ran(verdict, lost);
            if let Some(ledger) = ledger {
                known.take(ledger, now);
            }
        });
        if is_written {
            self.ran_well(&name, now);
        }
    }

    /// Plans the next look at a source that was verified: what lies there is known from the look
    /// before, so that one may wait until its time.
    fn ran_well(&mut self, name: &SourceName, now: Timestamp) {
        let state = self.service.published().get();
        let config = &self.opened.world.config;
        let next = || {
            let (source, known) = (config.source(name.as_str())?, state.sources.get(name)?);
            let prospect = prospect(source, &known.situation(now)?, &state.tool);
            let is_due = prospect.at.is_some_and(|at| at <= now);
            let next = again_at(prospect, known.seen_at?, now, config.refresh);
            Some(if is_due { now } else { next })
        };
        if let (Some(next), Some(standing)) = (next(), self.standings.get(name)) {
            standing.looked(next);
        }
    }

    /// Notes that another verifier verifies the source, or did; its record is read with the next
    /// look.
    fn is_elsewhere(&mut self, name: &SourceName, elsewhere: &Elsewhere) {
        self.standings.end(name);
        let now = self.now();
        let refresh = self.opened.world.config.refresh;
        if let Some(standing) = self.standings.get(name) {
            match elsewhere {
                Elsewhere::Ended => standing.ran(true, now),
                Elsewhere::Runs(holder) => {
                    info!(source = %name, "another verifier verifies it: {holder}");
                    standing.is_elsewhere(now.checked_add(refresh).unwrap_or(Timestamp::MAX));
                }
            }
        }
        self.told.well(name, Step::Begin);
        self.service.published().update(|state| {
            state.running.remove(name);
        });
    }

    fn know(&self, name: &SourceName, change: impl FnOnce(&mut SourceState)) {
        self.service.published().update(|state| {
            if let Some(known) = state.sources.get_mut(name) {
                change(known);
            }
        });
    }
}

#[cfg(test)]
mod tests;
