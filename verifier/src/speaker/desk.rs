//! What one receiver was told, and what it is to be told now. Pure: it holds no channel to anybody.

use std::collections::BTreeMap;

use catalog::{
    config::{Receiver, Source},
    model::{DrillName, SourceName},
};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{bulletin::Bulletin, notes::ReceiverNotes};
use crate::{
    notify::{
        Notice, TOLD_AFTER,
        compose::{self, Trouble},
        drill::DrillNews,
        told::{KnownSource, Tell, Told, tell},
    },
    plan::pause_after,
    scheduler::{SourceState, State, Step},
};

/// One receiver.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// What it was told of each source; `None` until its notes were read.
    told: Option<BTreeMap<SourceName, Told>>,
    troubles: ToldTroubles,
    /// The last slot of the digest that was sent.
    pub(super) digest: Option<String>,
    /// By drill, the time of the last one that was told.
    drills: BTreeMap<DrillName, String>,
    /// When what was collected is posted.
    pub(super) post_at: Option<Instant>,
    /// When messages that did not arrive are posted again.
    pub(super) retry_at: Option<Instant>,
    /// True while messages are being posted.
    pub(super) is_busy: bool,
    /// Attempts in a row of which a message did not arrive.
    failures: usize,
}

/// The troubles that a receiver was told of and that stand, by what they are of and what cannot be
/// done.
#[derive(Debug, Clone, Default)]
pub(super) struct ToldTroubles(BTreeMap<(String, String), Trouble>);

impl ToldTroubles {
    pub(super) fn list(&self) -> Vec<Trouble> {
        self.0.values().cloned().collect()
    }

    /// Notes messages that arrived; true if one of them was of a trouble.
    pub(super) fn change(&mut self, arrived: &[Then]) -> bool {
        let mut is_changed = false;
        for then in arrived {
            if let Then::Trouble(trouble, is_over) = then {
                is_changed = true;
                if *is_over {
                    self.0.remove(&key(trouble));
                } else {
                    self.0.insert(key(trouble), trouble.clone());
                }
            }
        }
        is_changed
    }
}

/// One notice for a receiver, and what it changes when it has arrived.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) notice: Notice,
    pub(super) then: Then,
}

/// What a message changes when it has arrived.
#[derive(Debug, Clone)]
pub(super) enum Then {
    /// The receiver knows how a source stands.
    Told(SourceName, Box<Tell>),
    /// The receiver knows of a trouble, or of its end.
    Trouble(Trouble, bool),
}

/// Everything that what is due depends on.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) state: &'a State,
    /// Troubles of the verifier itself: receivers whose messages do not arrive.
    pub(super) own: &'a [Trouble],
    /// Path of the configuration file, for the commands that are told.
    pub(super) config_file: &'a std::path::Path,
    pub(super) now: Timestamp,
}

impl Desk {
    /// True once it is known what the receiver was told.
    pub(super) const fn is_read(&self) -> bool {
        self.told.is_some()
    }

    /// Takes what the notes say, unless more is known already.
    pub(super) fn read(&mut self, notes: ReceiverNotes) {
        if self.is_read() {
            return;
        }
        self.told = Some(notes.told);
        self.digest = notes.digest;
        self.drills = notes.drills;
        for trouble in notes.troubles {
            self.troubles.0.insert(key(&trouble), trouble);
        }
    }

    /// The troubles that the receiver was told of.
    pub(super) fn troubles(&self) -> ToldTroubles {
        self.troubles.clone()
    }

    /// The notices that are due.
    pub(super) fn due(&mut self, receiver: &Receiver, scene: Scene<'_>) -> Vec<Due> {
        let mut due = self.changes(receiver, scene);
        due.extend(self.begun(receiver, scene));
        due.extend(self.ended(receiver, scene));
        due
    }

    /// What changed of sources.
    fn changes(&mut self, receiver: &Receiver, scene: Scene<'_>) -> Vec<Due> {
        let State { config, .. } = scene.state;
        let Some(told) = &mut self.told else {
            return Vec::new();
        };
        let notify = &config.verifier.notify;
        let provable = scene.state.provable();
        let mine = provable.filter(|(it, _)| notify.tells(receiver, it.owner.as_deref()));
        let changes = mine.filter_map(|(source, known)| {
            let known = known_source(source, known, scene.config_file)?;
            let told = told.entry(source.name.clone());
            let told = told.or_insert_with(|| Told::nothing_behind(known.ledger.newest_number()));
            let verifier = &config.verifier;
            let tell = tell(known, *told, receiver, verifier, scene.now);
            if tell.is_none() && told.state.is_well() && known.is_well(verifier, scene.now) {
                // What needs no message is not looked through again with every look.
                told.sequence = known.ledger.newest_number();
            }
            let tell = tell?;
            Some(Due {
                notice: tell.notice.clone(),
                then: Then::Told(source.name.clone(), Box::new(tell)),
            })
        });
        changes.collect()
    }

