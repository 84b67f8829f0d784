//! What lies in the repository.

use super::Case;
use crate::{
    assess::tests::world::{World, keep, snapshot, time},
    ledger::fixtures,
    model::{Continues, LineageLink, SnapshotState as State},
};

fn link(full: bool) -> LineageLink {
    LineageLink {
        lineage: "one".into(),
        full,
        first: 1,
        last: 1,
    }
}

pub(super) const STATE: &[Case] = &[
    (
        "failed",
        |w| w.newest().state = State::Failed,
        &["late", "recovery_point_exceeded", "failed", "silent_loss"],
    ),
    (
        "invalid",
        |w| w.newest().state = State::Invalid,
        &["late", "recovery_point_exceeded", "failed", "silent_loss"],
    ),
    (
        "failed before",
        |w| w.snapshots()[1].state = State::Failed,
        &["gap"],
    ),
    (
        "partial",
        |w| w.newest().state = State::Partial,
        &["late", "recovery_point_exceeded", "partial", "silent_loss"],
    ),
    (
        "partial before",
        |w| w.snapshots()[1].state = State::Partial,
        &["gap"],
    ),
    (
        "in progress for long",
        |w| unfinished(w, "2026-11-22T11:29:00Z"),
        &["stuck"],
    ),
    (
        "in progress",
        |w| unfinished(w, "2026-11-22T11:31:00Z"),
        &[],
    ),
    (
        "failed while the next is written",
        |w| {
            w.newest().state = State::Failed;
            unfinished(w, "2026-11-22T11:59:00Z");
            w.intent = None;
        },
        &["late", "recovery_point_exceeded", "failed"],
    ),
    (
        "too small",
        |w| w.objectives.minimum_size = Some(1001),
        &["too_small"],
    ),
    (
        "just large enough",
        |w| w.objectives.minimum_size = Some(1000),
        &[],
    ),
    ("shrunk", |w| w.objects().size_bytes = 499, &["shrunk"]),
    ("at half its size", |w| w.objects().size_bytes = 500, &[]),
    (
        "differential and small",
        |w| {
            w.objects().size_bytes = 1;
            w.newest().facts.lineage = Some(link(false));
        },
        &[],
    ),
    (
        "of unknown place and small",
        |w| {
            w.objects().size_bytes = 1;
            w.newest().continues = Continues::Unknown;
        },
        &[],
    ),
    (
        "full and small",
        |w| {
            w.objects().size_bytes = 99;
            w.newest().facts.lineage = Some(link(true));
        },
        &["too_small", "shrunk"],
    ),
    (
        "differential ones behind a full one that shrunk",
        |w| {
            for (index, it) in w.snapshots().iter_mut().enumerate() {
                let is_full = index % 5 == 1;
                it.facts.lineage = Some(link(is_full));
                it.artifacts[0].meta.size_bytes = if is_full { 1000 } else { 1 };
            }
            w.snapshots()[1].artifacts[0].meta.size_bytes = 499;
        },
        &["shrunk"],
    ),
    (
        "shrunk without a series",
        |w| {
            w.objects().size_bytes = 499;
            w.snapshots().truncate(3);
        },
        &[],
    ),
    (
        "two of one time",
        |w| w.inventory.as_mut().unwrap().duplicates = 1,
        &["duplicate"],
    ),
];

pub(super) const RETENTION: &[Case] = &[
    ("a hole", |w| drop(w.snapshots().remove(7)), &["gap"]),
    (
        "longer promised, but nobody knows of older ones",
        |w| w.objectives.retention = vec![keep(60)],
        &[],
    ),
    (
        "older ones are known of",
        |w| {
            known_since(w, "2026-09-01T02:00:10Z");
            w.objectives.retention = vec![keep(60)];
        },
        &["retention_short"],
    ),
    (
        "older ones are rightly gone",
        |w| known_since(w, "2026-09-01T02:00:10Z"),
        &[],
    ),
    (
        "kept for longer",
        |w| w.objectives.retention = vec![keep(26)],
        &["retention_exceeded"],
    ),
    (
        "not deleted yet",
        |w| w.objectives.retention = vec![keep(27)],
        &[],
    ),
    ("nothing promised", |w| w.objectives.retention = vec![], &[]),
];

fn unfinished(world: &mut World, began: &str) {
    let mut unfinished = snapshot(time(began));
    unfinished.state = State::InProgress;
    unfinished.artifacts[0].meta.modified_at = time(began);
    world.snapshots().insert(0, unfinished);
}

fn known_since(world: &mut World, taken_at: &str) {
    world
        .drafts
        .as_mut()
        .unwrap()
        .insert(0, fixtures::verified(time(taken_at)));
}
