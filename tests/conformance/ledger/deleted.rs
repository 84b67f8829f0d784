//! Records that are gone although nobody pruned them, and places that look like new.

use catalog::ledger::{
    Draft, Ledger, LedgerError, MemoryRecords, Pruned, adopt, append, fixtures, is_mounted, prune,
};
use std::time::Duration;

fn run() -> Draft {
    fixtures::verified(fixtures::at("01:00:00"))
}

async fn load(evidence: &MemoryRecords) -> Ledger {
    Ledger::load(evidence, &fixtures::cache())
        .await
        .expect("load")
}

async fn write(evidence: &MemoryRecords, draft: Draft) -> u64 {
    let appended = append(evidence, &fixtures::cache(), draft).await;
    appended.expect("append").record.sequence
}

#[tokio::test]
async fn a_number_that_cannot_be_created_again_is_passed_and_the_gap_is_a_break() {
    let (evidence, source) = (MemoryRecords::default(), fixtures::cache());
    for _ in 0..3 {
        write(&evidence, run()).await;
    }
    evidence.burn(&source, 3);
    assert_eq!(write(&evidence, run()).await, 4);
    let standing = load(&evidence).await.report().first_break.unwrap();
    assert_eq!(standing.to_string(), "record 00000003 is missing");
    assert_eq!(write(&evidence, fixtures::repair(&standing)).await, 5);
    assert_eq!(load(&evidence).await.report().first_break, None);
}

#[tokio::test]
async fn a_whole_ledger_that_was_deleted_is_passed_in_few_steps() {
    let (evidence, source) = (MemoryRecords::default(), fixtures::cache());
    for sequence in 1..=3_000 {
        evidence.burn(&source, sequence);
    }
    let sequence = write(&evidence, run()).await;
    assert!((3_001..=8_000).contains(&sequence), "{sequence}");
    assert_eq!(write(&evidence, run()).await, sequence + 1);
    let standing = load(&evidence).await.report().first_break.unwrap();
    write(&evidence, fixtures::repair(&standing)).await;
    assert_eq!(load(&evidence).await.report().first_break, None);
}

#[tokio::test]
async fn a_repair_outlives_pruning_and_is_no_hindrance_to_it() {
    let (evidence, source) = (MemoryRecords::default(), fixtures::cache());
    for _ in 0..4 {
        write(&evidence, run()).await;
    }
    evidence.tamper(&source, 2, "{}");
    evidence.lose(&source, 3);
    while let Some(standing) = load(&evidence).await.report().first_break {
        write(&evidence, fixtures::repair(&standing)).await;
    }
    let told = load(&evidence).await.repairs().count();
    assert_eq!(told, 2);
    for (evening, left) in [("20:00:00", 7), ("23:00:00", 9)] {
        write(&evidence, run()).await;
        let ledger = load(&evidence).await;
        let keep = Duration::from_hours(1);
        let pruned = prune(&evidence, &ledger, keep, fixtures::at(evening)).await;
        assert!(matches!(pruned, Ok(Pruned::Removed(1..))), "{pruned:?}");
        let ledger = load(&evidence).await;
        assert_eq!(ledger.report().first_break, None);
        assert_eq!(ledger.records().next().unwrap().sequence, left);
        assert_eq!(ledger.repairs().count(), told);
        assert!(ledger.repaired().unwrap().contains("a disk was replaced"));
    }
}

#[tokio::test]
async fn a_place_that_is_like_new_is_believed_only_before_anything_was_seen_there() {
    let evidence = MemoryRecords::default();
    let sources = [fixtures::cache()];
    adopt(&evidence, &sources, false).await.expect("first use");
    write(&evidence, run()).await;
    evidence.unmount();
    for refused in [
        adopt(&evidence, &sources, true).await,
        is_mounted(&evidence, &sources).await,
    ] {
        assert!(
            matches!(refused, Err(LedgerError::Unmarked { .. })),
            "{refused:?}"
        );
    }
    // Of an earlier version, which made no marker.
    write(&evidence, run()).await;
    is_mounted(&evidence, &sources).await.expect("records");
    adopt(&evidence, &sources, true).await.expect("adopted");
    evidence.lose(&sources[0], 1);
    is_mounted(&evidence, &sources).await.expect("marked");
}
