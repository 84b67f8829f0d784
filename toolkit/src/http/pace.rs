//! The progress of a connection, and when it has taken too long: slow clients are cut off.
//!
//! hyper's own timer for heads also counts the pause between two requests, and for HTTP/2 it has
//! no timer for either; so both are watched from outside. This module knows nothing of what is
//! asked or answered.

mod heard;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::Limits;

pub(super) use heard::Heard;

/// The progress of one connection; clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    now: Arc<watch::Sender<Step>>,
    limits: Limits,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    phase: Phase,
    since: Instant,
    under_way: usize,
    /// True if no further request is awaited.
    is_last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The head of a request is on its way.
    Head,
    /// At least one request is being answered.
    Answer,
    /// The connection waits for the next request.
    Idle,
}

/// Way in which a connection is to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// The connection is cut off: a head did not come whole in time.
    Cut,
    /// The connection is told to end.
    End,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Pace);

/// The body of an answer; its request is under way until the connection has taken it over.
#[derive(Debug)]
pub(super) struct Answer {
    body: Full<Bytes>,
    _under_way: UnderWay,
}

impl Pace {
    /// The progress of a new connection: its first head is awaited.
    pub(super) fn new(limits: Limits) -> Self {
        let step = Step {
            phase: Phase::Head,
            since: Instant::now(),
            under_way: 0,
            is_last: false,
        };
        Self {
            now: Arc::new(watch::Sender::new(step)),
            limits,
        }
    }

    /// Notes that bytes came in; between requests, a head begins with them.
    fn heard(&self) {
        self.now.send_if_modified(|step| {
            let begins = step.phase == Phase::Idle;
            if begins {
                step.enter(Phase::Head);
            }
            begins
        });
    }

    /// Notes that a head is whole: its request is under way.
    pub(super) fn begin(&self) -> UnderWay {
        self.now.send_modify(|step| {
            step.under_way += 1;
            if step.phase != Phase::Answer {
                step.enter(Phase::Answer);
            }
        });
        UnderWay(self.clone())
    }

    /// Waits until the present phase has lasted too long, or until no further request is awaited.
    pub(super) async fn late(&self) -> Late {
        let mut steps = self.now.subscribe();
        loop {
            let step = *steps.borrow_and_update();
            if step.is_last {
                return Late::End;
            }
            let (limit, late) = self.limit(step.phase);
            tokio::select! {
                () = sleep_until(step.since + limit) => return late,
                // Cannot fail: this value holds the sender.
                _ = steps.changed() => {}
            }
        }
    }

    fn limit(&self, phase: Phase) -> (Duration, Late) {
        match phase {
            Phase::Head => (self.limits.head, Late::Cut),
            Phase::Answer => (self.limits.answer, Late::End),
            Phase::Idle => (self.limits.idle, Late::End),
        }
    }
}

impl Step {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}

impl UnderWay {
    /// Lets the connection end after the requests that are under way.
    pub(super) fn close_after(&self) {
        self.0.now.send_modify(|step| step.is_last = true);
    }

    /// The answer with this body; the request is under way until the body is handed over.
    pub(super) fn answer(self, body: Bytes) -> Answer {
        Answer {
            body: Full::new(body),
            _under_way: self,
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.now.send_modify(|step| {
            step.under_way -= 1;
            if step.under_way == 0 {
                step.enter(Phase::Idle);
            }
        });
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long until it is too late, and what then.
    async fn ends(pace: &Pace) -> (u64, Late) {
        let began = Instant::now();
        let late = pace.late().await;
        (began.elapsed().as_secs(), late)
    }

    #[tokio::test(start_paused = true)]
    async fn every_phase_has_its_own_limit() {
        let pace = Pace::new(Limits::default());
        assert_eq!(ends(&pace).await, (10, Late::Cut));
        let first = pace.begin();
        assert_eq!(ends(&pace).await, (60, Late::End));
        let second = pace.begin();
        drop(first);
        assert_eq!(ends(&pace).await, (0, Late::End), "since the first began");
        drop(second);
        assert_eq!(ends(&pace).await, (120, Late::End));
        pace.heard();
        assert_eq!(ends(&pace).await, (10, Late::Cut));
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_that_trickle_in_do_not_prolong_a_head() {
        let pace = Pace::new(Limits::default());
        let trickle = async {
            loop {
                pace.heard();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            () = trickle => {}
            end = ends(&pace) => assert_eq!(end, (10, Late::Cut)),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_last_request_nothing_is_awaited() {
        let pace = Pace::new(Limits::default());
        let request = pace.begin();
        request.close_after();
        assert_eq!(ends(&pace).await, (0, Late::End));
        drop(request);
        assert_eq!(ends(&pace).await, (0, Late::End));
    }
}
