//! Whether something was made, and whether it arrived.

use jiff::SignedDuration;
use settings::Duration;

use super::Case;
use crate::{
    assess::{
        ProducerStatus,
        tests::world::{World, time},
    },
    model::SnapshotState,
};

pub(super) const INTENT: &[Case] = &[
    (
        "failed",
        |w| w.intent().status = ProducerStatus::Failed,
        &["producer_failed"],
    ),
    (
        "running",
        |w| w.intent().status = ProducerStatus::Running,
        &[],
    ),
    (
        "missed",
        |w| w.intent().last_run_at = Some(time("2026-11-21T02:00:01Z")),
        &["producer_missed", "unknown_writer"],
    ),
    (
        "suspended",
        |w| w.intent().status = ProducerStatus::Suspended,
        &["producer_suspended"],
    ),
    (
        "unknown",
        |w| w.intent().status = ProducerStatus::Unknown,
        &["producer_unknown"],
    ),
    (
        "other schedule",
        |w| w.intent().schedule_matches = Some(false),
        &["schedule_mismatch"],
    ),
    (
        "schedule not known",
        |w| w.intent().schedule_matches = None,
        &[],
    ),
    (
        "nothing arrived",
        |w| drop(w.snapshots().remove(0)),
        &["late", "recovery_point_exceeded", "silent_loss"],
    ),
    (
        "nothing arrived yet",
        |w| {
            w.snapshots().remove(0);
            w.verification().ended_at = time("2026-11-22T02:13:00Z");
            w.now = time("2026-11-22T02:14:00Z");
        },
        &[],
    ),
    (
        "written hours after the run",
        |w| {
            w.grace = Some(Duration::from_mins(30));
            w.newest().completed_at = time("2026-11-22T11:00:00Z");
        },
        &["unknown_writer"],
    ),
];

/// A source watched since noon without a snapshot, with an empty ledger. The lateness is 75
/// minutes, as no run is known.
fn watched_in_vain(w: &mut World) {
    w.snapshots().clear();
    w.intent = None;
    w.drafts = Some(vec![]);
    w.watched_since = w.now;
    (w.settle, w.refresh) = (Duration::from_mins(10), Duration::from_mins(5));
}

/// A source that since noon has one file that is always being written.
fn always_young(w: &mut World) {
    w.snapshots().truncate(1);
    w.newest().state = SnapshotState::InProgress;
    w.intent = None;
    w.drafts = Some(vec![]);
    w.watched_since = w.now;
}

pub(super) const ARRIVAL: &[Case] = &[
    ("healthy", |_| {}, &[]),
    (
        "none ever",
        |w| {
            w.snapshots().clear();
            w.intent = None;
        },
        &["missing"],
    ),
    (
        "none yet",
        |w| {
            w.snapshots().clear();
            w.intent = None;
            w.drafts = Some(vec![]);
            w.watched_since = w.now;
        },
        &[],
    ),
    (
        "none at the first slot and its lateness",
        |w| {
            watched_in_vain(w);
            w.now = time("2026-11-23T03:15:00Z");
        },
        &[],
    ),
    (
        "none after it",
        |w| {
            watched_in_vain(w);
            w.now = time("2026-11-23T03:15:01Z");
        },
        &["missing"],
    ),
    (
        "none after a restart behind it",
        |w| {
            watched_in_vain(w);
            w.now = time("2026-11-23T03:15:01Z");
            w.watched_since = w.now;
        },
        &[],
    ),
    (
        "emptied, as an earlier survey knows",
        |w| {
            watched_in_vain(w);
            w.was_held = true;
        },
        &["missing"],
    ),
    (
        "emptied, as a record knows",
        |w| {
            w.snapshots().clear();
            w.intent = None;
            w.watched_since = w.now;
        },
        &["missing"],
    ),
    (
        "none ever, with a promise instead of a schedule",
        |w| {
            watched_in_vain(w);
            w.cadence = None;
            w.objectives.recovery_point = Some(Duration::from_hours(1));
            w.now = w.watched_since + SignedDuration::from_hours(1);
        },
        &[],
    ),
    (
        "none for longer than promised",
        |w| {
            watched_in_vain(w);
            w.cadence = None;
            w.objectives.recovery_point = Some(Duration::from_hours(1));
            w.now = w.watched_since + SignedDuration::from_secs(3601);
        },
        &["missing"],
    ),
    (
        "none, and nothing says when there should be",
        |w| {
            watched_in_vain(w);
            w.cadence = None;
        },
        &["missing"],
    ),
    (
        "nothing finished until its critical age",
        |w| {
            always_young(w);
            w.now = w.watched_since + SignedDuration::from_hours(48);
            w.newest().artifacts[0].meta.modified_at = w.now;
            w.newest().taken_at = w.now;
        },
        &[],
    ),
    (
        "nothing finished for longer",
        |w| {
            always_young(w);
            w.now = w.watched_since + SignedDuration::from_hours(49);
            w.newest().artifacts[0].meta.modified_at = w.now;
            w.newest().taken_at = w.now;
        },
        &["stale"],
    ),
    (
        "within grace, settle and refresh",
        |w| {
            w.now = time("2026-11-23T02:30:10Z");
            w.intent = None;
            (w.settle, w.refresh) = (Duration::from_mins(10), Duration::from_mins(5));
        },
        &["recovery_point_exceeded"],
    ),
    (
        "after grace, settle and refresh",
        |w| {
            w.now = time("2026-11-23T02:30:11Z");
            w.intent = None;
            (w.settle, w.refresh) = (Duration::from_mins(10), Duration::from_mins(5));
        },
        &["late", "recovery_point_exceeded"],
    ),
    (
        "slot not passed",
        |w| w.now = time("2026-11-23T01:59:59Z"),
        &[],
    ),
    (
        "within grace",
        |w| {
            w.now = time("2026-11-23T02:15:10Z");
            w.intent = None;
        },
        &[],
    ),
    (
        "after grace",
        |w| {
            w.now = time("2026-11-23T02:15:11Z");
            w.intent = None;
        },
        &["late"],
    ),
    (
        "promise broken",
        |w| {
            w.now = time("2026-11-23T02:15:21Z");
            w.intent = None;
        },
        &["late", "recovery_point_exceeded"],
    ),
    (
        "two missed",
        |w| {
            w.now = time("2026-11-24T02:00:00Z");
            w.intent = None;
        },
        &["late", "recovery_point_exceeded"],
    ),
    (
        "critical",
        |w| {
            w.now = time("2026-11-24T02:00:11Z");
            w.intent = None;
        },
        &["late", "recovery_point_exceeded", "stale"],
    ),
    (
        "promise kept",
        |w| w.objectives.recovery_point = Some(Duration::from_hours(10)),
        &[],
    ),
    (
        "stricter promise",
        |w| w.objectives.recovery_point = Some(Duration::from_hours(9)),
        &["recovery_point_exceeded"],
    ),
    (
        "an old file again",
        |w| {
            w.intent = None;
            w.snapshots().drain(1..3);
            w.newest().taken_at = time("2026-11-20T02:00:10Z");
        },
        &["late", "recovery_point_exceeded", "stale", "uploaded_late"],
    ),
    (
        "clock ahead",
        |w| w.newest().from_the_future = true,
        &["from_the_future"],
    ),
];
