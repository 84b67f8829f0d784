//! Pruning that dies, is refused, meets damage, or is remembered wrongly.

use std::{collections::BTreeSet, fs, path::Path, process::Output, time::Duration};

use catalog::ledger::{
    Acceptance, BrokenBy, Draft, Ledger, LedgerError, MemoryFault, MemoryRecords, Pruned, Reason,
    RecordReader, RecordWriter, append, fixtures, prune, sequences,
};
use futures::TryStreamExt as _;
use jiff::Timestamp;

use super::{append_in_child, child, load};

const KEEP: Duration = Duration::from_hours(1);

#[tokio::test]
async fn pruning_that_dies_at_any_step_leaves_an_unbroken_chain_and_is_finished_later() {
    for point in ["checkpointed", "removed", "removal_synced"] {
        for fault in ["abort", "error"] {
            let directory = tempfile::tempdir().unwrap();
            for _ in 0..4 {
                assert!(append_in_child(directory.path(), None).status.success());
            }
            let fault = format!("evidence.{point}:{fault}");
            let mut deaths = 0;
            // Each run gets one step further before it dies.
            while !prune_in_child(directory.path(), Some(&fault))
                .status
                .success()
            {
                let report = load(directory.path()).await.report();
                assert_eq!((report.records, report.first_break), (2, None), "{fault}");
                deaths += 1;
                if point == "checkpointed" {
                    break;
                }
            }
            assert!((1..=3).contains(&deaths), "{fault} struck {deaths} times");
            assert!(prune_in_child(directory.path(), None).status.success());
            assert_eq!(names(directory.path()), ["00000004.json", "00000005.json"]);
            assert_eq!(load(directory.path()).await.report().first_break, None);
        }
    }
}

#[tokio::test]
async fn two_processes_that_prune_at_once_leave_an_unbroken_chain() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..6 {
        append_in_child(directory.path(), None);
    }
    let pruners: Vec<_> = (0..2)
        .map(|_| {
            let mut child = child(directory.path(), None);
            child.arg("prune").stdout(std::process::Stdio::null());
            child.spawn().unwrap()
        })
        .collect();
    for pruner in pruners {
        assert!(pruner.wait_with_output().unwrap().status.success());
    }
    assert_eq!(load(directory.path()).await.report().first_break, None);
    assert_eq!(names(directory.path())[0], "00000006.json");
}

#[tokio::test]
async fn a_record_missing_without_a_checkpoint_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..4 {
        append_in_child(directory.path(), None);
    }
    prune_in_child(directory.path(), None);
    append_in_child(directory.path(), None);
    fs::remove_file(directory.path().join("cache/00000004.json")).unwrap();
    let found = load(directory.path()).await.report().first_break.unwrap();
    assert_eq!(found.to_string(), "record 00000004 is missing");

    let pruned = prune_in_child(directory.path(), None);
    assert!(pruned.stdout.starts_with(b"Broken("), "{pruned:?}");
    assert_eq!(names(directory.path()), ["00000005.json", "00000006.json"]);
}

#[tokio::test]
async fn what_later_judgements_need_is_held_whatever_its_age() {
    let run = |taken_at: &str, reason| {
        let run = fixtures::verification(fixtures::at(taken_at), reason);
        Draft::Verification(Box::new(run))
    };
    let damaged = Some(Reason::Damaged);
    let expectation = Some(Reason::Expectation);
    check(
        "the newest verified",
        vec![
            run("01:00:00", None),
            run("02:00:00", None),
            run("03:00:00", damaged),
        ],
        &[2, 3, 4],
    )
    .await;
    check(
        "the newest verified, although an older snapshot was looked at later",
        vec![
            run("03:00:00", None),
            run("01:00:00", None),
            run("04:00:00", damaged),
        ],
        &[1, 2, 3],
    )
    .await;
    check(
        "the newest recovery point",
        vec![
            run("01:00:00", None),
            run("05:00:00", damaged),
            run("02:00:00", None),
        ],
        &[2, 3, 4],
    )
    .await;
    check(
        "an acceptance that is the baseline",
        vec![
            run("01:00:00", expectation),
            run("02:00:00", expectation),
            fixtures::acceptance(fixtures::at("02:00:00"), 7),
            run("03:00:00", expectation),
        ],
        &[3, 4, 5],
    )
    .await;
    check(
        "no acceptance that no judgement looks at any more",
        vec![
            fixtures::acceptance(fixtures::at("01:00:00"), 7),
            run("03:00:00", None),
        ],
        &[2, 3],
    )
    .await;
    check("the only one", vec![run("01:00:00", None)], &[1]).await;
    let young = Acceptance {
        ended_at: fixtures::at("22:30:00"),
        ..*acceptance(fixtures::at("01:00:00"))
    };
    check(
        "what is young, and all behind it",
        vec![
            run("01:00:00", None),
            Draft::Acceptance(Box::new(young)),
            run("02:00:00", None),
            run("03:00:00", None),
        ],
        &[2, 3, 4, 5],
    )
    .await;
}

