use std::time::Duration;

use futures::TryStreamExt;
use tokio::time::timeout;

use super::*;

async fn all(memory: &Memory, prefix: &str) -> Result<Vec<Page>, StorageError> {
    let from = ListFrom {
        prefix: prefix.into(),
        ..ListFrom::default()
    };
    memory.list(from).try_collect().await
}

fn filled(page_max: usize) -> Memory {
    let memory = Memory::new(page_max);
    for key in ["a/1", "a/2", "b/1", "b/2"] {
        memory.put(key, "0123456789");
    }
    memory
}

#[tokio::test]
async fn a_refused_page_comes_after_the_pages_before_it_and_ends_the_listing() {
    let memory = filled(1);
    memory.fail(Fault::RefusePage {
        at: 2,
        reason: StorageReason::Throttled,
    });
    let pages: Vec<_> = memory.list(ListFrom::default()).collect().await;
    assert_eq!(pages.len(), 3);
    assert!(pages[..2].iter().all(Result::is_ok));
    assert_eq!(
        pages[2].as_ref().unwrap_err().reason,
        StorageReason::Throttled
    );

    memory.heal();
    assert_eq!(all(&memory, "").await.unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_page_can_be_abandoned_and_a_slow_one_comes() {
    let memory = filled(1);
    memory.fail(Fault::HangAtPage(1));
    let hour = Duration::from_hours(1);
    timeout(hour, all(&memory, "")).await.unwrap_err();

    memory.heal();
    memory.fail(Fault::Slow(Duration::from_mins(1)));
    timeout(hour, all(&memory, "")).await.unwrap().unwrap();

    memory.fail(Fault::Hang(Operation::Head));
    timeout(hour, memory.head(&Key::new("a/1")))
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_denied_prefix_spoils_only_what_touches_it() {
    let memory = filled(10);
    memory.fail(Fault::Denied {
        prefix: "a/".into(),
    });
    let denied = StorageReason::AccessDenied;
    assert_eq!(all(&memory, "").await.unwrap_err().reason, denied);
    assert_eq!(all(&memory, "a/1").await.unwrap_err().reason, denied);
    assert_eq!(
        memory.head(&Key::new("a/1")).await.unwrap_err().reason,
        denied
    );
    assert_eq!(all(&memory, "b/").await.unwrap()[0].objects.len(), 2);
}

#[tokio::test]
async fn a_broken_body_gives_some_bytes_and_then_the_reason() {
    let memory = filled(10);
    memory.fail(Fault::Cut {
        key: "a/1".into(),
        after: 6,
    });
    memory.fail(Fault::ReplacedMeanwhile {
        key: "a/2".into(),
        after: 0,
    });
    memory.fail(Fault::Refuse {
        at: Operation::Read,
        reason: StorageReason::Archived,
    });
    let pin = |key| memory.lock().objects[&Key::new(key)].0.pin();

    let items: Vec<_> = memory
        .open(&pin("a/1"))
        .await
        .unwrap()
        .bytes
        .collect()
        .await;
    let bytes: usize = items.iter().flatten().map(Bytes::len).sum();
    assert_eq!((bytes, items.len()), (6, 4));
    assert_eq!(
        items[3].as_ref().unwrap_err().reason,
        StorageReason::Truncated
    );

    let items: Vec<_> = memory
        .open(&pin("a/2"))
        .await
        .unwrap()
        .bytes
        .collect()
        .await;
    assert_eq!(
        items[0].as_ref().unwrap_err().reason,
        StorageReason::Replaced
    );

    let refused = memory.read(&pin("a/1"), 0..1).await.unwrap_err();
    assert_eq!(refused.reason, StorageReason::Archived);
}
