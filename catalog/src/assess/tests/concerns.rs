//! Every concern: what makes it stand, and what just does not.

mod arrival;
mod held;
mod known;
mod proof;

use jiff::SignedDuration;
use settings::Duration;

use self::proof::verdict;
use super::world::World;
use crate::{
    assess::{CONCERNS, Severity, Witness},
    ledger::Reason,
    model::SnapshotState as State,
};

/// A change to a healthy source, and every concern that then stands.
type Case = (&'static str, fn(&mut World), &'static [&'static str]);

const ALL: [&[Case]; 6] = [
    arrival::INTENT,
    arrival::ARRIVAL,
    held::STATE,
    held::RETENTION,
    proof::PROOF,
    known::KNOWN,
];

/// Says what is not as expected in a case.
fn check((name, spoil, expected): &Case) -> Option<String> {
    let mut world = World::healthy();
    spoil(&mut world);
    let found = world.standing();
    (found != *expected).then(|| format!("{name}: {found:?}, expected {expected:?}"))
}

#[test]
fn every_concern_stands_for_its_reason_and_no_other() {
    let cases = ALL.into_iter().flatten();
    let wrong: Vec<String> = cases.filter_map(check).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_changed_record_is_a_concern() {
    let world = World::healthy();
    let mut ledger = world.ledger().unwrap();
    ledger.take(2, Ok("{}"));
    let figures = world.figures(Some(ledger));
    let assessment = figures.assess(world.now);
    let names: Vec<_> = assessment.standing().map(|concern| concern.name).collect();
    assert_eq!(names, ["evidence_broken"]);
    assert_eq!(assessment.recoverable, Some(false));
}

#[test]
fn no_concern_is_without_a_test_that_makes_it_stand() {
    let cases = ALL.into_iter().flatten();
    let mut tested: Vec<&str> = cases.flat_map(|(_, _, names)| *names).copied().collect();
    tested.push("evidence_broken");
    for concern in CONCERNS {
        assert!(tested.contains(&concern.name), "{}", concern.name);
    }
}

#[test]
fn the_table_is_the_documented_list() {
    let of = |witness: Witness| -> Vec<&str> {
        CONCERNS
            .iter()
            .filter(|it| it.witness() == witness)
            .map(|it| it.name)
            .collect()
    };
    assert_eq!(of(Witness::Intent).len(), 5);
    assert_eq!(of(Witness::Evidence).len(), 15);
    assert_eq!(of(Witness::Proof).len(), 13);
    assert_eq!(of(Witness::Joined), ["silent_loss", "unknown_writer"]);
    for (name, severity) in [
        ("gap", Severity::Info),
        ("retention_exceeded", Severity::Info),
        ("duplicate", Severity::Info),
        ("late", Severity::Warning),
        ("recovery_point_exceeded", Severity::Warning),
        ("stale", Severity::Critical),
    ] {
        let concern = CONCERNS.iter().find(|it| it.name == name).unwrap();
        assert_eq!(concern.severity, severity, "{name}");
    }
}

#[test]
fn recoverable_is_said_only_where_it_is_known() {
    let check = |spoil: fn(&mut World), expected: Option<bool>| {
        let mut world = World::healthy();
        spoil(&mut world);
        assert_eq!(
            world.assessed(|it| it.recoverable),
            expected,
            "{:?}",
            world.standing()
        );
    };
    check(|_| {}, Some(true));
    check(
        |w| {
            w.newest().state = State::Invalid;
            w.intent = None;
        },
        None,
    );
    check(
        |w| w.objectives.verification = Some(Duration::from_hours(8)),
        Some(false),
    );
    check(|w| verdict(w, Reason::Damaged), Some(false));
    check(|w| w.now += SignedDuration::from_hours(48), Some(false));
    check(|w| w.drafts = None, None);
    check(|w| w.inventory = None, None);
    check(
        |w| {
            w.drafts = Some(vec![]);
            w.snapshots().truncate(3);
        },
        None,
    );
}
