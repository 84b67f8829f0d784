//! The part of `serve` that tells people: messages, reminders, the digest and the heartbeat.
//!
//! It follows the state that the scheduler publishes, and holds up nothing there. Of all verifiers
//! of one evidence only the holder of the speaker's lease speaks. What arrived is noted beside the
//! records: neither a restart nor another speaker tells it again. What did not arrive is told
//! later.

mod bulletin;
mod desk;
mod digests;
mod heartbeat;
pub(crate) mod notes;
mod posting;
pub(crate) mod upkeep;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use catalog::config::Receiver;
use jiff::{SignedDuration, Timestamp};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::{
    bulletin::{Bulletin, drills_due},
    desk::{Desk, Due, Scene, known_source},
    digests::slot_due,
    heartbeat::silent,
    posting::{Posted, post},
    upkeep::{Upkeep, look_after},
};
use crate::{
    lease::HeldLease,
    notify::{compose::Trouble, digest::Digest},
    scheduler::{OpenedConfig, Speaking, UndeliveredMessages, Verifier},
};

/// How long changes are collected before they are posted (facts/alerting.md 26).
const COLLECTED: Duration = Duration::from_mins(1);

/// Shortest time between two looks at the state, which changes with every step of the scheduler.
const LOOK_MIN: Duration = Duration::from_secs(1);

/// Longest time between two looks at the state: reminders and half of a promised age depend on the
/// time alone.
const LOOK_MAX: Duration = Duration::from_mins(5);

/// How long messages may take to arrive after the stop.
const DRAIN_MAX: Duration = Duration::from_mins(1);

/// Age at which messages that do not arrive are a trouble (facts/alerting.md 27).
const UNDELIVERED_MAX: SignedDuration = SignedDuration::from_hours(1);

/// Tells people.
#[derive(Debug)]
pub(crate) struct Speaker {
    service: Verifier,
    stop: CancellationToken,
    opened: Arc<OpenedConfig>,
    desks: BTreeMap<String, Desk>,
    speaking: Option<Speaking>,
    lease: Option<HeldLease>,
    upkeeps: JoinSet<Upkeep>,
    upkeep_at: Instant,
    posts: JoinSet<Posted>,
    look_at: Instant,
    looked_at: Instant,
    /// Why the last messages to a receiver did not arrive.
    why: BTreeMap<String, String>,
    began_at: Timestamp,
    beat_at: Instant,
    beats: JoinSet<Result<(), String>>,
}

impl Speaker {
    /// A speaker that has told nobody anything yet. It ends after `stop`, once what is due was
    /// posted.
    pub(crate) fn new(service: Verifier, stop: CancellationToken) -> Self {
        let now = Instant::now();
        let service_now = service.clock().now();
        let opened = Arc::clone(&service.opened().borrow());
        Self {
            service,
            stop,
            opened,
            desks: BTreeMap::new(),
            speaking: None,
            lease: None,
            upkeeps: JoinSet::new(),
            upkeep_at: now,
            posts: JoinSet::new(),
            look_at: now,
            looked_at: now,
            why: BTreeMap::new(),
            began_at: service_now,
            // Before the first turn and the first lease nothing is known.
            beat_at: now + COLLECTED,
            beats: JoinSet::new(),
        }
    }

