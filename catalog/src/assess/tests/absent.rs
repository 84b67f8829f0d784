//! Absent is not zero: what nobody has witnessed is not said.

use super::world::World;
use crate::{assess::Witness, ledger::Draft};

#[test]
fn before_the_first_survey_only_promises_are_known() {
    let mut world = World::healthy();
    world.inventory = None;
    world.assessed(|it| {
        assert!(it.holdings.is_none() && it.proof.is_none());
        assert!(it.concerns.iter().all(|(_, stands)| stands.is_none()));
        assert_eq!(it.recoverable, None);
        assert!(it.promises.recovery_point.is_some());
    });
}

#[test]
fn a_concern_without_its_witness_is_absent() {
    let check = |spoil: fn(&mut World), absent: &[Witness]| {
        let mut world = World::healthy();
        spoil(&mut world);
        world.assessed(|it| {
            for (concern, stands) in &it.concerns {
                let expected = absent.contains(&concern.witness());
                assert_eq!(stands.is_none(), expected, "{}", concern.name);
            }
        });
    };
    check(|_| {}, &[]);
    check(|w| w.intent = None, &[Witness::Intent, Witness::Joined]);
    check(|w| w.drafts = None, &[Witness::Proof]);
    check(|w| w.drafts = Some(Vec::<Draft>::new()), &[]);
}

#[test]
fn without_a_schedule_nothing_is_ever_late() {
    let mut world = World::healthy();
    (world.cadence, world.intent) = (None, None);
    world.objectives.retention.clear();
    world.now = "2026-11-28T00:00:00Z".parse().unwrap();
    world.assessed(|it| {
        let holdings = it.holdings.as_ref().unwrap();
        assert_eq!(
            (holdings.missed_runs, holdings.next_expected, holdings.gaps),
            (None, None, None)
        );
        assert_eq!(
            (it.promises.recovery_point, it.promises.alert_after),
            (None, None)
        );
        assert_eq!(
            it.standing()
                .map(|concern| concern.name)
                .collect::<Vec<_>>(),
            Vec::<&str>::new()
        );
    });
    world.snapshots().clear();
    assert_eq!(world.standing(), ["missing"]);
}
