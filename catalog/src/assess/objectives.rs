//! What is promised of a source: as configured, and where nothing is, by default.

use settings::{Duration, Percent};

use super::{Cadence, Subject};
use crate::model::{Snapshot, SnapshotState};

/// How old a proof may be where nothing is configured (design §3).
pub const VERIFICATION: Duration = Duration::from_days(7);
/// Lateness allowed while no run is known (design §3).
const GRACE_UNKNOWN: Duration = Duration::from_hours(1);
/// Lateness allowed beyond the longest known run (design §3).
const GRACE_MARGIN: Duration = Duration::from_mins(10);
/// How many runs the default grace looks at (design §3).
const RUNS_MAX: usize = 10;
/// A snapshot smaller than the median by more than this is a concern where nothing is configured:
/// the value of the documented example.
const MAX_SHRINK: Percent = Percent::new(50);

/// `objectives:` of a source, as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Objectives {
    /// The promise.
    pub recovery_point: Option<Duration>,
    /// Critical age.
    pub alert_after: Option<Duration>,
    /// How long until it is usable again.
    pub recovery_time: Option<Duration>,
    /// Youngest first; `30d` is one tier without `every`. Empty: not promised.
    pub retention: Vec<Tier>,
    /// How old the proof may be.
    pub verification: Option<Duration>,
    /// In bytes.
    pub minimum_size: Option<u64>,
    /// Against the median of the series.
    pub max_shrink: Option<Percent>,
}

/// How long snapshots are kept, and how dense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Up to this age.
    pub keep: Duration,
    /// At least one in each interval this long; `None`: one per slot.
    pub every: Option<Duration>,
    /// Storage class expected in this tier.
    pub class: Option<String>,
}

/// What is promised, with every default filled in; `None` where nothing is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promises {
    /// Lateness allowed.
    pub grace: Duration,
    /// The longest time between two slots of the schedule.
    pub gap: Option<Duration>,
    /// The promised age of the newest snapshot.
    pub recovery_point: Option<Duration>,
    /// Its critical age.
    pub alert_after: Option<Duration>,
    /// How long until it is usable again.
    pub recovery_time: Option<Duration>,
    /// Youngest first.
    pub retention: Vec<Tier>,
    /// How old the proof may be.
    pub verification: Duration,
    /// In bytes.
    pub minimum_size: Option<u64>,
    /// Against the median of the series.
    pub max_shrink: Percent,
}

impl Promises {
    /// Fills in the defaults from the schedule and from what is known of the runs so far.
    pub(super) fn new(subject: &Subject<'_>, newest_first: &[Snapshot]) -> Self {
        let configured = subject.objectives;
        let runs: Vec<&Snapshot> = newest_first
            .iter()
            .filter(|snapshot| snapshot.state == SnapshotState::Complete)
            .take(RUNS_MAX)
            .collect();
        let grace = subject
            .grace
            .unwrap_or_else(|| default_grace(subject.cadence, &runs));
        let recovery_point = configured.recovery_point.or_else(|| {
            subject
                .cadence
                .map(|cadence| default_point(cadence, grace, &runs))
        });
        let alert_after = configured.alert_after.or_else(|| {
            let gap = subject.cadence.map_or(Duration::ZERO, Cadence::longest_gap);
            recovery_point.map(|point| point.max(gap.saturating_mul(2)))
        });
        Self {
            grace,
            gap: subject.cadence.map(Cadence::longest_gap),
            recovery_point,
            alert_after,
            recovery_time: configured.recovery_time,
            retention: configured.retention.clone(),
            verification: configured.verification.unwrap_or(VERIFICATION),
            minimum_size: configured.minimum_size,
            max_shrink: configured.max_shrink.unwrap_or(MAX_SHRINK),
        }
    }

    /// How long snapshots are kept in all.
    pub fn keep(&self) -> Option<Duration> {
        self.retention.iter().map(|tier| tier.keep).max()
    }
}

fn default_grace(cadence: Option<&Cadence>, runs: &[&Snapshot]) -> Duration {
    let runs = runs.iter().filter_map(|run| cadence?.run(run));
    runs.max().map_or(GRACE_UNKNOWN, |longest| {
        longest.saturating_add(GRACE_MARGIN)
    })
}

/// The longest gap and the grace; or instead of the grace, where recovery points lie further before
/// their arrival (a name without an hour), that distance: else the promise were broken by design.
fn default_point(cadence: &Cadence, grace: Duration, runs: &[&Snapshot]) -> Duration {
    let lags = runs
        .iter()
        .map(|run| Duration::between(run.taken_at, run.completed_at));
    let longest = lags.filter(|lag| *lag <= cadence.longest_gap()).max();
    let lag = longest.map_or(Duration::ZERO, |lag| lag.saturating_add(GRACE_MARGIN));
    cadence.longest_gap().saturating_add(grace.max(lag))
}