    /// Tells people until stopped.
    pub(crate) async fn run(mut self) {
        let mut opened = self.service.opened();
        let mut state = self.service.published().subscribe();
        let stop = self.stop.clone();
        self.take_over();
        loop {
            self.look_after();
            self.beat();
            let next = self.next();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Ok(()) = opened.changed() => {
                    self.opened = Arc::clone(&opened.borrow_and_update());
                    self.take_over();
                }
                Some(Ok(upkeep)) = self.upkeeps.join_next() => self.looked_after(upkeep),
                Some(Ok(posted)) = self.posts.join_next() => self.posted(posted),
                Some(Ok(answer)) = self.beats.join_next() => self.beaten(answer),
                Ok(()) = state.changed() => {
                    self.look_at = self.look_at.min(self.looked_at + LOOK_MIN);
                }
                () = sleep_until(next) => {}
            }
            if Instant::now() >= self.look_at {
                self.look();
            }
        }
        self.drain().await;
    }

    /// Speaks to the receivers of another configuration from now on.
    fn take_over(&mut self) {
        let notify = &self.opened.world.config.verifier.notify;
        let names = notify.receivers.iter().map(|it| &it.name);
        let mut before = std::mem::take(&mut self.desks);
        self.desks = names
            .map(|name| (name.clone(), before.remove(name).unwrap_or_default()))
            .collect();
        self.why.retain(|name, _| self.desks.contains_key(name));
        self.upkeep_at = Instant::now();
        self.look_at = Instant::now();
    }

    /// Looks after the lease, if it is time and there is anybody to speak to.
    fn look_after(&mut self) {
        if !self.is_needed() || !self.upkeeps.is_empty() || Instant::now() < self.upkeep_at {
            return;
        }
        let unread = self.desks.iter().filter(|(_, desk)| !desk.is_read());
        let receivers = unread.map(|(name, _)| name.clone()).collect();
        let world = Arc::clone(&self.opened.world);
        self.upkeeps
            .spawn(look_after(world, self.lease.take(), receivers));
    }

    /// True if there is anything that only the holder of the lease does.
    fn is_needed(&self) -> bool {
        let config = &self.opened.world.config;
        let notify = &config.verifier.notify;
        let has_drills = config.drills.iter().any(|it| it.schedule.is_some());
        !notify.receivers.is_empty() || notify.heartbeat.is_some() || has_drills
    }

    /// Gives the sign of life, if it is time and nothing speaks against it.
    fn beat(&mut self) {
        let opened = Arc::clone(&self.opened);
        let notify = &opened.world.config.verifier.notify;
        let Some(heartbeat) = notify.heartbeat.clone() else {
            return;
        };
        if !self.beats.is_empty() || Instant::now() < self.beat_at {
            return;
        }
        self.beat_at = Instant::now() + heartbeat.every;
        let now = self.service.clock().now();
        let why = silent(&self.service.published().get(), now);
        match why {
            None => drop(
                self.beats
                    .spawn(async move { opened.messenger.beat(&heartbeat.address).await }),
            ),
            Some(why) => self.is_silent(why),
        }
    }

    fn beaten(&mut self, answer: Result<(), String>) {
        let now = self.service.clock().now();
        match answer {
            Err(why) => self.is_silent(why),
            Ok(()) => self.service.published().update(|state| {
                state.beat_at = Some(now);
                state.silent = None;
            }),
        }
    }

    /// Notes that no sign of life was given, and logs it if that is news.
    fn is_silent(&self, why: String) {
        if self.service.published().get().silent.as_ref() != Some(&why) {
            warn!("no heartbeat: {why}");
        }
        self.service
            .published()
            .update(|state| state.silent = Some(why));
    }

    fn looked_after(&mut self, upkeep: Upkeep) {
        self.upkeep_at = Instant::now() + upkeep.pause();
        let Upkeep {
            speaking,
            lease,
            notes,
            at,
        } = upkeep;
        if self.speaking.as_ref() != Some(&speaking) {
            match &speaking {
                Speaking::Ours => info!("this verifier posts messages"),
                Speaking::Others(holder) => info!("another verifier posts messages: {holder}"),
                Speaking::Unknown(why) => warn!("who posts messages is not known: {why}"),
            }
        }
        self.lease = lease;
        let mut inherited = Vec::new();
        for (name, notes) in notes.into_iter().flatten() {
            if let Some(desk) = self.desks.get_mut(&name) {
                inherited.extend(notes.troubles.iter().cloned());
                desk.read(notes);
            }
        }
        if matches!(speaking, Speaking::Others(_)) {
            // Whoever speaks knows more: its notes are read when it ends.
            self.desks
                .values_mut()
                .for_each(|desk| *desk = Desk::default());
        }
        self.service.published().update(|state| {
            state.inherit(inherited);
            state.speaks(&speaking, at);
        });
        self.speaking = Some(speaking);
        self.look_at = Instant::now();
    }

    /// The time of the next thing to do; a look says itself when messages are to be posted.
    fn next(&self) -> Instant {
        let upkeep = self.upkeeps.is_empty() && self.is_needed();
        let upkeep = upkeep.then_some(self.upkeep_at);
        let notify = &self.opened.world.config.verifier.notify;
        let beats = notify.heartbeat.is_some() && self.beats.is_empty();
        let beat = beats.then_some(self.beat_at);
        let others = upkeep.into_iter().chain(beat);
        others.fold(self.look_at, Instant::min)
    }

    /// Looks at the state, and posts what is due.
    fn look(&mut self) {
        let now = Instant::now();
        self.looked_at = now;
        self.look_at = now + LOOK_MAX;
        for (receiver, due) in self.all_due() {
            let bulletins = self.bulletins_due(&receiver);
            let Some(desk) = self.desks.get_mut(&receiver.name) else {
                continue;
            };
            if due.is_empty() && bulletins.is_empty() {
                desk.settle();
                self.count(&receiver.name, 0);
                continue;
            }
            let post_at = *desk.post_at.get_or_insert(now + COLLECTED);
            let post_at = desk.retry_at.unwrap_or(post_at).max(post_at);
            if desk.is_busy || now < post_at {
                self.look_at = self.look_at.min(post_at.max(now + LOOK_MIN));
                continue;
            }
            self.post(receiver, due, bulletins);
        }
        self.look_at = self.look_at.min(self.next_digest(now));
    }

    /// What a receiver is to be told beside notices.
    fn bulletins_due(&self, receiver: &Receiver) -> Vec<Bulletin> {
        let digest = self.digest_due(receiver).map(Bulletin::Digest);
        digest
            .into_iter()
            .chain(self.drills_due(receiver))
            .collect()
    }

    /// The drills that a receiver is to be told of.
    fn drills_due(&self, receiver: &Receiver) -> Vec<Bulletin> {
        let (state, now) = (self.service.published().get(), self.service.clock().now());
        let desk = self.desks.get(&receiver.name);
        desk.map_or_else(Vec::new, |desk| {
            drills_due(receiver, |news| desk.is_new(news), &state, now)
        })
    }

    /// The slot whose digest a receiver is to be sent.
    fn digest_due(&self, receiver: &Receiver) -> Option<String> {
        let schedule = receiver.digest.as_ref()?;
        let desk = self
            .desks
            .get(&receiver.name)
            .filter(|desk| desk.is_read())?;
        let zone = &self.opened.world.config.verifier.time_zone;
        let now = self.service.clock().now();
        slot_due(schedule, zone, desk.digest.as_deref(), self.began_at, now)
    }

    /// The time of the next slot of any digest.
    fn next_digest(&self, now: Instant) -> Instant {
        let receivers = &self.opened.world.config.verifier.notify.receivers;
        let today = self.service.clock().now();
        let slots = receivers
            .iter()
            .filter_map(|it| it.digest.as_ref()?.next(today));
        let until = |slot: Timestamp| Duration::try_from(slot.duration_since(today)).ok();
        let next = slots.filter_map(until).min();
        next.map_or(now + LOOK_MAX, |next| {
            now + next.min(LOOK_MAX).max(LOOK_MIN)
        })
    }

    /// What every receiver is to be told, if it is for this verifier to tell.
    fn all_due(&mut self) -> Vec<(Receiver, Vec<Due>)> {
        match &self.speaking {
            None | Some(Speaking::Others(_)) => return Vec::new(),
            Some(Speaking::Ours | Speaking::Unknown(_)) => {}
        }
        let state = self.service.published().get();
        let now = self.service.clock().now();
        let own = self.own_troubles(now);
        let scene = Scene {
            state: &state,
            own: &own,
            config_file: self.service.file(),
            now,
        };
        let receivers = state.config.verifier.notify.receivers.iter();
        let due = receivers.filter_map(|receiver| {
            let desk = self.desks.get_mut(&receiver.name)?;
            Some((receiver.clone(), desk.due(receiver, scene)))
        });
        due.collect()
    }

    /// Receivers whose messages do not arrive for long, as troubles.
    fn own_troubles(&self, now: Timestamp) -> Vec<Trouble> {
        let state = self.service.published().get();
        let undelivered = state.undelivered.iter();
        let long = undelivered.filter_map(|(receiver, messages)| {
            let since = messages.oldest?;
            let is_long = now.duration_since(since) >= UNDELIVERED_MAX;
            is_long.then(|| Trouble {
                of: receiver.clone(),
                what: format!("messages to {receiver} do not arrive"),
                why: self.why.get(receiver).cloned().unwrap_or_default(),
                since,
            })
        });
        long.collect()
    }

    /// Posts notices and bulletins to one receiver, as a task of its own.
    fn post(&mut self, receiver: Receiver, due: Vec<Due>, bulletins: Vec<Bulletin>) {
        let bulletins = bulletins.into_iter().map(|bulletin| {
            let payload = bulletin.payload(&receiver, || self.digest());
            (bulletin, payload)
        });
        let bulletins: Vec<_> = bulletins.collect();
        let Some(desk) = self.desks.get_mut(&receiver.name) else {
            return;
        };
        desk.is_busy = true;
        desk.post_at = None;
        let troubles = desk.troubles();
        let opened = Arc::clone(&self.opened);
        self.posts
            .spawn(post(opened, receiver, due, bulletins, troubles));
    }

    /// The digest of all sources, as of now.
    fn digest(&self) -> Digest {
        let state = self.service.published().get();
        let file = self.service.file();
        let sources = state.provable();
        let known = sources.map(|(it, known)| (it, known_source(it, known, file)));
        Digest::of(known, self.service.clock().now())
    }

    fn posted(&mut self, posted: Posted) {
        let Posted {
            receiver,
            arrived,
            failed,
            heard,
        } = posted;
        let Some(desk) = self.desks.get_mut(&receiver) else {
            return;
        };
        if matches!(self.speaking, Some(Speaking::Others(_))) {
            return;
        }
        desk.arrived(&arrived);
        for bulletin in heard {
            desk.heard(bulletin);
        }
        desk.attempted(failed.is_empty(), Instant::now());
        match failed.first() {
            None => drop(self.why.remove(&receiver)),
            Some(why) => {
                if self.why.get(&receiver) != Some(why) {
                    warn!(%receiver, "messages do not arrive: {why}");
                }
                self.why.insert(receiver.clone(), why.clone());
            }
        }
        self.count(&receiver, failed.len() as u64);
        self.look_at = Instant::now();
    }

    /// Counts the messages to a receiver that are due and did not arrive.
    fn count(&self, receiver: &str, count: u64) {
        let now = self.service.clock().now();
        let state = self.service.published().get();
        let Some(known) = state.undelivered.get(receiver) else {
            return;
        };
        let oldest = known.oldest.or(Some(now)).filter(|_| count > 0);
        let next = UndeliveredMessages { count, oldest };
        if *known != next {
            let change = (receiver.to_owned(), next);
            let published = self.service.published();
            published.update(|state| state.undelivered.extend([change]));
        }
    }

    /// Posts what is due and waits for it, but not for ever; then gives the lease back.
    async fn drain(mut self) {
        let draining = async {
            while let Some(Ok(posted)) = self.posts.join_next().await {
                self.posted(posted);
            }
            for (receiver, due) in self.all_due() {
                let drills = self.drills_due(&receiver);
                if !due.is_empty() || !drills.is_empty() {
                    self.post(receiver, due, drills);
                }
            }
            while let Some(Ok(posted)) = self.posts.join_next().await {
                self.posted(posted);
            }
        };
        if timeout(DRAIN_MAX, draining).await.is_err() {
            warn!("messages did not arrive before the end; the next start posts them");
        }
        if let Some(Ok(upkeep)) = self.upkeeps.join_next().await {
            self.lease = upkeep.lease;
        }
        if let Some(lease) = self.lease.take() {
            self.opened.world.give_back(lease).await;
        }
    }
}

#[cfg(test)]
mod tests;
