//! Pruning, watched after every single step.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use catalog::{
    ledger::{
        Draft, Ledger, LedgerError, Pruned, RecordReader, RecordWriter, ReservedEntry,
        ReservedPath, ReservedReader, ReservedWriter, append, fixtures, prune,
    },
    model::SourceName,
};
use jiff::{SignedDuration, Timestamp};

use super::{name, numbers};

/// Everything that the fixtures say happened in the morning is older.
const KEEP: Duration = Duration::from_hours(1);

pub(super) async fn obeys(records: Arc<dyn RecordWriter>) {
    every_step_of_pruning_leaves_an_unbroken_chain(Arc::clone(&records)).await;
    who_prunes_and_who_appends_at_once_leave_one_unbroken_chain(records).await;
}

async fn every_step_of_pruning_leaves_an_unbroken_chain(records: Arc<dyn RecordWriter>) {
    let source = name("pruned");
    fill(&*records, &source, 5).await;
    let watched = Watched {
        records: Arc::clone(&records),
        kept: Ledger::load(&*records, &source).await.expect("load"),
    };
    let ledger = Ledger::load(&watched, &source).await.expect("load");
    let pruned = prune(&watched, &ledger, KEEP, evening(0)).await;
    assert_eq!(pruned.expect("prune"), Pruned::Removed(4));
    assert_eq!(numbers(&*records, &source).await, [5, 6]);

    // Soon after, nothing is due; later, the checkpoint goes like any other record.
    for (minutes, removed, left) in [(1, 0, &[5, 6][..]), (10, 0, &[5, 6])] {
        let ledger = Ledger::load(&watched, &source).await.expect("load");
        let pruned = prune(&watched, &ledger, KEEP, evening(minutes)).await;
        assert_eq!(pruned.expect("prune"), Pruned::Removed(removed));
        assert_eq!(numbers(&*records, &source).await, left);
    }
    fill(&*records, &source, 1).await;
    let ledger = Ledger::load(&watched, &source).await.expect("load");
    let pruned = prune(&watched, &ledger, KEEP, evening(100)).await;
    assert_eq!(pruned.expect("prune"), Pruned::Removed(2));
    assert_eq!(numbers(&*records, &source).await, [7, 8]);
}

async fn who_prunes_and_who_appends_at_once_leave_one_unbroken_chain(
    records: Arc<dyn RecordWriter>,
) {
    let source = name("busy");
    fill(&*records, &source, 6).await;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..2 {
        let (records, source) = (Arc::clone(&records), source.clone());
        tasks.spawn(async move {
            fill(&*records, &source, 2).await;
            for round in 0..2 {
                let ledger = load(&*records, &source).await;
                let pruned = prune(&*records, &ledger, KEEP, evening(10 * round + writer)).await;
                assert!(matches!(pruned.expect("prune"), Pruned::Removed(_)));
            }
        });
    }
    let (reader, theirs) = (Arc::clone(&records), source.clone());
    tasks.spawn(async move {
        let mut kept = load(&*reader, &theirs).await;
        for _ in 0..5 {
            kept.refresh(&*reader).await.expect("refresh");
            assert_eq!(kept.report().first_break, None);
            load(&*reader, &theirs).await;
        }
    });
    while let Some(task) = tasks.join_next().await {
        task.expect("no panic");
    }
    let ledger = load(&*records, &source).await;
    assert!(ledger.until(Timestamp::MAX).newest_verified().is_some());
    assert!(
        numbers(&*records, &source).await[0] > 5,
        "nothing was pruned"
    );
}

async fn load(records: &dyn RecordReader, source: &SourceName) -> Ledger {
    let ledger = Ledger::load(records, source).await.expect("load");
    assert_eq!(ledger.report().first_break, None);
    ledger
}

async fn fill(records: &dyn RecordWriter, source: &SourceName, count: u32) {
    for _ in 0..count {
        let mut run = fixtures::verification(fixtures::at("01:00:00"), None);
        run.source = source.clone();
        let draft = Draft::Verification(Box::new(run));
        append(records, source, draft).await.expect("append");
    }
}

fn evening(minutes: i64) -> Timestamp {
    fixtures::at("20:00:00") + SignedDuration::from_mins(minutes)
}

/// After every step, who reads all and who remembers the head find the chain unbroken.
#[derive(Debug)]
struct Watched {
    records: Arc<dyn RecordWriter>,
    kept: Ledger,
}

impl Watched {
    async fn look(&self, source: &SourceName) {
        let mut kept = self.kept.clone();
        kept.refresh(&*self.records).await.expect("refresh");
        let anew = load(&*self.records, source).await;
        assert_eq!(kept.report(), anew.report());
        assert!(anew.until(Timestamp::MAX).newest_verified().is_some());
        assert_eq!(anew.begun_at(), Some(fixtures::at("01:00:00")));
    }
}

#[async_trait]
impl RecordReader for Watched {
    fn place(&self) -> String {
        self.records.place()
    }

    async fn is_marked(&self) -> Result<bool, LedgerError> {
        self.records.is_marked().await
    }

    async fn list(&self, source: &SourceName, after: u64) -> Result<Vec<u64>, LedgerError> {
        self.records.list(source, after).await
    }

    async fn newest(&self, source: &SourceName) -> Result<Option<u64>, LedgerError> {
        self.records.newest(source).await
    }

    async fn read(&self, source: &SourceName, sequence: u64) -> Result<String, LedgerError> {
        self.records.read(source, sequence).await
    }
}

#[async_trait]
impl ReservedReader for Watched {
    async fn list_reserved(&self, below: &ReservedPath) -> Result<Vec<ReservedEntry>, LedgerError> {
        self.records.list_reserved(below).await
    }

    async fn read_reserved(&self, path: &ReservedPath) -> Result<Option<String>, LedgerError> {
        self.records.read_reserved(path).await
    }
}

#[async_trait]
impl ReservedWriter for Watched {
    async fn create_reserved(&self, path: &ReservedPath, text: &str) -> Result<bool, LedgerError> {
        self.records.create_reserved(path, text).await
    }

    async fn remove_reserved(&self, path: &ReservedPath) -> Result<(), LedgerError> {
        self.records.remove_reserved(path).await
    }
}

#[async_trait]
impl RecordWriter for Watched {
    async fn mark(&self) -> Result<bool, LedgerError> {
        self.records.mark().await
    }

    async fn time(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.records.time().await
    }

    async fn create(
        &self,
        source: &SourceName,
        sequence: u64,
        text: &str,
    ) -> Result<(), LedgerError> {
        let created = self.records.create(source, sequence, text).await;
        self.look(source).await;
        created
    }

    async fn remove(&self, source: &SourceName, sequence: u64) -> Result<(), LedgerError> {
        let removed = self.records.remove(source, sequence).await;
        self.look(source).await;
        removed
    }
}
