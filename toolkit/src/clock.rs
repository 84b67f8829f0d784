//! The clock that is passed in: wall clock in programs, paused time in tests.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The source of the current time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The wall clock, read each time. A monotonic clock would stand still while the machine
    /// sleeps, and so would all ages.
    System,
    /// A base and the tokio instant it was taken at, so that paused time moves both.
    From(Arc<Mutex<(Timestamp, Instant)>>),
}

impl Clock {
    /// The wall clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that shows `base` now and goes on with tokio's time.
    pub fn starting_at(base: Timestamp) -> Self {
        Self(Source::From(Arc::new(Mutex::new((base, Instant::now())))))
    }

    /// Sets a clock that was started at a time, and all its clones, as an operator sets a clock
    /// that is wrong. The wall clock is not set.
    pub fn set(&self, now: Timestamp) {
        if let Source::From(from) = &self.0 {
            *from.lock().unwrap_or_else(PoisonError::into_inner) = (now, Instant::now());
        }
    }

    /// The current time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the clock is read"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::From(from) => {
                let (base, instant) = *from.lock().unwrap_or_else(PoisonError::into_inner);
                let passed = SignedDuration::try_from(instant.elapsed());
                let passed = passed.unwrap_or(SignedDuration::MAX);
                base.saturating_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn paused_time_moves_the_clock() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now().as_second(), 90);
        let clone = clock.clone();
        clock.set(Timestamp::UNIX_EPOCH);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(clone.now().as_second(), 1);
    }
}
