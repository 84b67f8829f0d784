//! Reserved files beside the records.

use std::sync::Arc;

use catalog::ledger::{CLOCKS_APART_MAX, RecordWriter, ReservedPath, ahead_of};
use toolkit::clock::Clock;

/// Panics where the driver does not obey.
pub(super) async fn obeys(records: Arc<dyn RecordWriter>) {
    of_many_creators_of_a_file_exactly_one_wins(Arc::clone(&records)).await;
    files_are_listed_below_their_directory_only(&*records).await;
}

fn path(path: &str) -> ReservedPath {
    ReservedPath::new(path).expect("a path")
}

async fn of_many_creators_of_a_file_exactly_one_wins(records: Arc<dyn RecordWriter>) {
    let mut creators = tokio::task::JoinSet::new();
    for number in 0..8 {
        let records = Arc::clone(&records);
        let text = format!("creator {number}");
        creators.spawn(async move {
            let one = path(".suite/one/1.json");
            let created = records.create_reserved(&one, &text).await;
            created.expect("created").then_some(text)
        });
    }
    let won: Vec<_> = creators.join_all().await.into_iter().flatten().collect();
    assert_eq!(won.len(), 1, "{won:?}");
    let read = records.read_reserved(&path(".suite/one/1.json")).await;
    assert_eq!(read.expect("read").as_ref(), won.first());
}

async fn files_are_listed_below_their_directory_only(records: &dyn RecordWriter) {
    let listed = async |below: &str| {
        let entries = records.list_reserved(&path(below)).await.expect("listed");
        let paths = entries.into_iter().map(|it| it.path.as_str().to_owned());
        paths.collect::<Vec<_>>()
    };
    assert!(listed(".suite/none").await.is_empty());
    let files = [
        ".suite/two/b/.c/2.json",
        ".suite/two/a/1.json",
        ".suite/twofold/1.json",
    ];
    for file in files {
        let created = records.create_reserved(&path(file), "{}\n").await;
        assert!(created.expect("created"));
    }
    assert_eq!(listed(".suite/two").await, [files[1], files[0]]);
    let clock = Clock::system();
    let before = clock.now();
    if records.time().await.expect("asked").is_some() {
        let entries = records.list_reserved(&path(".suite/two")).await;
        let made_at = entries.expect("listed")[0].modified_at;
        let ahead = ahead_of(made_at, before, clock.now());
        assert!(ahead.abs() < CLOCKS_APART_MAX, "{ahead}");
    }
    let gone = path(files[1]);
    for _ in 0..2 {
        records.remove_reserved(&gone).await.expect("removed");
    }
    assert_eq!(records.read_reserved(&gone).await.expect("read"), None);
    assert_eq!(listed(".suite/two").await, [files[0]]);
}
