//! What is said of a source, from its records and what lies there.

use super::*;
use crate::{
    ledger::{
        Draft, Reason, Trigger,
        fixtures::{acceptance, at, cache, sealed, verification},
    },
    model::{Artifact, Key, ObjectMeta, SnapshotFacts},
};

/// A run, of the snapshot of that time.
fn run(taken_at: &str, reason: Option<Reason>) -> Verification {
    let mut run = verification(at(taken_at), reason);
    run.ended_at = at("11:00:00");
    run
}

/// The snapshot of that time, as the records of the fixtures name it.
fn listed(taken_at: &str) -> Snapshot {
    let written = crate::ledger::fixtures::snapshot(at(taken_at));
    let object = &written.artifacts[0];
    let meta = ObjectMeta {
        key: Key::new(&object.key),
        size_bytes: object.size_bytes,
        modified_at: object.modified_at,
        etag: object.etag.clone(),
        version_id: None,
        storage_class: None,
    };
    Snapshot {
        id: written.id.clone(),
        source: cache(),
        taken_at: at(taken_at),
        taken_at_from: written.taken_at_from,
        from_the_future: false,
        completed_at: at(taken_at),
        state: SnapshotState::Complete,
        artifacts: vec![Artifact {
            name: String::new(),
            meta,
        }],
        facts: SnapshotFacts::default(),
        continues: crate::model::Continues::Nothing,
        manifests: std::collections::BTreeMap::new(),
    }
}

fn proofs(records: Vec<Draft>, snapshots: Vec<Snapshot>) -> Proofs {
    answered(records, snapshots, None)
}

fn answered(records: Vec<Draft>, snapshots: Vec<Snapshot>, answer: Option<&OldVersions>) -> Proofs {
    let mut ledger = Ledger::new(cache());
    for (sequence, text) in (1..).zip(sealed(records)) {
        ledger.take(sequence, Ok(&text));
    }
    let inventory = SourceInventory {
        snapshots,
        ..SourceInventory::default()
    };
    Proofs::new(&ledger, &inventory, answer, at("12:00:00"))
}

/// (status, newest verified, standing failure), by the hour of their recovery points.
#[track_caller]
fn check(
    runs: Vec<Verification>,
    snapshots: Vec<Snapshot>,
    expected: (Option<(&str, Verdict)>, Option<&str>, Option<&str>),
) {
    let drafts = runs.into_iter().map(|it| Draft::Verification(Box::new(it)));
    let proofs = proofs(drafts.collect(), snapshots);
    let newest = proofs.newest().map(|it| (it.snapshot.taken_at, it.verdict));
    let of = |run: Option<&Verification>| run.map(|it| it.snapshot.taken_at);
    let found = (newest, of(proofs.verified()), of(proofs.failed()));
    let (status, verified, failed) = expected;
    let status = status.map(|(time, verdict)| (at(time), verdict));
    assert_eq!(found, (status, verified.map(at), failed.map(at)));
}

const VERIFIED: Verdict = Verdict::Verified;
const FAILED: Verdict = Verdict::Failed;
const UNKNOWN: Verdict = Verdict::Inconclusive;

#[test]
fn what_absolves_needs_its_object_and_what_accuses_does_not() {
    let both = || vec![listed("05:00:00"), listed("04:00:00")];
    let good = || run("05:00:00", None);
    check(
        vec![good()],
        both(),
        (Some(("05:00:00", VERIFIED)), Some("05:00:00"), None),
    );
    let gone = || vec![listed("04:00:00")];
    check(
        vec![run("04:00:00", None), good()],
        gone(),
        (Some(("04:00:00", VERIFIED)), Some("04:00:00"), None),
    );
    // Nothing that was judged lies there: what was said last is said, and proves nothing.
    check(
        vec![good()],
        gone(),
        (Some(("05:00:00", VERIFIED)), None, None),
    );
    let bad = || run("05:00:00", Some(Reason::Damaged));
    check(
        vec![run("04:00:00", None), bad()],
        gone(),
        (
            Some(("05:00:00", FAILED)),
            Some("04:00:00"),
            Some("05:00:00"),
        ),
    );
}

#[test]
fn of_one_object_the_later_record_wins_whatever_recovery_point_it_names() {
    let named = |taken_at: &str, reason| {
        let mut it = run("05:00:00", reason);
        it.snapshot.taken_at = at(taken_at);
        it
    };
    let lies = || vec![listed("05:00:00"), listed("04:00:00")];
    check(
        vec![
            named("05:00:00", None),
            named("03:00:00", Some(Reason::Damaged)),
        ],
        lies(),
        (Some(("03:00:00", FAILED)), None, Some("03:00:00")),
    );
    check(
        vec![
            named("05:00:00", Some(Reason::Damaged)),
            named("03:00:00", None),
        ],
        lies(),
        (Some(("03:00:00", VERIFIED)), Some("03:00:00"), None),
    );
}