    /// Troubles that stand for long enough and that the receiver was not told of.
    fn begun(&self, receiver: &Receiver, scene: Scene<'_>) -> Vec<Due> {
        let lasts = |it: &&Trouble| scene.now.duration_since(it.since) >= TOLD_AFTER;
        let standing = scene.state.troubles.iter().filter(lasts);
        let own = scene.own.iter().filter(|it| it.of != receiver.name);
        let new = standing.chain(own);
        let new = new.filter(|it| !self.troubles.0.contains_key(&key(it)));
        new.flat_map(|it| notices(receiver, it, false, scene))
            .collect()
    }

    /// Troubles that the receiver was told of and that stand no more.
    fn ended(&self, receiver: &Receiver, scene: Scene<'_>) -> Vec<Due> {
        let standing = || scene.state.troubles.iter().chain(scene.own).map(key);
        let over = self.troubles.0.iter();
        let over = over.filter(|(of, _)| standing().all(|it| it != **of));
        over.flat_map(|(_, it)| notices(receiver, it, true, scene))
            .collect()
    }

    /// True if the receiver was not told this of a drill, as far as its notes are read.
    pub(super) fn is_new(&self, news: &DrillNews) -> bool {
        let told = self.drills.get(news.drill());
        self.is_read() && told.is_none_or(|told| *told < news.key())
    }

    /// Notes a bulletin that arrived.
    pub(super) fn heard(&mut self, bulletin: Bulletin) {
        match bulletin {
            Bulletin::Digest(slot) => self.digest = Some(slot),
            Bulletin::Drill(news) => {
                self.drills.insert(news.drill().clone(), news.key());
            }
        }
    }

    /// Notes messages that arrived.
    pub(super) fn arrived(&mut self, arrived: &[Then]) {
        self.troubles.change(arrived);
        for then in arrived {
            if let Then::Told(source, tell) = then {
                let told = self.told.get_or_insert_default();
                told.insert(source.clone(), tell.told);
            }
        }
    }

    /// Notes that nothing is due: neither an earlier failure nor its pause counts any more.
    pub(super) fn settle(&mut self) {
        self.post_at = None;
        self.retry_at = None;
        self.failures = 0;
    }

    /// Notes how an attempt to post ended: after a failure there is a pause, each longer.
    pub(super) fn attempted(&mut self, all_arrived: bool, now: Instant) {
        self.is_busy = false;
        self.failures = if all_arrived { 0 } else { self.failures + 1 };
        self.retry_at = (!all_arrived).then(|| now + pause_after(self.failures));
    }
}

/// What is known of a source; `None` before it was looked at.
pub(super) fn known_source<'a>(
    source: &'a Source,
    known: &'a SourceState,
    config_file: &'a std::path::Path,
) -> Option<KnownSource<'a>> {
    let lost = known
        .lost
        .as_ref()
        .filter(|it| it.step == Step::WriteRecords);
    Some(KnownSource {
        source,
        ledger: known.ledger.as_deref()?,
        inventory: known.inventory.as_deref()?,
        old_versions: known.old_versions.as_ref(),
        proofs: known.proofs.as_deref()?,
        unrecorded: lost.and_then(|it| Some((&**it.verification.as_ref()?, it.why.as_str()))),
        config_file,
    })
}

fn key(trouble: &Trouble) -> (String, String) {
    (trouble.of.clone(), trouble.what.clone())
}

/// The notices about a trouble, for each source concerned that the receiver takes; one without a
/// source for a trouble of the verifier itself. One that concerns no source any more has no notice:
/// its end is nobody's.
fn notices(receiver: &Receiver, trouble: &Trouble, is_over: bool, scene: Scene<'_>) -> Vec<Due> {
    let config = &scene.state.config;
    let notify = &config.verifier.notify;
    let sources = config.sources.iter();
    let due = |notice: Notice| Due {
        notice,
        then: Then::Trouble(trouble.clone(), is_over),
    };
    if config
        .verifier
        .notify
        .receivers
        .iter()
        .any(|it| it.name == trouble.of)
    {
        let any = sources.take(1);
        return any
            .map(|it| due(compose::own_trouble(it, trouble, is_over, scene.now)))
            .collect();
    }
    let concerns = |it: &&Source| {
        let is_it = it.name.as_str() == trouble.of || it.repository.as_str() == trouble.of;
        it.verify.is_some() && is_it && notify.tells(receiver, it.owner.as_deref())
    };
    let concerned = sources.filter(concerns);
    concerned
        .map(|it| due(compose::trouble(it, trouble, is_over, scene.now)))
        .collect()
}
