//! Snapshots that continue others.

use super::*;
use crate::ledger::{ArtifactRecord, fixtures::snapshot};

/// The object of the snapshot of this time, as a record has it.
fn object(taken_at: &str) -> ArtifactRecord {
    snapshot(at(taken_at)).artifacts.remove(0)
}

/// The snapshot of 09:00, which continues those of these times, the first one first.
fn behind(before: &[&str]) -> Snapshot {
    let mut continues = Continues::Nothing;
    for time in before {
        let mut next = listed(at(time));
        next.continues = continues;
        continues = Continues::Snapshot(Arc::new(next));
    }
    Snapshot {
        continues,
        ..listed(at("09:00:00"))
    }
}

fn run_of(before: &[&str], reason: Option<Reason>) -> Verification {
    let mut it = verification(at("09:00:00"), reason);
    it.snapshot.continues = before.iter().map(|time| object(time)).collect();
    it
}

fn draft(run: Verification) -> Draft {
    Draft::Verification(Box::new(run))
}

#[test]
fn a_proof_is_of_all_that_was_restored_together() {
    let chain = ["01:00:00", "02:00:00"];
    let ledger = ledger([draft(run_of(&chain, None))]);
    let is_known = |snapshot: &Snapshot| past(&ledger).of_object(snapshot).is_some();
    assert!(is_known(&behind(&chain)));
    for other in [&[][..], &chain[..1], &chain[1..], &["02:00:00", "01:00:00"]] {
        assert!(!is_known(&behind(other)), "{other:?}");
    }
    let longer = ["01:00:00", "02:00:00", "03:00:00"];
    assert!(!is_known(&behind(&longer)));
    // The same links, of which one was replaced.
    let mut replaced = listed(at("01:00:00"));
    replaced.artifacts[0].meta.etag = Some("other".into());
    let mut second = listed(at("02:00:00"));
    second.continues = Continues::Snapshot(Arc::new(replaced));
    let mut last = behind(&chain);
    last.continues = Continues::Snapshot(Arc::new(second));
    assert!(!is_known(&last));
    for unknown in [
        Continues::Unknown,
        Continues::TooMany,
        Continues::Missing("a gap".into()),
    ] {
        let mut unsure = behind(&chain);
        unsure.continues = unknown;
        assert!(!is_known(&unsure), "{unsure:?}");
    }
}

#[test]
fn what_could_not_be_restored_is_known_again_as_long_as_nothing_more_is_known() {
    let ledger = ledger([draft(run_of(&[], Some(Reason::UnstableRead)))]);
    let mut unknown = behind(&[]);
    unknown.continues = Continues::Unknown;
    assert!(past(&ledger).of_object(&unknown).is_some());
    assert_eq!(past(&ledger).of_object(&behind(&["01:00:00"])), None);
}

#[test]
fn an_acceptance_is_of_all_that_was_restored_together() {
    let check = |before: &[&str], expected: bool| {
        let failed = run_of(&["01:00:00"], Some(Reason::Expectation));
        let Draft::Acceptance(mut accepted) = acceptance(at("09:00:00"), 7) else {
            panic!("an acceptance");
        };
        accepted.snapshot = run_of(before, None).snapshot;
        let ledger = ledger([draft(failed.clone()), Draft::Acceptance(accepted)]);
        assert_eq!(past(&ledger).is_accepted(&failed), expected, "{before:?}");
    };
    check(&["01:00:00"], true);
    check(&["02:00:00"], false);
    check(&[], false);
}

#[test]
fn a_measurement_is_of_all_that_is_restored_together() {
    let before = ["01:00:00", "02:00:00"];
    let ledger = ledger([draft(run_of(&before, None))]);
    let measured = past(&ledger).measurements().next().unwrap();
    assert_eq!(measured.size_bytes, behind(&before).lineage_bytes());
    assert_eq!(measured.milliseconds, 2000);
}

#[test]
fn the_digest_of_what_was_continued_is_known_too() {
    let mut read = run_of(&["01:00:00", "02:00:00"], None);
    read.snapshot.continues[1].sha256 = Some("b".into());
    let ledger = ledger([draft(read)]);
    let known = |time: &str| {
        let meta = listed(at(time)).artifacts.remove(0).meta;
        past(&ledger).read_whole(&meta).map(|it| it.1.to_owned())
    };
    assert_eq!(known("02:00:00"), Some("b".into()));
    assert_eq!(known("01:00:00"), None);
}