#[tokio::test]
async fn what_is_refused_is_left_and_the_chain_stays_unbroken() {
    let (evidence, source) = (MemoryRecords::default(), fixtures::cache());
    fill(&evidence, 4).await;
    evidence.script([MemoryFault::Remove]);
    let pruned = prune_now(&evidence).await;
    assert!(
        matches!(
            pruned,
            Err(LedgerError::Store {
                operation: "prune",
                ..
            })
        ),
        "{pruned:?}"
    );
    assert_eq!(lying(&evidence).await, [1, 2, 3, 4, 5]);
    assert_eq!(prune_now(&evidence).await.unwrap(), Pruned::Removed(3));
    assert_eq!(lying(&evidence).await, [4, 5]);
    let ledger = Ledger::load(&evidence, &source).await.unwrap();
    assert_eq!(ledger.report().first_break, None);
}

#[tokio::test]
async fn a_checkpoint_that_does_not_know_what_lies_there_removes_nothing() {
    let (evidence, source) = (MemoryRecords::default(), fixtures::cache());
    fill(&evidence, 4).await;
    let lie = fixtures::checkpoint(3, "sha256:0");
    append(&evidence, &source, lie).await.unwrap();
    // Young enough that no checkpoint of its own is due.
    let ledger = Ledger::load(&evidence, &source).await.unwrap();
    let pruned = prune(&evidence, &ledger, KEEP, fixtures::at("12:01:00")).await;
    assert_eq!(pruned.unwrap(), Pruned::Removed(0));
    assert_eq!(lying(&evidence).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn whoever_remembers_a_head_that_was_pruned_goes_on_without_alarm() {
    let (evidence, source) = (MemoryRecords::default(), fixtures::cache());
    fill(&evidence, 3).await;
    let mut asleep = Ledger::load(&evidence, &source).await.unwrap();
    fill(&evidence, 2).await;
    assert_eq!(prune_now(&evidence).await.unwrap(), Pruned::Removed(4));
    let mut lied_to = asleep.clone();
    asleep.refresh(&evidence).await.unwrap();
    let report = asleep.report();
    assert_eq!((report.records, report.first_break), (2, None));

    // Gone, but nobody said that it was pruned.
    let emptied = MemoryRecords::default();
    fill(&emptied, 1).await;
    lied_to.refresh(&emptied).await.unwrap();
    let found = lied_to.report().first_break.unwrap();
    assert_eq!((found.sequence, found.what), (3, BrokenBy::Rewritten));
}

#[tokio::test]
async fn who_follows_a_chain_counts_what_lies_there_and_remembers_when_it_began() {
    let (evidence, source) = (MemoryRecords::default(), fixtures::cache());
    fill(&evidence, 4).await;
    let mut following = Ledger::load(&evidence, &source).await.unwrap();
    let later = fixtures::verified(fixtures::at("06:00:00"));
    append(&evidence, &source, later).await.unwrap();
    prune_now(&evidence).await.unwrap();
    following.refresh(&evidence).await.unwrap();
    let anew = Ledger::load(&evidence, &source).await.unwrap();
    assert_eq!(following.report(), anew.report());
    assert_eq!((anew.report().records, anew.records().count()), (2, 2));
    for ledger in [following, anew] {
        assert_eq!(ledger.begun_at(), Some(fixtures::at("01:00:00")));
    }
}

async fn check(what: &str, drafts: Vec<Draft>, expected: &[u64]) {
    let (evidence, source) = (MemoryRecords::default(), fixtures::cache());
    for draft in drafts {
        append(&evidence, &source, draft).await.expect(what);
    }
    let before = Ledger::load(&evidence, &source).await.expect(what);
    prune_now(&evidence).await.expect(what);
    assert_eq!(lying(&evidence).await, expected, "{what}");
    let after = Ledger::load(&evidence, &source).await.expect(what);
    assert_eq!(after.report().first_break, None, "{what}");
    let (after, before) = [&after, &before].map(|it| it.until(Timestamp::MAX)).into();
    assert_eq!(after.newest(), before.newest(), "{what}");
    assert_eq!(after.newest_verified(), before.newest_verified(), "{what}");
    let next = fixtures::at("23:00:00");
    assert_eq!(after.baseline(next), before.baseline(next), "{what}");
}

fn acceptance(taken_at: Timestamp) -> Box<Acceptance> {
    match fixtures::acceptance(taken_at, 7) {
        Draft::Acceptance(acceptance) => acceptance,
        other => panic!("{other:?} is no acceptance"),
    }
}

async fn prune_now(evidence: &MemoryRecords) -> Result<Pruned, LedgerError> {
    let ledger = Ledger::load(evidence, &fixtures::cache())
        .await
        .expect("load");
    prune(evidence, &ledger, KEEP, fixtures::at("23:00:00")).await
}

async fn fill(evidence: &dyn RecordWriter, records: usize) {
    for _ in 0..records {
        let draft = fixtures::verified(fixtures::at("01:00:00"));
        append(evidence, &fixtures::cache(), draft)
            .await
            .expect("append");
    }
}

async fn lying(evidence: &dyn RecordReader) -> Vec<u64> {
    let source = fixtures::cache();
    let all = sequences(evidence, &source, 0);
    all.try_collect().await.expect("listed")
}

fn prune_in_child(directory: &Path, fault: Option<&str>) -> Output {
    child(directory, fault)
        .arg("prune")
        .output()
        .expect("the child runs")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory.join("cache")).expect("a directory");
    let names: BTreeSet<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("UTF-8"))
        .collect();
    names.into_iter().collect()
}
