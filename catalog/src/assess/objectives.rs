//! Promises of a source: as configured, and by default where nothing is configured.

use settings::{Duration, Percent};

use super::{Cadence, Measure};
use crate::model::{Snapshot, SnapshotState};

/// Largest age of a proof where nothing is configured (design §3).
pub const VERIFICATION: Duration = Duration::from_days(7);
/// Lateness allowed while no run is known (design §3).
const GRACE_UNKNOWN: Duration = Duration::from_hours(1);
/// Lateness allowed beyond the longest known run (design §3).
const GRACE_MARGIN: Duration = Duration::from_mins(10);
/// Number of newest runs that the default grace looks at (design §3).
const RUNS_MAX: usize = 10;
/// A snapshot smaller than the median by more than this is a concern where nothing is configured:
/// the value of the documented example.
const MAX_SHRINK: Percent = Percent::new(50);

/// `objectives:` of a source, as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Objectives {
    /// Promised age of the newest snapshot.
    pub recovery_point: Option<Duration>,
    /// Age of the newest snapshot from which on it is critical.
    pub alert_after: Option<Duration>,
    /// How long until the source is usable again.
    pub recovery_time: Option<Duration>,
    /// Tiers of retention, youngest first; `30d` is one tier without `every`. Empty if not
    /// promised.
    pub retention: Vec<Tier>,
    /// Largest allowed age of the proof.
    pub verification: Option<Duration>,
    /// Smallest allowed size of a snapshot, in bytes.
    pub minimum_size: Option<u64>,
    /// How much smaller than the median of the series a snapshot may be.
    pub max_shrink: Option<Percent>,
}

/// Tier of retention: how long snapshots are kept, and how dense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Age up to which the tier keeps snapshots.
    pub keep: Duration,
    /// Length of the intervals that each have at least one snapshot; `None`: one snapshot per slot.
    pub every: Option<Duration>,
    /// Storage class expected in this tier.
    pub class: Option<String>,
}

/// Promises with every default filled in; `None` where nothing is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promises {
    /// Allowed lateness.
    pub grace: Duration,
    /// The longest time between two slots of the schedule.
    pub gap: Option<Duration>,
    /// The promised age of the newest snapshot.
    pub recovery_point: Option<Duration>,
    /// Age of the newest snapshot from which on it is critical.
    pub alert_after: Option<Duration>,
    /// How long until the source is usable again.
    pub recovery_time: Option<Duration>,
    /// Tiers of retention, youngest first; empty if not promised.
    pub retention: Vec<Tier>,
    /// Largest allowed age of the proof.
    pub verification: Duration,
    /// Smallest allowed size of a snapshot, in bytes.
    pub minimum_size: Option<u64>,
    /// How much smaller than the median of the series a snapshot may be.
    pub max_shrink: Percent,
}

impl Promises {
    /// Fills in the defaults from the schedule and from what is known of the runs so far.
    pub(super) fn new(measure: &Measure, newest_first: &[Snapshot]) -> Self {
        let (configured, cadence) = (&measure.objectives, measure.cadence.as_ref());
        let runs: Vec<&Snapshot> = newest_first
            .iter()
            .filter(|snapshot| snapshot.state == SnapshotState::Complete)
            .take(RUNS_MAX)
            .collect();
        let grace = measure
            .grace
            .unwrap_or_else(|| default_grace(cadence, &runs));
        let recovery_point = configured
            .recovery_point
            .or_else(|| cadence.map(|cadence| default_point(cadence, grace, &runs)));
        let alert_after = configured.alert_after.or_else(|| {
            let gap = cadence.map_or(Duration::ZERO, Cadence::longest_gap);
            recovery_point.map(|point| point.max(gap.saturating_mul(2)))
        });
        Self {
            grace,
            gap: cadence.map(Cadence::longest_gap),
            recovery_point,
            alert_after,
            recovery_time: configured.recovery_time,
            retention: configured.retention.clone(),
            verification: configured.verification.unwrap_or(VERIFICATION),
            minimum_size: configured.minimum_size,
            max_shrink: configured.max_shrink.unwrap_or(MAX_SHRINK),
        }
    }

    /// Age up to which any tier keeps snapshots; `None` without retention.
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

/// Default promise: the longest gap of the schedule and the grace. If recovery points lie further
/// before their arrival (a name without an hour), that distance counts instead of the grace: else
/// the promise would be broken by design.
fn default_point(cadence: &Cadence, grace: Duration, runs: &[&Snapshot]) -> Duration {
    let lags = runs
        .iter()
        .map(|run| Duration::between(run.taken_at, run.completed_at));
    let longest = lags.filter(|lag| *lag <= cadence.longest_gap()).max();
    let lag = longest.map_or(Duration::ZERO, |lag| lag.saturating_add(GRACE_MARGIN));
    cadence.longest_gap().saturating_add(grace.max(lag))
}
