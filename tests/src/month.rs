//! A month of five sources, as a real Prometheus has it: both programs run in simulated time, and
//! are scraped every five minutes.
//!
//! The month always ends at the same time, so that what is asked of it has always the same answer.
//! Nothing in it is made up but what the outside world does: snapshots, faults, verdicts.

pub(crate) mod backfill;
mod samples;
mod story;
mod world;

use std::thread;

use jiff::{SignedDuration, Timestamp};

pub(crate) use self::samples::Samples;
use crate::prometheus_server::PrometheusServer;

/// End of the month: 2026-11-19T09:00:00Z.
pub const END: Timestamp = Timestamp::constant(1_795_078_800, 0);

/// Length of the month.
pub const LENGTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Time between two scrapes.
pub const SCRAPED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Lives through the month and returns a Prometheus that has all of it, the recordings of `alerts/`
/// included.
///
/// # Panics
/// When there is no `prometheus` or `promtool`, or a program fails.
pub fn serve() -> PrometheusServer {
    let folder = tempfile::tempdir().expect("a folder");
    let exposed = folder.path().join("month.txt");
    // By itself: its time is paused, and that of the caller's runtime, if there is one, is not.
    thread::scope(|scope| scope.spawn(|| world::live(&exposed)).join()).expect("it is lived");
    backfill::samples(&exposed, folder.path());
    backfill::recordings(folder)
}
