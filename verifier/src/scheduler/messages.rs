//! Messages of the scheduler: collected for a minute, so that one cause is one message, and posted
//! beside everything else.

use std::{sync::Arc, time::Duration};

use catalog::{
    config::Source,
    ledger::{Proofs, Verification},
    model::SourceName,
};
use jiff::Timestamp;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tracing::warn;

use super::{
    failures::StandingTrouble,
    service::{OpenedConfig, Verifier},
};
use crate::notify::{
    Notice,
    compose::{self, Change, change},
};

/// How long changes are collected before they are posted (facts/alerting.md 26).
const COLLECTED: Duration = Duration::from_mins(1);

/// How long messages may take to arrive after the stop.
const DRAIN_MAX: Duration = Duration::from_mins(1);

/// A run that ended, and what was known before it.
pub(super) struct Ended<'a> {
    pub(super) name: &'a SourceName,
    pub(super) run: &'a Verification,
    pub(super) before: Option<Arc<Proofs>>,
    /// Why the run has no record, if it has none.
    pub(super) unrecorded: Option<&'a str>,
}

/// What is to be posted, and what is being posted.
#[derive(Debug, Default)]
pub(super) struct Messages {
    collected: Vec<Notice>,
    /// When they are posted; `None` while there are none.
    post_at: Option<Instant>,
    posting: JoinSet<()>,
}

impl Messages {
    /// Takes the change that a run made, if it is one that people are told of.
    pub(super) fn note(
        &mut self,
        ended: &Ended<'_>,
        after: Option<&Proofs>,
        opened: &OpenedConfig,
        service: &Verifier,
    ) {
        let config = &opened.world.config;
        // Before the first look nobody knows what changed.
        let (Some(source), Some(before)) = (config.source(ended.name.as_str()), &ended.before)
        else {
            return;
        };
        let of = Change {
            source,
            run: ended.run,
            before,
            after,
            unrecorded: ended.unrecorded,
            config_file: service.file(),
        };
        let now: Timestamp = service.clock().now();
        if let Some(notice) = change(of, &config.verifier, now) {
            self.collect(notice);
        }
    }

    /// Takes troubles of the scheduler itself, each for the sources it concerns.
    pub(super) fn trouble(
        &mut self,
        troubles: &[StandingTrouble],
        opened: &OpenedConfig,
        now: Timestamp,
    ) {
        let config = &opened.world.config;
        for trouble in troubles {
            let concerns = |it: &&Source| {
                let is_it = it.name.as_str() == trouble.of;
                it.verify.is_some() && (is_it || it.repository.as_str() == trouble.of)
            };
            for source in config.sources.iter().filter(concerns) {
                let what = trouble.step.sentence();
                let of = compose::Trouble {
                    what,
                    why: &trouble.why,
                    since: trouble.since,
                    is_over: trouble.is_over,
                };
                self.collect(compose::trouble(source, of, now));
            }
        }
    }

    fn collect(&mut self, notice: Notice) {
        self.collected.push(notice);
        self.post_at
            .get_or_insert_with(|| Instant::now() + COLLECTED);
    }

    /// Number of messages that wait for their minute to end.
    #[cfg(test)]
    pub(super) fn collected(&self) -> usize {
        self.collected.len()
    }

    /// Waits until the collected messages are to be posted; for ever while there are none.
    pub(super) async fn due(&mut self) {
        match self.post_at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Posts what was collected, as a task of its own.
    pub(super) fn post(&mut self, opened: &Arc<OpenedConfig>, service: &Verifier) {
        self.post_at = None;
        // Those that are done are forgotten.
        while self.posting.try_join_next().is_some() {}
        let notices = std::mem::take(&mut self.collected);
        if notices.is_empty() {
            return;
        }
        let (opened, service) = (Arc::clone(opened), service.clone());
        self.posting.spawn(async move {
            let deliveries = opened.messenger.post(&notices).await;
            let now = service.clock().now();
            for delivery in &deliveries {
                if let Some(why) = &delivery.why {
                    warn!(receiver = %delivery.receiver, "a message did not arrive: {why}");
                }
            }
            let published = service.published();
            published.update(|state| state.delivered(&deliveries, now));
        });
    }

    /// Posts what is left and waits for it, but not for ever.
    pub(super) async fn drain(&mut self, opened: &Arc<OpenedConfig>, service: &Verifier) {
        self.post(opened, service);
        let posting = async { while self.posting.join_next().await.is_some() {} };
        if timeout(DRAIN_MAX, posting).await.is_err() {
            warn!("messages did not arrive before the end");
        }
    }
}
