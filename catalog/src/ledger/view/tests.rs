use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

mod chained;
mod renamed;

use super::*;
use crate::{
    ledger::{
        Draft, Fed, Finding, Outcome, Reason, SandboxRecord, Verdict,
        fixtures::{acceptance, at, cache, sealed, verification},
    },
    model::{
        Artifact, Continues, Key, ObjectMeta, Snapshot, SnapshotFacts, SnapshotState, SourceName,
    },
};

fn ledger(drafts: impl IntoIterator<Item = Draft>) -> Ledger {
    let mut ledger = Ledger::new(cache());
    for (sequence, text) in (1..).zip(sealed(drafts)) {
        ledger.take(sequence, Ok(&text));
    }
    assert_eq!(ledger.report().first_break, None);
    ledger
}

/// The ledger with all of its records, none from the future.
fn past(ledger: &Ledger) -> Past<'_> {
    ledger.until(Timestamp::MAX)
}

fn run(taken_at: &str, reason: Option<Reason>) -> Draft {
    Draft::Verification(Box::new(verification(at(taken_at), reason)))
}

fn measured(taken_at: &str, bytes: u64, milliseconds: u64) -> Draft {
    let mut it = verification(at(taken_at), None);
    it.snapshot.artifacts[0].size_bytes = bytes;
    it.recovery_milliseconds = Some(milliseconds);
    Draft::Verification(Box::new(it))
}

fn sandbox(fed: Fed) -> SandboxRecord {
    let sandbox = r#"{"runtime":"docker","image":"a","image_id":null,"network":"none",
        "egress":"denied","volume_limit":"none","user":"","memory_bytes":null}"#;
    let sandbox = serde_json::from_str(sandbox).expect("a record of an earlier version");
    SandboxRecord { fed, ..sandbox }
}

/// Hourly verifications of a graph with many labels would fill the memory otherwise.
#[test]
fn fingerprints_that_stay_are_kept_once() {
    let of = |taken_at, marks: &[(&str, &str)]| {
        let mut it = verification(at(taken_at), None);
        let marks = marks
            .iter()
            .map(|(kind, mark)| ((*kind).to_owned(), Arc::from([(*mark).to_owned()])));
        it.fingerprints = marks.collect();
        Draft::Verification(Box::new(it))
    };
    let ledger = ledger([
        of("01:00:00", &[("indexes", "a"), ("labels", "b")]),
        of("02:00:00", &[]),
        of("03:00:00", &[("indexes", "a"), ("labels", "c")]),
    ]);
    let all: Vec<_> = ledger.verifications().map(|it| &it.fingerprints).collect();
    assert!(Arc::ptr_eq(&all[0]["indexes"], &all[2]["indexes"]));
    assert_eq!(*all[0]["labels"], ["b"]);
    assert_eq!(*all[2]["labels"], ["c"]);
}

#[test]
fn what_stays_from_one_verification_to_the_next_is_kept_once() {
    let of = |taken_at, by: &str| {
        let mut it = verification(at(taken_at), None);
        it.by = by.into();
        it.sandbox = Some(Arc::new(sandbox(Fed::File)));
        Draft::Verification(Box::new(it))
    };
    let ledger = ledger([of("01:00:00", "pod-1"), of("02:00:00", "pod-2")]);
    let [first, second]: [&Record; 2] = ledger.records().collect::<Vec<_>>().try_into().unwrap();
    assert!(Arc::ptr_eq(
        &first.digest,
        second.previous.as_ref().unwrap()
    ));
    let [first, second] = [first, second].map(|record| record.verification().unwrap());
    assert!(Arc::ptr_eq(&first.engine, &second.engine));
    assert!(Arc::ptr_eq(&first.tool, &second.tool));
    let sandbox = |run: &Verification| Arc::clone(run.sandbox.as_ref().unwrap());
    assert!(Arc::ptr_eq(&sandbox(first), &sandbox(second)));
    let name = |run: &Verification| Arc::clone(run.items.first().unwrap().0);
    assert!(Arc::ptr_eq(&name(first), &name(second)));
    assert_eq!((&*first.by, &*second.by), ("pod-1", "pod-2"));
}

