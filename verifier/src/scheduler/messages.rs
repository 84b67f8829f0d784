//! Messages of the scheduler: collected for a minute, so that one cause is one message, and posted
//! beside everything else.

use std::{sync::Arc, time::Duration};

use catalog::config::{self, Config, Source};
use jiff::Timestamp;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tracing::warn;

use super::service::{OpenedConfig, Verifier};
use crate::notify::{
    Notice,
    compose::{self, Change, Trouble, change},
};

/// How long changes are collected before they are posted (facts/alerting.md 26).
const COLLECTED: Duration = Duration::from_mins(1);

/// How long messages may take to arrive after the stop.
const DRAIN_MAX: Duration = Duration::from_mins(1);

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
    pub(super) fn note(&mut self, of: Change<'_>, verifier: &config::Verifier, now: Timestamp) {
        if let Some(notice) = change(of, verifier, now) {
            self.collect(notice);
        }
    }

    /// Takes troubles of the scheduler itself, each for the sources it concerns.
    pub(super) fn trouble(&mut self, troubles: &[Trouble], config: &Config, now: Timestamp) {
        for trouble in troubles {
            let concerns = |it: &&Source| {
                let is_it = it.name.as_str() == trouble.of;
                it.verify.is_some() && (is_it || it.repository.as_str() == trouble.of)
            };
            for source in config.sources.iter().filter(concerns) {
                self.collect(compose::trouble(source, trouble, now));
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
