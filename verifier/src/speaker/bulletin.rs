//! Messages that are no change of a source: the digest of a slot, and what became of a drill.

use std::sync::Arc;

use catalog::config::Receiver;
use jiff::Timestamp;

use crate::{
    notify::{
        digest::Digest,
        drill::DrillNews,
        post::{self, Payload},
    },
    scheduler::State,
};

/// A message that is no change of a source, and what its receiver then knows.
#[derive(Debug, Clone)]
pub(super) enum Bulletin {
    /// The digest of this slot.
    Digest(String),
    /// What became of a drill.
    Drill(Arc<DrillNews>),
}

impl Bulletin {
    /// The message for this receiver; `digest` makes the digest of now.
    pub(super) fn payload(&self, receiver: &Receiver, digest: impl FnOnce() -> Digest) -> Payload {
        match self {
            Self::Digest(_) => post::of_digest(&digest(), false),
            Self::Drill(news) => post::of_drill(receiver, news, false),
        }
    }
}

/// The news of drills that a receiver is to be told: of those with a source that it takes.
pub(super) fn drills_due(
    receiver: &Receiver,
    is_new: impl Fn(&DrillNews) -> bool,
    state: &State,
    now: Timestamp,
) -> Vec<Bulletin> {
    let config = &state.config;
    let notify = &config.verifier.notify;
    let takes = |news: &DrillNews| {
        let mut drills = config.drills.iter();
        let drill = drills.find(|it| it.name == *news.drill());
        let sources = drill.into_iter().flat_map(|it| &it.sources);
        let mut sources = sources.filter_map(|it| config.source(it.as_str()));
        sources.any(|it| notify.tells(receiver, it.owner.as_deref()))
    };
    let news = state.drills.values().filter_map(|it| it.news.as_ref());
    let new = news.filter(|it| it.is_to_be_told(now) && is_new(it) && takes(it));
    new.map(|it| Bulletin::Drill(Arc::clone(it))).collect()
}