#[test]
fn a_ledger_without_its_newest_record_has_the_end_and_the_number_of_the_one_before() {
    let whole = ledger([
        run("01:00:00", None),
        run("04:00:00", None),
        run("02:00:00", None),
    ]);
    let told = |ledger: &Ledger| {
        let now = at("04:00:00");
        (
            ledger.newest_number(),
            ledger.is_from_the_future(now),
            ledger.is_past(at("02:00:00")),
        )
    };
    assert_eq!(told(&whole), (3, true, false));
    assert_eq!(told(&whole.through(2)), (2, true, false));
    assert_eq!(told(&whole.through(1)), (1, false, true));
    assert_eq!(told(&whole.through(0)), (0, false, true));
}

/// As a survey would list the snapshot of the fixtures.
fn listed(taken_at: Timestamp) -> Snapshot {
    let written = crate::ledger::fixtures::snapshot(taken_at);
    let object = written.artifacts[0].clone();
    Snapshot {
        id: written.id,
        source: cache(),
        taken_at,
        taken_at_from: written.taken_at_from,
        from_the_future: false,
        completed_at: taken_at,
        state: SnapshotState::Complete,
        artifacts: vec![Artifact {
            name: String::new(),
            meta: ObjectMeta {
                key: Key::new(object.key),
                size_bytes: object.size_bytes,
                modified_at: object.modified_at,
                etag: object.etag,
                version_id: object.version_id,
                storage_class: None,
            },
        }],
        facts: SnapshotFacts::default(),
        continues: Continues::Nothing,
        manifests: std::collections::BTreeMap::new(),
    }
}

#[test]
fn an_empty_ledger_says_nothing() {
    let ledger = ledger([]);
    assert_eq!(
        (
            past(&ledger).newest(),
            past(&ledger).newest_verified(),
            ledger.begun_at()
        ),
        (None, None, None)
    );
    assert_eq!(past(&ledger).measurements().next(), None);
    assert_eq!(past(&ledger).consecutive_inconclusive(), 0);
    assert_eq!(past(&ledger).baseline(at("23:00:00")), None);
}

#[test]
fn a_look_at_an_old_snapshot_changes_nothing_of_what_is_said_now() {
    let ledger = ledger([
        run("03:00:00", None),
        run("05:00:00", Some(Reason::Damaged)),
        run("01:00:00", Some(Reason::Killed)),
    ]);
    assert_eq!(
        past(&ledger).newest().unwrap().snapshot.taken_at,
        at("05:00:00")
    );
    assert_eq!(
        past(&ledger).newest_verified().unwrap().snapshot.taken_at,
        at("03:00:00")
    );
    assert_eq!(
        past(&ledger)
            .last(Verdict::Inconclusive)
            .unwrap()
            .snapshot
            .taken_at,
        at("01:00:00")
    );
    assert_eq!(ledger.begun_at(), Some(at("01:00:00")));
}

#[test]
fn of_one_recovery_point_the_last_record_counts() {
    let ledger = ledger([run("03:00:00", Some(Reason::Killed)), run("03:00:00", None)]);
    assert_eq!(past(&ledger).newest().unwrap().verdict, Verdict::Verified);
}

#[test]
fn the_baseline_is_the_nearest_earlier_point_that_was_verified_or_accepted() {
    let ledger = ledger([
        run("01:00:00", None),
        run("03:00:00", None),
        run("05:00:00", Some(Reason::Expectation)),
        acceptance(at("05:00:00"), 7),
        run("06:00:00", Some(Reason::Damaged)),
        run("02:00:00", None),
    ]);
    for (before, expected) in [
        ("00:30:00", None),
        ("01:00:00", None),
        ("02:00:00", Some(("01:00:00", 100))),
        ("02:30:00", Some(("02:00:00", 100))),
        ("04:59:59", Some(("03:00:00", 100))),
        ("05:00:00", Some(("05:00:00", 7))),
        ("23:00:00", Some(("05:00:00", 7))),
    ] {
        let found = past(&ledger)
            .baseline(at(before))
            .map(|it| (it.taken_at, it.items[&"keys".into()]));
        assert_eq!(
            found,
            expected.map(|(time, keys)| (at(time), keys)),
            "before {before}"
        );
    }
}

