//! What every place for evidence must do: each driver passes this one suite.
//!
//! Every case uses a source of its own, so that one store serves them all.

mod pruning;
mod repaired;

use std::sync::Arc;

use catalog::{
    evidence::{
        CLOCKS_APART_MAX, Evidence, EvidenceError, EvidenceRead, Ledger, adopt, ahead_of, append,
        fixtures, is_mounted, sequences,
    },
    model::SourceName,
};
use futures::TryStreamExt as _;
use toolkit::clock::Clock;

/// Panics where the driver does not obey.
pub async fn obeys(evidence: Arc<dyn Evidence>) {
    a_place_is_marked_once_and_tells_its_time(Arc::clone(&evidence)).await;
    an_unknown_source_has_no_records(&*evidence).await;
    what_was_created_is_read_back_to_the_byte(&*evidence).await;
    a_sequence_number_has_one_writer(&*evidence).await;
    records_are_listed_in_order(&*evidence).await;
    what_was_removed_is_gone_and_nothing_else(&*evidence).await;
    of_many_creators_exactly_one_wins(Arc::clone(&evidence)).await;
    every_concurrent_append_is_recorded_in_one_intact_chain(Arc::clone(&evidence)).await;
    repaired::obeys(Arc::clone(&evidence)).await;
    pruning::obeys(evidence).await;
}

async fn a_place_is_marked_once_and_tells_its_time(evidence: Arc<dyn Evidence>) {
    let sources = [name("cache")];
    assert!(!evidence.is_marked().await.expect("readable"));
    let unmarked = is_mounted(&*evidence, &sources).await;
    assert!(
        matches!(unmarked, Err(EvidenceError::Unmarked { .. })),
        "{unmarked:?}"
    );
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let evidence = Arc::clone(&evidence);
        writers.spawn(async move { evidence.mark().await });
    }
    let marked: Result<Vec<_>, _> = writers.join_all().await.into_iter().collect();
    let marked = marked.expect("marked").into_iter().filter(|it| *it);
    assert_eq!(marked.count(), 1);
    assert!(evidence.is_marked().await.expect("readable"));
    is_mounted(&*evidence, &sources).await.expect("marked");
    adopt(&*evidence, &sources, true).await.expect("marked");
    // Whoever tells the time here has the clock of this machine.
    let clock = Clock::system();
    let before = clock.now();
    if let Some(store) = evidence.time().await.expect("asked") {
        let ahead = ahead_of(store, before, clock.now());
        assert!(ahead.abs() < CLOCKS_APART_MAX, "{ahead}");
    }
}

/// All of a source.
async fn numbers(evidence: &dyn EvidenceRead, source: &SourceName) -> Vec<u64> {
    let all = sequences(evidence, source, 0);
    all.try_collect().await.expect("listed")
}

async fn an_unknown_source_has_no_records(evidence: &dyn Evidence) {
    let source = name("unknown");
    assert_eq!(numbers(evidence, &source).await, [0; 0]);
    assert_eq!(evidence.newest(&source).await.expect("newest"), None);
    let read = evidence.read(&source, 1).await;
    assert!(
        matches!(read, Err(EvidenceError::Gone { sequence: 1, .. })),
        "{read:?}"
    );
}

async fn what_was_created_is_read_back_to_the_byte(evidence: &dyn Evidence) {
    let source = name("read-back");
    let text = "{\n  \"any\": \"text, ü and 😀\"\n}\n";
    evidence.create(&source, 1, text).await.expect("create");
    assert_eq!(evidence.read(&source, 1).await.expect("read"), text);
    assert_eq!(numbers(evidence, &source).await, [1]);
    // The name of a source may begin that of another.
    assert_eq!(numbers(evidence, &name("read-bac")).await, [0; 0]);
    let newest = evidence.newest(&name("read")).await.expect("newest");
    assert_eq!(newest, None);
}

async fn a_sequence_number_has_one_writer(evidence: &dyn Evidence) {
    let source = name("one-writer");
    evidence.create(&source, 1, "first").await.expect("create");
    let second = evidence.create(&source, 1, "second").await;
    assert!(
        matches!(second, Err(EvidenceError::Taken { sequence: 1, .. })),
        "{second:?}"
    );
    assert_eq!(evidence.read(&source, 1).await.expect("read"), "first");
}

async fn records_are_listed_in_order(evidence: &dyn Evidence) {
    let source = name("order");
    for sequence in [10, 2, 100_000, 1] {
        evidence
            .create(&source, sequence, "text")
            .await
            .expect("create");
    }
    assert_eq!(numbers(evidence, &source).await, [1, 2, 10, 100_000]);
    assert_eq!(
        evidence.newest(&source).await.expect("newest"),
        Some(100_000)
    );
    for (after, next) in [
        (1, Some(2)),
        (2, Some(10)),
        (11, Some(100_000)),
        (100_000, None),
    ] {
        let page = evidence.list(&source, after).await.expect("list");
        assert_eq!(page.first().copied(), next, "after {after}");
    }
}

async fn what_was_removed_is_gone_and_nothing_else(evidence: &dyn Evidence) {
    let source = name("removed");
    for sequence in 1..=4 {
        let created = evidence.create(&source, sequence, "text").await;
        created.expect("create");
    }
    for sequence in [1, 2, 2] {
        evidence.remove(&source, sequence).await.expect("remove");
    }
    assert_eq!(numbers(evidence, &source).await, [3, 4]);
    assert_eq!(evidence.newest(&source).await.expect("newest"), Some(4));
    let read = evidence.read(&source, 2).await;
    assert!(matches!(read, Err(EvidenceError::Gone { .. })), "{read:?}");
    assert_eq!(evidence.read(&source, 3).await.expect("read"), "text");
}

async fn of_many_creators_exactly_one_wins(evidence: Arc<dyn Evidence>) {
    let mut creators = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let evidence = Arc::clone(&evidence);
        let text = writer.to_string();
        creators.spawn(async move {
            let created = evidence.create(&name("race"), 1, &text).await;
            created.map(|()| text)
        });
    }
    let mut winners = Vec::new();
    while let Some(created) = creators.join_next().await {
        match created.expect("no panic") {
            Ok(text) => winners.push(text),
            Err(error) => assert!(matches!(error, EvidenceError::Taken { .. }), "{error:?}"),
        }
    }
    let read = evidence.read(&name("race"), 1).await.expect("read");
    assert_eq!(winners, [read]);
}

async fn every_concurrent_append_is_recorded_in_one_intact_chain(evidence: Arc<dyn Evidence>) {
    // Four writers of three records each: nobody can be overtaken more than nine times.
    let source = fixtures::cache();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (evidence, source) = (Arc::clone(&evidence), source.clone());
        writers.spawn(async move {
            for hour in ["01:00:00", "02:00:00", "03:00:00"] {
                let draft = fixtures::verified(fixtures::at(hour));
                append(&*evidence, &source, draft).await.expect("append");
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.expect("no panic");
    }
    let report = Ledger::load(&*evidence, &source)
        .await
        .expect("load")
        .report();
    assert_eq!((report.records, report.first_break), (12, None));
}

fn name(text: &str) -> SourceName {
    SourceName::new(text).expect("a name")
}
