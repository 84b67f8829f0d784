//! Breaks, what a person writes of them, and breaks after that.

use std::sync::Arc;

use catalog::{
    ledger::{Break, Draft, Ledger, RecordReader, RecordWriter, Repair, append, fixtures},
    model::SourceName,
};

use super::name;

pub(super) async fn obeys(records: Arc<dyn RecordWriter>) {
    what_was_removed_is_a_break_until_it_is_repaired(&*records).await;
    who_repairs_and_who_appends_at_once_leave_one_repaired_chain(records).await;
}

async fn what_was_removed_is_a_break_until_it_is_repaired(records: &dyn RecordWriter) {
    let source = name("repaired");
    fill(records, &source, 4).await;
    records.remove(&source, 2).await.expect("remove");
    let mut kept = Ledger::load(records, &source).await.expect("load");
    let standing = kept.report().first_break.expect("one is gone");
    assert_eq!(standing.to_string(), "record 00000002 is missing");
    repair(records, &source, &standing).await;
    // The newest may be gone too, and its number with it.
    records.remove(&source, 5).await.expect("remove");
    assert_eq!(first_break(records, &source).await, Some(2));
    repair(records, &source, &standing).await;
    kept.refresh(records).await.expect("refresh");
    while let Some(standing) = first_break_of(records, &source).await {
        repair(records, &source, &standing).await;
        kept.refresh(records).await.expect("refresh");
    }
    for ledger in [&kept, &Ledger::load(records, &source).await.expect("load")] {
        assert_eq!(ledger.report().first_break, None);
        assert!(ledger.repairs().count() > 0);
        assert!(
            ledger
                .repaired()
                .is_some_and(|it| it.contains("a disk was replaced"))
        );
    }
    fill(records, &source, 1).await;
    assert_eq!(first_break(records, &source).await, None);

    records.remove(&source, 3).await.expect("remove");
    assert_eq!(first_break(records, &source).await, Some(2), "a wider gap");
}

async fn who_repairs_and_who_appends_at_once_leave_one_repaired_chain(
    records: Arc<dyn RecordWriter>,
) {
    let source = name("repairing");
    fill(&*records, &source, 3).await;
    records.remove(&source, 1).await.expect("remove");
    let standing = first_break_of(&*records, &source).await.expect("broken");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (records, source, standing) = (Arc::clone(&records), source.clone(), standing.clone());
        tasks.spawn(async move {
            fill(&*records, &source, 2).await;
            repair(&*records, &source, &standing).await;
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("no panic");
    }
    let ledger = Ledger::load(&*records, &source).await.expect("load");
    let report = ledger.report();
    assert_eq!((report.records, report.first_break), (8, None));
    assert_eq!(ledger.repairs().count(), 2);
}

async fn first_break_of(records: &dyn RecordReader, source: &SourceName) -> Option<Break> {
    let ledger = Ledger::load(records, source).await.expect("load");
    ledger.report().first_break
}

async fn first_break(records: &dyn RecordReader, source: &SourceName) -> Option<u64> {
    let standing = first_break_of(records, source).await?;
    Some(standing.sequence)
}

async fn repair(records: &dyn RecordWriter, source: &SourceName, of: &Break) {
    let Draft::Repair(repair) = fixtures::repair(of) else {
        unreachable!("it is one");
    };
    let repair = Repair {
        source: source.clone(),
        ..*repair
    };
    let draft = Draft::Repair(Box::new(repair));
    append(records, source, draft).await.expect("append");
}

async fn fill(records: &dyn RecordWriter, source: &SourceName, count: u32) {
    for _ in 0..count {
        let mut run = fixtures::verification(fixtures::at("01:00:00"), None);
        run.source = source.clone();
        let draft = Draft::Verification(Box::new(run));
        append(records, source, draft).await.expect("append");
    }
}