#[test]
fn an_object_is_known_again_by_its_version_tag_or_time() {
    let ledger = ledger([run("01:00:00", Some(Reason::Killed)), run("01:00:00", None)]);
    let same = listed(at("01:00:00"));
    assert_eq!(
        past(&ledger).of_object(&same).unwrap().verdict,
        Verdict::Verified
    );
    assert_eq!(past(&ledger).of_object(&listed(at("02:00:00"))), None);

    let check = |change: &dyn Fn(&mut ObjectMeta), known: bool| {
        let mut other = listed(at("01:00:00"));
        change(&mut other.artifacts[0].meta);
        assert_eq!(
            past(&ledger).of_object(&other).is_some(),
            known,
            "{other:?}"
        );
    };
    check(&|meta| meta.etag = Some("other".into()), false);
    check(&|meta| meta.size_bytes += 1, false);
    check(&|meta| meta.modified_at = at("09:00:00"), false);
    check(&|meta| meta.etag = None, true);
    check(
        &|meta| (meta.etag, meta.modified_at) = (None, at("09:00:00")),
        false,
    );
    check(&|meta| meta.version_id = Some("v1".into()), true);
    let mut more = listed(at("01:00:00"));
    more.artifacts.push(more.artifacts[0].clone());
    assert_eq!(past(&ledger).of_object(&more), None);
}

#[test]
fn inconclusive_runs_are_counted_until_one_could_tell() {
    let killed = Some(Reason::Killed);
    let runs = [
        run("01:00:00", killed),
        run("02:00:00", None),
        run("03:00:00", killed),
    ];
    assert_eq!(past(&ledger(runs.clone())).consecutive_inconclusive(), 1);
    let accepted = runs
        .into_iter()
        .chain([acceptance(at("03:00:00"), 7), run("04:00:00", killed)]);
    assert_eq!(past(&ledger(accepted)).consecutive_inconclusive(), 2);
}

#[test]
fn an_acceptance_excuses_only_an_expectation_about_the_same_objects() {
    let check = |drafts: [Draft; 2], expected: bool| {
        let ledger = ledger(drafts);
        assert_eq!(
            past(&ledger).is_accepted(past(&ledger).newest().unwrap()),
            expected
        );
    };
    let expectation = run("05:00:00", Some(Reason::Expectation));
    check([expectation.clone(), acceptance(at("05:00:00"), 7)], true);
    check([expectation, acceptance(at("04:00:00"), 7)], false);
    check(
        [
            run("05:00:00", Some(Reason::Damaged)),
            acceptance(at("05:00:00"), 7),
        ],
        false,
    );
}

#[test]
fn measurements_are_those_of_verified_runs_fed_as_the_newest_was() {
    let fed = |taken_at: &str, fed| {
        let Draft::Verification(mut it) = measured(taken_at, 2000, 700) else {
            unreachable!("it is one");
        };
        it.sandbox = Some(Arc::new(sandbox(fed)));
        Draft::Verification(it)
    };
    let check = |drafts: &[Draft], expected: &[(u64, u64)]| {
        let ledger = ledger(drafts.to_vec());
        let found = past(&ledger).measurements();
        let found = found.map(|it| (it.size_bytes, it.milliseconds));
        assert_eq!(found.collect::<Vec<_>>(), expected);
    };
    let without = measured("01:00:00", 1000, 9000);
    let file = fed("02:00:00", Fed::File);
    let pipe = fed("03:00:00", Fed::Pipe);
    let failed = run("05:00:00", Some(Reason::Damaged));
    check(&[], &[]);
    check(
        &[without.clone(), file.clone(), failed.clone()],
        &[(2000, 700), (1000, 9000)],
    );
    check(&[without.clone(), pipe.clone(), failed], &[(2000, 700)]);
    check(&[pipe, without], &[(1000, 9000)]);
}

#[test]
fn a_record_that_was_changed_never_enters() {
    let texts = sealed([
        run("01:00:00", Some(Reason::Damaged)),
        run("02:00:00", None),
    ]);
    let mut ledger = Ledger::new(cache());
    ledger.take(1, Ok(&texts[0].replace("failed", "verified")));
    ledger.take(2, Ok(&texts[1]));
    assert_eq!(ledger.verifications().count(), 1);
    assert_eq!(ledger.report().first_break.unwrap().sequence, 1);
    assert!(ledger.verifications().all(|it| it.log_tail.is_empty()));

    let mut foreign = Ledger::new(SourceName::new("other").unwrap());
    foreign.take(1, Ok(&texts[1]));
    assert_eq!(
        (foreign.verifications().count(), foreign.report().records),
        (0, 1)
    );
}