#[test]
fn to_have_found_out_nothing_takes_back_neither_proof_nor_failure() {
    let lies = || vec![listed("05:00:00")];
    let then = |first, second| vec![run("05:00:00", first), run("05:00:00", Some(second))];
    let unknown = Some(("05:00:00", UNKNOWN));
    check(
        then(None, Reason::Deadline),
        lies(),
        (unknown, Some("05:00:00"), None),
    );
    check(
        then(None, Reason::UnstableRead),
        lies(),
        (unknown, None, None),
    );
    for vain in [Reason::Deadline, Reason::UnstableRead] {
        check(
            then(Some(Reason::Damaged), vain),
            lies(),
            (unknown, None, Some("05:00:00")),
        );
    }
}

#[test]
fn a_look_aside_says_nothing_of_the_newest() {
    let lies = || vec![listed("05:00:00"), listed("04:00:00")];
    let proven = (Some(("05:00:00", VERIFIED)), Some("05:00:00"), None);
    let with = |aside: Verification| vec![run("05:00:00", None), aside];
    for reason in [None, Some(Reason::Damaged), Some(Reason::Deadline)] {
        // At an older one.
        check(with(run("04:00:00", reason)), lies(), proven);
        // At one that is not complete, however new.
        for state in [SnapshotState::InProgress, SnapshotState::Partial] {
            let mut snapshots = lies();
            let mut unfinished = listed("06:00:00");
            unfinished.state = state;
            snapshots.insert(0, unfinished);
            check(with(run("06:00:00", reason)), snapshots, proven);
        }
    }
    // At one that went away while it was looked at.
    let mut vanished = run("06:00:00", Some(Reason::Vanished));
    vanished.trigger = Trigger::Manual;
    check(with(vanished.clone()), lies(), proven);
    check(vec![vanished], lies(), (None, None, None));
    // The newest could not be judged, and then an older one is looked at by hand.
    let unknown = run("05:00:00", Some(Reason::Deadline));
    let looks_back = run("04:00:00", Some(Reason::Damaged));
    check(
        vec![unknown, looks_back],
        lies(),
        (Some(("05:00:00", UNKNOWN)), None, None),
    );
}

#[test]
fn a_differential_snapshot_says_nothing_of_its_source() {
    let mut differential = listed("06:00:00");
    differential.continues = crate::model::Continues::Unknown;
    assert!(differential.is_differential());
    check(
        vec![
            run("05:00:00", None),
            run("06:00:00", Some(Reason::Damaged)),
        ],
        vec![differential, listed("05:00:00")],
        (Some(("05:00:00", VERIFIED)), Some("05:00:00"), None),
    );
}

#[test]
fn a_touched_file_proves_nothing_and_has_not_vanished() {
    let tagged = |tag: &str| {
        let mut snapshot = listed("05:00:00");
        snapshot.artifacts[0].meta.etag = Some(tag.into());
        snapshot
    };
    let mut proven = run("05:00:00", None);
    proven.snapshot.artifacts[0].etag = Some("1-3e8-6a.0-6a.0".into());
    let lost = |snapshots: Vec<Snapshot>| {
        let drafts = vec![Draft::Verification(Box::new(proven.clone()))];
        let proofs = proofs(drafts, snapshots);
        let how = proofs.lost().map(Lost::how);
        (proofs.verified().is_some(), how)
    };
    assert_eq!(lost(vec![tagged("1-3e8-6a.0-6a.0")]), (true, None));
    assert_eq!(lost(vec![tagged("1-3e8-6a.0-6b.0")]), (false, None));
    let other = || tagged("2-3e8-6a.0-6b.0");
    assert_eq!(lost(vec![other()]), (false, Some(Loss::Overwritten)));
    let older = || vec![listed("04:00:00")];
    assert_eq!(lost(older()), (false, Some(Loss::BeforeOlder)));
    assert_eq!(lost(Vec::new()), (false, Some(Loss::WithOlder)));
}

/// How the only proof is lost, whether that is shown, and where its object is. `said` holds what
/// the store answered about the record's versions, if it was asked.
fn told(
    proven: &Verification,
    lying: &[Snapshot],
    said: &[Option<bool>],
) -> (Option<(Loss, bool)>, Option<Place>) {
    let drafts = || vec![Draft::Verification(Box::new(proven.clone()))];
    let unasked = proofs(drafts(), lying.to_vec());
    let answer = unasked.lost().zip(said.first());
    let answer = answer.map(|(lost, are_there)| lost.answer(*are_there));
    let proofs = answered(drafts(), lying.to_vec(), answer.as_ref());
    assert_eq!(proofs.verified(), None);
    let lost = proofs.lost().map(|it| (it.how(), it.is_shown()));
    (lost, proofs.newest_place())
}

