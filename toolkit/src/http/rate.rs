//! The bound on requests over time: `rate_limit` of the web configuration.
//!
//! Pure: the moment is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// One request per `interval` in the long run, and up to `burst` requests at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// Time per request, not zero.
    pub(super) interval: Duration,
    /// Number of requests, at least one.
    pub(super) burst: u32,
}

/// The virtual scheduling form of a token bucket (ITU-T I.371, "generic cell rate algorithm").
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bucket {
    /// The rate of the last request; under another one the bucket begins anew, full.
    rate: Option<Rate>,
    /// Time at which the bucket is full again; `None` if it is full.
    full_at: Option<Instant>,
}

impl Bucket {
    /// Takes a token; false if there is none.
    pub(super) fn admits(&mut self, rate: Rate, now: Instant) -> bool {
        if self.rate.replace(rate) != Some(rate) {
            self.full_at = None;
        }
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now));
        let spare = rate.interval.saturating_mul(rate.burst - 1);
        if full_at.duration_since(now) > spare {
            return false;
        }
        self.full_at = Some(full_at + rate.interval);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_one_per_interval() {
        let rate = Rate {
            interval: Duration::from_secs(1),
            burst: 3,
        };
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        let mut admitted = |milliseconds: u64, requests: usize| {
            let now = start + Duration::from_millis(milliseconds);
            (0..requests).filter(|_| bucket.admits(rate, now)).count()
        };
        assert_eq!(admitted(0, 10), 3);
        assert_eq!(admitted(999, 10), 0);
        assert_eq!(admitted(1_000, 10), 1);
        assert_eq!(admitted(3_000, 10), 2);
        assert_eq!(admitted(60_000, 10), 3);
    }

    #[test]
    fn what_was_used_up_under_another_rate_does_not_count() {
        let rate = |interval| Rate { interval, burst: 1 };
        let (slow, fast) = (rate(Duration::from_hours(1)), rate(Duration::from_secs(1)));
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        for rate in [slow, fast] {
            assert!(bucket.admits(rate, now));
            assert!(!bucket.admits(rate, now));
        }
    }
}
