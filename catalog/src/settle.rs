//! When a file counts as complete: one rule of both programs.
//!
//! A directory does not tell that the writer of a file has ended. So a young file is taken as still
//! being written, unless its manifest or its own end says otherwise. The first row that fits
//! counts:
//!
//! | the file | modified less than `settle` ago | earlier |
//! |---|---|---|
//! | has a manifest, as old or newer | complete | complete |
//! | has a manifest that is older: that of another content | in progress | complete |
//! | is an object of S3, which appears whole | complete | complete |
//! | has its end ([`Format::end`](crate::format::Format::end)) | complete | complete |
//! | has no end, or none that can be told | in progress | complete |
//!
//! "Complete" means here that the writer has ended. Whether the file is empty, foreign, or unlike
//! its manifest is judged elsewhere. Pure: no reading, no clock of its own.

use jiff::{SignedDuration, Timestamp};
use settings::Duration;

/// Default of `settle` (design §3): longer than any writer of ours pauses.
pub const SETTLE: Duration = Duration::from_mins(10);

/// Divisor of a schedule's longest gap: `settle` may take at most a tenth of the gap (design §3).
const GAP_PART: u64 = 10;

/// Returns the longest `settle` of a source, from its longest gap between two runs.
pub fn settle_max(longest_gap: Duration) -> Duration {
    Duration::from_millis(longest_gap.as_millis() / GAP_PART)
}

/// True if less than `settle` lies between `modified_at` and `now`, so that the file may have
/// changed just now.
///
/// A clock ahead of ours makes nothing young for ever: a time `settle` or more in the future is not
/// young.
pub fn is_young(modified_at: Timestamp, settle: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(modified_at).abs() < settle
}

/// Knowledge of the writing of one file, besides its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Modification time (mtime; never ctime, which every copy renews).
    pub modified_at: Timestamp,
    /// Modification time of its manifest, if it has one.
    pub manifest_at: Option<Timestamp>,
    /// True if the store may show the file before it is whole.
    pub grows: bool,
    /// True if the file has its end, false if not. `None` if nobody looked, or the format cannot
    /// tell.
    pub end: Option<bool>,
}

impl Written {
    /// True if the writer of the file may not have ended.
    pub fn is_in_progress(&self, settle: SignedDuration, now: Timestamp) -> bool {
        is_young(self.modified_at, settle, now)
            && match self.manifest_at {
                Some(manifest_at) => manifest_at < self.modified_at,
                None => self.grows && self.end != Some(true),
            }
    }

    /// True if only the end of the file decides, and so has to be read.
    pub fn needs_end(&self, settle: SignedDuration, now: Timestamp) -> bool {
        self.manifest_at.is_none() && self.is_in_progress(settle, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_309_200, 0);
    const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);

    /// A growing file modified so many seconds ago.
    fn aged(seconds: i64) -> Written {
        Written {
            modified_at: NOW - SignedDuration::from_secs(seconds),
            manifest_at: None,
            grows: true,
            end: None,
        }
    }

    #[test]
    fn a_file_is_in_progress_while_young_and_nothing_says_that_it_ended() {
        let check = |written: Written, expected: bool| {
            let found = written.is_in_progress(TEN_MINUTES, NOW);
            assert_eq!(found, expected, "{written:?}");
        };
        let young = aged(599);
        let manifest = |seconds| Some(young.modified_at + SignedDuration::from_secs(seconds));
        let with = |change: fn(&mut Written)| {
            let mut written = young;
            change(&mut written);
            written
        };
        check(young, true);
        check(with(|it| it.end = Some(false)), true);
        check(with(|it| it.end = Some(true)), false);
        check(with(|it| it.grows = false), false);
        for (seconds, expected) in [(-1, true), (0, false), (1, false)] {
            let written = Written {
                manifest_at: manifest(seconds),
                end: Some(true),
                ..young
            };
            check(written, expected);
            let stored = Written {
                grows: false,
                ..written
            };
            check(stored, expected);
        }
        for seconds in [600, 601, 90_000_000] {
            check(aged(seconds), false);
        }
    }

    #[test]
    fn a_clock_that_differs_decides_nothing_alone() {
        let check = |seconds: i64, end, expected: bool| {
            let written = Written {
                end,
                ..aged(-seconds)
            };
            let found = written.is_in_progress(TEN_MINUTES, NOW);
            assert_eq!(found, expected, "{seconds} s ahead, {end:?}");
        };
        for seconds in [1, 301, 599, 600, 90_000_000] {
            check(seconds, Some(true), false);
        }
        check(1, Some(false), true);
        check(599, None, true);
        // Not for ever, however far the clock is ahead.
        check(600, Some(false), false);
        check(90_000_000, None, false);
    }

    #[test]
    fn without_a_time_to_settle_nothing_is_waited_for() {
        let now = aged(0);
        assert!(!now.is_in_progress(SignedDuration::ZERO, NOW));
        assert!(!is_young(NOW, SignedDuration::ZERO, NOW));
        assert_eq!(settle_max(Duration::from_hours(1)), Duration::from_mins(6));
    }
}
