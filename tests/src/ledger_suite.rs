//! What every place for evidence must do: each driver passes this one suite.
//!
//! Every case uses a source of its own, so that one store serves them all.

mod pruning;
mod repaired;
mod reserved;

use std::sync::Arc;

use catalog::{
    ledger::{
        CLOCKS_APART_MAX, Ledger, LedgerError, RecordReader, RecordWriter, adopt, ahead_of, append,
        fixtures, is_mounted, sequences,
    },
    model::SourceName,
};
use futures::TryStreamExt as _;
use toolkit::clock::Clock;

/// Panics where the driver does not obey.
pub async fn obeys(records: Arc<dyn RecordWriter>) {
    a_place_is_marked_once_and_tells_its_time(Arc::clone(&records)).await;
    an_unknown_source_has_no_records(&*records).await;
    what_was_created_is_read_back_to_the_byte(&*records).await;
    a_sequence_number_has_one_writer(&*records).await;
    records_are_listed_in_order(&*records).await;
    what_was_removed_is_gone_and_nothing_else(&*records).await;
    of_many_creators_exactly_one_wins(Arc::clone(&records)).await;
    every_concurrent_append_is_recorded_in_one_intact_chain(Arc::clone(&records)).await;
    repaired::obeys(Arc::clone(&records)).await;
    reserved::obeys(Arc::clone(&records)).await;
    pruning::obeys(records).await;
}

async fn a_place_is_marked_once_and_tells_its_time(records: Arc<dyn RecordWriter>) {
    let sources = [name("cache")];
    assert!(!records.is_marked().await.expect("readable"));
    let unmarked = is_mounted(&*records, &sources).await;
    assert!(
        matches!(unmarked, Err(LedgerError::Unmarked { .. })),
        "{unmarked:?}"
    );
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let records = Arc::clone(&records);
        writers.spawn(async move { records.mark().await });
    }
    let marked: Result<Vec<_>, _> = writers.join_all().await.into_iter().collect();
    let marked = marked.expect("marked").into_iter().filter(|it| *it);
    assert_eq!(marked.count(), 1);
    assert!(records.is_marked().await.expect("readable"));
    is_mounted(&*records, &sources).await.expect("marked");
    adopt(&*records, &sources, true).await.expect("marked");
    // Whoever tells the time here has the clock of this machine.
    let clock = Clock::system();
    let before = clock.now();
    if let Some(store) = records.time().await.expect("asked") {
        let ahead = ahead_of(store, before, clock.now());
        assert!(ahead.abs() < CLOCKS_APART_MAX, "{ahead}");
    }
}

/// All of a source.
async fn numbers(records: &dyn RecordReader, source: &SourceName) -> Vec<u64> {
    let all = sequences(records, source, 0);
    all.try_collect().await.expect("listed")
}

async fn an_unknown_source_has_no_records(records: &dyn RecordWriter) {
    let source = name("unknown");
    assert_eq!(numbers(records, &source).await, [0; 0]);
    assert_eq!(records.newest(&source).await.expect("newest"), None);
    let read = records.read(&source, 1).await;
    assert!(
        matches!(read, Err(LedgerError::Gone { sequence: 1, .. })),
        "{read:?}"
    );
}

async fn what_was_created_is_read_back_to_the_byte(records: &dyn RecordWriter) {
    let source = name("read-back");
    let text = "{\n  \"any\": \"text, ü and 😀\"\n}\n";
    records.create(&source, 1, text).await.expect("create");
    assert_eq!(records.read(&source, 1).await.expect("read"), text);
    assert_eq!(numbers(records, &source).await, [1]);
    // The name of a source may begin that of another.
    assert_eq!(numbers(records, &name("read-bac")).await, [0; 0]);
    let newest = records.newest(&name("read")).await.expect("newest");
    assert_eq!(newest, None);
}

async fn a_sequence_number_has_one_writer(records: &dyn RecordWriter) {
    let source = name("one-writer");
    records.create(&source, 1, "first").await.expect("create");
    let second = records.create(&source, 1, "second").await;
    assert!(
        matches!(second, Err(LedgerError::Taken { sequence: 1, .. })),
        "{second:?}"
    );
    assert_eq!(records.read(&source, 1).await.expect("read"), "first");
}

async fn records_are_listed_in_order(records: &dyn RecordWriter) {
    let source = name("order");
    for sequence in [10, 2, 100_000, 1] {
        records
            .create(&source, sequence, "text")
            .await
            .expect("create");
    }
    assert_eq!(numbers(records, &source).await, [1, 2, 10, 100_000]);
    assert_eq!(
        records.newest(&source).await.expect("newest"),
        Some(100_000)
    );
    for (after, next) in [
        (1, Some(2)),
        (2, Some(10)),
        (11, Some(100_000)),
        (100_000, None),
    ] {
        let page = records.list(&source, after).await.expect("list");
        assert_eq!(page.first().copied(), next, "after {after}");
    }
}

async fn what_was_removed_is_gone_and_nothing_else(records: &dyn RecordWriter) {
    let source = name("removed");
    for sequence in 1..=4 {
        let created = records.create(&source, sequence, "text").await;
        created.expect("create");
    }
    for sequence in [1, 2, 2] {
        records.remove(&source, sequence).await.expect("remove");
    }
    assert_eq!(numbers(records, &source).await, [3, 4]);
    assert_eq!(records.newest(&source).await.expect("newest"), Some(4));
    let read = records.read(&source, 2).await;
    assert!(matches!(read, Err(LedgerError::Gone { .. })), "{read:?}");
    assert_eq!(records.read(&source, 3).await.expect("read"), "text");
}

async fn of_many_creators_exactly_one_wins(records: Arc<dyn RecordWriter>) {
    let mut creators = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let records = Arc::clone(&records);
        let text = writer.to_string();
        creators.spawn(async move {
            let created = records.create(&name("race"), 1, &text).await;
            created.map(|()| text)
        });
    }
    let mut winners = Vec::new();
    while let Some(created) = creators.join_next().await {
        match created.expect("no panic") {
            Ok(text) => winners.push(text),
            Err(error) => assert!(matches!(error, LedgerError::Taken { .. }), "{error:?}"),
        }
    }
    let read = records.read(&name("race"), 1).await.expect("read");
    assert_eq!(winners, [read]);
}

async fn every_concurrent_append_is_recorded_in_one_intact_chain(records: Arc<dyn RecordWriter>) {
    // Four writers of three records each: nobody can be overtaken more than nine times.
    let source = fixtures::cache();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (records, source) = (Arc::clone(&records), source.clone());
        writers.spawn(async move {
            for hour in ["01:00:00", "02:00:00", "03:00:00"] {
                let draft = fixtures::verified(fixtures::at(hour));
                append(&*records, &source, draft).await.expect("append");
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.expect("no panic");
    }
    let report = Ledger::load(&*records, &source)
        .await
        .expect("load")
        .report();
    assert_eq!((report.records, report.first_break), (12, None));
}

fn name(text: &str) -> SourceName {
    SourceName::new(text).expect("a name")
}