#[test]
fn only_what_configuration_can_mend_is_called_mendable() {
    let finding = |outcome, message: &str| Finding {
        check: "redis.checksum".into(),
        outcome,
        observed: None,
        expected: None,
        basis: None,
        message: message.into(),
    };
    let ended = |taken_at: &str, reason, message: &str| {
        let mut it = verification(at(taken_at), reason);
        it.findings = vec![
            finding(Outcome::Passed, "well\nhint: Not this one."),
            finding(Outcome::Failed, message),
        ];
        Draft::Verification(Box::new(it))
    };
    let check = |drafts: Vec<Draft>, expected: Option<&str>| {
        assert_eq!(past(&ledger(drafts)).mendable().as_deref(), expected);
    };
    let why = "nothing vouches\nhint: Write it.";
    let unsummed = |at| ended(at, Some(Reason::NoChecksum), why);
    check(vec![], None);
    check(
        vec![unsummed("01:00:00")],
        Some("its newest proof is inconclusive (no_checksum): nothing vouches\nhint: Write it."),
    );
    check(
        vec![ended("01:00:00", Some(Reason::NoImage), "no hint")],
        Some("its newest proof is inconclusive (no_image)"),
    );
    // Another try may do, it was shown to be bad, or a newer one is decided.
    check(
        vec![ended("01:00:00", Some(Reason::OutOfMemory), why)],
        None,
    );
    check(
        vec![ended("01:00:00", Some(Reason::Expectation), why)],
        None,
    );
    check(vec![unsummed("01:00:00"), run("02:00:00", None)], None);
    // A later record has a verdict, of whichever snapshot.
    for reason in [None, Some(Reason::Damaged)] {
        check(vec![unsummed("02:00:00"), run("01:00:00", reason)], None);
    }
    let killed = run("01:00:00", Some(Reason::Killed));
    let cut = run("02:00:00", Some(Reason::Interrupted));
    let told = "its newest proof is inconclusive (no_checksum): nothing vouches\nhint: Write it.";
    check(
        vec![run("01:00:00", None), unsummed("02:00:00"), cut],
        Some(told),
    );
    check(vec![unsummed("02:00:00"), killed], Some(told));
}

#[test]
fn of_more_records_than_are_kept_those_that_matter_stay() {
    let failing = std::iter::repeat_n(run("02:00:00", Some(Reason::Damaged)), 2 * KEPT_MAX);
    let drafts = [run("00:30:00", None), run("01:00:00", None)];
    let ledger = ledger(drafts.into_iter().chain(failing));
    assert_eq!(ledger.report().records, 2 * KEPT_MAX as u64 + 2);
    assert!((KEPT_MAX - SHED..=KEPT_MAX).contains(&ledger.records().count()));
    let verified = past(&ledger)
        .newest_verified()
        .map(|it| it.snapshot.taken_at);
    assert_eq!(verified, Some(at("01:00:00")));
    assert_eq!(ledger.begun_at(), Some(at("00:30:00")));
    assert!(ledger.records().is_sorted_by_key(|it| it.sequence));
}

#[test]
fn the_digest_of_an_object_is_known_from_who_verified_it_or_else_read_it_last() {
    let read = |reason, sha256: Option<&str>| {
        let mut it = verification(at("01:00:00"), reason);
        it.snapshot.artifacts[0].sha256 = sha256.map(ToOwned::to_owned);
        Draft::Verification(Box::new(it))
    };
    let object = listed(at("01:00:00")).artifacts.remove(0).meta;
    let check = |drafts: Vec<Draft>, expected: Option<&str>| {
        let ledger = ledger(drafts);
        assert_eq!(past(&ledger).read_whole(&object).map(|it| it.1), expected);
        let mut other = object.clone();
        other.etag = Some("another".into());
        assert_eq!(past(&ledger).read_whole(&other).map(|it| it.1), None);
    };
    let (damaged, disk) = (Some(Reason::Damaged), Some(Reason::Disk));
    check(vec![], None);
    check(vec![read(None, Some("a"))], Some("a"));
    check(vec![read(disk, None)], None);
    check(
        vec![read(disk, Some("a")), read(damaged, Some("b"))],
        Some("b"),
    );
    check(
        vec![read(None, Some("a")), read(disk, Some("b"))],
        Some("a"),
    );
    check(vec![read(None, Some("a")), read(disk, None)], Some("a"));
    // It saw different bytes at two readings.
    check(vec![read(Some(Reason::UnstableRead), Some("b"))], None);
}
