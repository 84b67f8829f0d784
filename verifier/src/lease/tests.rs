//! Leases of two installations on one evidence in memory.

use catalog::ledger::{
    MemoryFault, MemoryRecords, Reason, ReservedReader as _, ReservedWriter as _, fixtures,
};
use jiff::Timestamp;
use tempfile::TempDir;

use super::*;

/// Two installations of the verifier, and the evidence they share.
struct Pair {
    records: MemoryRecords,
    ours: Leases,
    theirs: Leases,
    _state: [TempDir; 2],
}

fn pair() -> Pair {
    let records = MemoryRecords::default();
    records.set_time(fixtures::at("12:00:00"));
    let state = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let leases = |of: usize| installation(&records, &state[of], ["ours", "theirs"][of]);
    Pair {
        ours: leases(0),
        theirs: leases(1),
        records,
        _state: state,
    }
}

fn installation(records: &MemoryRecords, state: &TempDir, by: &str) -> Leases {
    let instance = Instance::open(state.path(), by)
        .expect("a state")
        .for_leases();
    let clock = Clock::starting_at(fixtures::at("12:00:00"));
    Leases::new(
        Arc::new(records.clone()),
        Arc::new(instance.expect("a state")),
        clock,
        by.into(),
    )
}

async fn take(leases: &Leases, run: &str) -> Taken {
    let scope = Scope::Source(fixtures::cache());
    let run = RunId(run.into());
    leases.take(&scope, &run, None).await.expect("readable")
}

async fn held(leases: &Leases, run: &str) -> HeldLease {
    match take(leases, run).await {
        Taken::Held(lease, _) => lease,
        Taken::By(holder) => panic!("held by {}", holder.holder()),
    }
}

/// Who holds the lease; `None` if nobody does, and the taker has it now.
async fn holder(leases: &Leases, run: &str) -> Option<String> {
    match take(leases, run).await {
        Taken::Held(..) => None,
        Taken::By(holder) => Some(holder.run),
    }
}

async fn files(records: &MemoryRecords) -> Vec<String> {
    let directory = Scope::Source(fixtures::cache()).directory();
    let listed = records.list_reserved(&directory).await.expect("listed");
    listed.iter().map(|it| it.path.name().into()).collect()
}

fn at(records: &MemoryRecords, time: Timestamp) {
    records.set_time(time);
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_is_given_back() {
    let pair = pair();
    let lease = held(&pair.ours, "one").await;
    assert!(lease.is_written().await);
    assert_eq!(holder(&pair.theirs, "two").await.as_deref(), Some("one"));
    // Another process of the same installation is another verifier.
    assert_eq!(holder(&pair.ours, "three").await.as_deref(), Some("one"));
    lease.end().await;
    let next = held(&pair.theirs, "two").await;
    assert!(matches!(next.look().await, Renewal::Ours));
    assert_eq!(
        files(&pair.records).await,
        ["00000002.json", "00000003.json"]
    );
    let other = Scope::Source(catalog::model::SourceName::new("other").expect("a name"));
    let taken = pair.ours.take(&other, &RunId("four".into()), None).await;
    assert!(matches!(taken.expect("readable"), Taken::Held(..)));
}

#[tokio::test]
async fn a_lease_that_is_not_renewed_ends_by_the_clock_of_the_store() {
    let pair = pair();
    let lease = held(&pair.ours, "one").await;
    at(&pair.records, fixtures::at("12:10:00"));
    assert!(matches!(lease.renew().await, Renewal::Ours));
    assert_eq!(files(&pair.records).await, ["00000002.json"]);
    at(&pair.records, fixtures::at("12:25:00"));
    assert_eq!(holder(&pair.theirs, "two").await.as_deref(), Some("one"));
    at(&pair.records, fixtures::at("12:25:01"));
    let next = held(&pair.theirs, "two").await;
    assert!(matches!(lease.look().await, Renewal::Lost));
    assert!(matches!(lease.renew().await, Renewal::Lost));
    // Who lost a lease gives nothing back.
    lease.end().await;
    assert!(matches!(next.look().await, Renewal::Ours));
}

#[tokio::test]
async fn what_a_process_of_this_installation_left_is_taken_over_at_once_with_its_record() {
    let pair = pair();
    let scope = Scope::Source(fixtures::cache());
    let record = fixtures::verification(fixtures::at("11:00:00"), Some(Reason::Interrupted));
    let run = RunId("killed".into());
    let taken = pair.ours.take(&scope, &run, Some(&record)).await;
    // A killed process frees its locks and gives nothing back.
    drop(taken.expect("readable"));
    assert_eq!(holder(&pair.theirs, "two").await.as_deref(), Some("killed"));
    let Taken::Held(lease, left) = take(&pair.ours, "next").await else {
        panic!("its process is gone");
    };
    assert_eq!(left.as_deref(), Some(&record));
    lease.end().await;
    let Taken::Held(_lease, left) = take(&pair.ours, "after").await else {
        panic!("it was given back");
    };
    assert_eq!(left, None);
}

#[tokio::test]
async fn evidence_that_cannot_be_written_hinders_no_verification() {
    let pair = pair();
    pair.records.script([MemoryFault::Reserve]);
    let lease = held(&pair.ours, "one").await;
    assert!(!lease.is_written().await);
    assert!(matches!(lease.renew().await, Renewal::Ours));
    lease.end().await;
    assert!(files(&pair.records).await.is_empty());
    pair.records.script([MemoryFault::List]);
    let scope = Scope::Source(fixtures::cache());
    let taken = pair.ours.take(&scope, &RunId("two".into()), None).await;
    assert!(
        taken.is_err(),
        "a lease that cannot be read may be another's"
    );
}

#[tokio::test]
async fn a_text_that_nobody_understands_is_a_lease_until_it_ends() {
    let pair = pair();
    let directory = Scope::Source(fixtures::cache()).directory();
    let path = directory.join("00000007.json").expect("a path");
    let created = pair.records.create_reserved(&path, "not JSON").await;
    assert!(created.expect("created"));
    assert_eq!(holder(&pair.ours, "one").await.as_deref(), Some(""));
    at(&pair.records, fixtures::at("12:16:00"));
    assert_eq!(holder(&pair.ours, "one").await, None);
    assert_eq!(
        files(&pair.records).await,
        ["00000007.json", "00000008.json"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_it_is_kept() {
    let pair = pair();
    let lease = held(&pair.ours, "one").await;
    let keeping = lease.keep();
    tokio::time::sleep(Duration::from_mins(16)).await;
    assert_eq!(files(&pair.records).await, ["00000004.json"]);
    drop(keeping);
    tokio::time::sleep(Duration::from_mins(16)).await;
    assert_eq!(files(&pair.records).await, ["00000004.json"]);
}