#[test]
fn a_proof_that_names_versions_is_lost_once_the_store_says_that_one_is_not_there() {
    let mut unversioned = run("05:00:00", None);
    let mut versioned = unversioned.clone();
    versioned.snapshot.artifacts[0].version_id = Some("v1".into());
    let mut other = listed("05:00:00");
    other.artifacts[0].meta.etag = Some("other".into());
    for (lying, how, place) in [
        (vec![], Loss::WithOlder, Place::Gone),
        (vec![listed("04:00:00")], Loss::BeforeOlder, Place::Gone),
        (vec![other], Loss::Overwritten, Place::Overwritten),
    ] {
        let nobody_knows = (Some((how, false)), Some(place));
        let lost = (Some((how, true)), Some(place));
        let check = |said: &[_], expected| assert_eq!(told(&versioned, &lying, said), expected);
        check(&[], nobody_knows);
        check(&[None], nobody_knows);
        check(&[Some(false)], lost);
        check(&[Some(true)], (None, Some(Place::OldVersion)));
        assert_eq!(told(&unversioned, &lying, &[]), lost);
        // Of a store that keeps the one and not the other, nothing is asked.
        let mut half = versioned.clone();
        half.snapshot.continues = unversioned.snapshot.artifacts.clone();
        assert_eq!(told(&half, &lying, &[]), lost);
    }
    // Renewed since: that is another record.
    let drafts = |runs: &[&Verification]| {
        let runs = runs.iter().map(|it| Box::new((*it).clone()));
        runs.map(Draft::Verification).collect::<Vec<_>>()
    };
    let before = proofs(drafts(&[&versioned]), Vec::new());
    let answer = before.lost().map(|it| it.answer(Some(true)));
    unversioned.snapshot.artifacts[0].version_id = Some("v2".into());
    let both = drafts(&[&versioned, &unversioned]);
    let lost = answered(both, Vec::new(), answer.as_ref());
    assert_eq!(lost.lost().map(Lost::is_shown), None, "the other is there");
    let again = answered(drafts(&[&unversioned]), Vec::new(), answer.as_ref());
    assert_eq!(again.lost().map(Lost::is_shown), Some(false));
}

#[test]
fn an_accepted_snapshot_is_no_failure_and_answers_an_older_one() {
    let verification = |taken_at, reason| Draft::Verification(Box::new(run(taken_at, reason)));
    let mut accepted = acceptance(at("05:00:00"), 7);
    if let Draft::Acceptance(act) = &mut accepted {
        act.ended_at = at("11:30:00");
    }
    let drafts = vec![
        verification("04:00:00", Some(Reason::Damaged)),
        verification("05:00:00", Some(Reason::Expectation)),
        accepted,
    ];
    let lies = vec![listed("05:00:00"), listed("04:00:00")];
    assert_eq!(proofs(drafts.clone(), lies.clone()).failed(), None);
    let unanswered = proofs(drafts[..2].to_vec(), lies);
    let failed = unanswered.failed().map(|it| it.snapshot.taken_at);
    assert_eq!(failed, Some(at("05:00:00")));
}

#[test]
fn a_source_is_undecided_by_what_lies_there_and_while_no_later_run_has_a_verdict() {
    let check = |runs: &[(&str, Option<Reason>)], lies: &[&str], expected: Option<&str>| {
        let drafts = runs.iter().map(|(taken_at, reason)| run(taken_at, *reason));
        let drafts = drafts.map(|it| Draft::Verification(Box::new(it))).collect();
        let proofs = proofs(drafts, lies.iter().map(|it| listed(it)).collect());
        let label = expected.map(|it| format!("its newest proof is inconclusive ({it})"));
        assert_eq!(proofs.mendable(), label, "{runs:?} {lies:?}");
    };
    let [unsummed, killed, cut] =
        [Reason::NoChecksum, Reason::Killed, Reason::Interrupted].map(Some);
    let both = ["05:00:00", "04:00:00"];
    let told = Some("no_checksum");
    let newest = ("05:00:00", unsummed);
    check(&[newest], &both, told);
    check(&[("05:00:00", killed)], &both, None);
    check(&[newest, ("05:00:00", cut)], &both, told);
    check(&[newest, ("05:00:00", None)], &both, None);
    // A look back says nothing; where the newest is gone, the older one is what is said.
    check(&[newest, ("04:00:00", None)], &both, told);
    check(&[newest, ("04:00:00", None)], &both[1..], None);
    check(&[("04:00:00", None), newest], &both[1..], None);
    check(&[("04:00:00", None), ("05:00:00", None)], &both, None);
    check(&[], &both, None);
}
