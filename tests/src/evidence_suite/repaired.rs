//! Breaks, what a person writes of them, and breaks after that.

use std::sync::Arc;

use catalog::{
    evidence::{Break, Draft, Evidence, EvidenceRead, Ledger, Repair, append, fixtures},
    model::SourceName,
};

use super::name;

pub(super) async fn obeys(evidence: Arc<dyn Evidence>) {
    what_was_removed_is_a_break_until_it_is_repaired(&*evidence).await;
    who_repairs_and_who_appends_at_once_leave_one_repaired_chain(evidence).await;
}

async fn what_was_removed_is_a_break_until_it_is_repaired(evidence: &dyn Evidence) {
    let source = name("repaired");
    fill(evidence, &source, 4).await;
    evidence.remove(&source, 2).await.expect("remove");
    let mut kept = Ledger::load(evidence, &source).await.expect("load");
    let standing = kept.report().first_break.expect("one is gone");
    assert_eq!(standing.to_string(), "record 00000002 is missing");
    repair(evidence, &source, &standing).await;
    // The newest may be gone too, and its number with it.
    evidence.remove(&source, 5).await.expect("remove");
    assert_eq!(first_break(evidence, &source).await, Some(2));
    repair(evidence, &source, &standing).await;
    kept.refresh(evidence).await.expect("refresh");
    while let Some(standing) = first_break_of(evidence, &source).await {
        repair(evidence, &source, &standing).await;
        kept.refresh(evidence).await.expect("refresh");
    }
    for ledger in [&kept, &Ledger::load(evidence, &source).await.expect("load")] {
        assert_eq!(ledger.report().first_break, None);
        assert!(ledger.repairs().count() > 0);
        assert!(
            ledger
                .repaired()
                .is_some_and(|it| it.contains("a disk was replaced"))
        );
    }
    fill(evidence, &source, 1).await;
    assert_eq!(first_break(evidence, &source).await, None);

    evidence.remove(&source, 3).await.expect("remove");
    assert_eq!(first_break(evidence, &source).await, Some(2), "a wider gap");
}

async fn who_repairs_and_who_appends_at_once_leave_one_repaired_chain(evidence: Arc<dyn Evidence>) {
    let source = name("repairing");
    fill(&*evidence, &source, 3).await;
    evidence.remove(&source, 1).await.expect("remove");
    let standing = first_break_of(&*evidence, &source).await.expect("broken");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (evidence, source, standing) =
            (Arc::clone(&evidence), source.clone(), standing.clone());
        tasks.spawn(async move {
            fill(&*evidence, &source, 2).await;
            repair(&*evidence, &source, &standing).await;
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("no panic");
    }
    let ledger = Ledger::load(&*evidence, &source).await.expect("load");
    let report = ledger.report();
    assert_eq!((report.records, report.first_break), (8, None));
    assert_eq!(ledger.repairs().count(), 2);
}

async fn first_break_of(evidence: &dyn EvidenceRead, source: &SourceName) -> Option<Break> {
    let ledger = Ledger::load(evidence, source).await.expect("load");
    ledger.report().first_break
}

async fn first_break(evidence: &dyn EvidenceRead, source: &SourceName) -> Option<u64> {
    let standing = first_break_of(evidence, source).await?;
    Some(standing.sequence)
}

async fn repair(evidence: &dyn Evidence, source: &SourceName, of: &Break) {
    let Draft::Repair(repair) = fixtures::repair(of) else {
        unreachable!("it is one");
    };
    let repair = Repair {
        source: source.clone(),
        ..*repair
    };
    let draft = Draft::Repair(Box::new(repair));
    append(evidence, source, draft).await.expect("append");
}

async fn fill(evidence: &dyn Evidence, source: &SourceName, records: u32) {
    for _ in 0..records {
        let mut run = fixtures::verification(fixtures::at("01:00:00"), None);
        run.source = source.clone();
        let draft = Draft::Verification(Box::new(run));
        append(evidence, source, draft).await.expect("append");
    }
}
