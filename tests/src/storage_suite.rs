//! What every storage driver must do, as functions over a [`Fixture`]; `storage_suite!` runs them.
//!
//! Nothing here knows a driver: a new one passes this suite or is none.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use catalog::{
    model::{Key, ObjectMeta},
    storage::{
        ListFrom, Operation, PAGE_MAX, Page, READ_MAX, Storage, StorageError, StorageReason,
    },
};
use futures::{StreamExt, TryStreamExt};

/// A driver over an empty repository, and a way to fill it that the driver itself does not have.
#[async_trait]
pub trait Fixture: Sync {
    /// The driver under test.
    fn storage(&self) -> &dyn Storage;

    /// Writes or replaces an object whole, as a careful producer does.
    async fn put(&self, key: &str, body: &[u8]);

    /// Deletes an object.
    async fn remove(&self, key: &str);
}

/// Runs every function of the suite as a test of its own, each with a fresh fixture.
#[macro_export]
macro_rules! storage_suite {
    ($fixture:expr) => {
        $crate::storage_suite!($fixture;
            every_key_is_listed_whatever_the_directories,
            pages_are_bounded_and_hold_every_object_once,
            a_prefix_is_characters_and_not_a_segment,
            a_listing_goes_on_behind_any_key,
            a_listing_may_be_abandoned,
            nothing_below_a_prefix_is_an_empty_listing,
            hostile_keys_are_keys,
            head_and_listing_agree,
            what_is_not_there_is_not_found,
            a_range_is_exact_or_an_error,
            an_opened_object_is_all_its_bytes,
            a_replaced_object_is_never_read_in_place_of_the_pinned_one,
            a_deleted_object_is_not_found,
        );
    };
    ($fixture:expr; $($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                /// What the fixture may ask about.
                #[allow(dead_code, reason = "few fixtures do")]
                const CASE: &str = stringify!($case);
                $crate::storage_suite::$case(&$fixture).await;
            }
        )*
    };
}

async fn pages(storage: &dyn Storage, from: ListFrom) -> Result<Vec<Page>, StorageError> {
    storage.list(from).try_collect().await
}

async fn objects(storage: &dyn Storage, prefix: &str, after: Option<&str>) -> Vec<ObjectMeta> {
    let from = ListFrom {
        prefix: prefix.into(),
        after: after.map(Key::new),
        ..ListFrom::default()
    };
    let pages = pages(storage, from).await.expect("a listing");
    pages.into_iter().flat_map(|page| page.objects).collect()
}

/// In byte order: a driver lists in any.
async fn keys(storage: &dyn Storage, prefix: &str, after: Option<&str>) -> Vec<String> {
    let objects = objects(storage, prefix, after).await;
    let mut keys: Vec<_> = objects
        .iter()
        .map(|object| object.key.to_string())
        .collect();
    keys.sort_unstable();
    keys
}

async fn fill(fixture: &dyn Fixture, keys: &[&str]) {
    for key in keys {
        fixture.put(key, key.as_bytes()).await;
    }
}

async fn only(fixture: &dyn Fixture, key: &str, body: &[u8]) -> ObjectMeta {
    fixture.put(key, body).await;
    fixture
        .storage()
        .head(&Key::new(key))
        .await
        .expect("it was just written")
}

/// In byte order: `/` (0x2f) comes behind `-` and `.` and before the digits.
const SORTED: [&str; 11] = [
    ".hidden", "a!", "a-/b", "a.b", "a/b-c/d", "a/b/c", "a/b0", "a0", "aa", "b", "é",
];

pub async fn every_key_is_listed_whatever_the_directories(fixture: &dyn Fixture) {
    let mut reversed = SORTED;
    reversed.reverse();
    fill(fixture, &reversed).await;
    assert_eq!(keys(fixture.storage(), "", None).await, SORTED);
}

pub async fn pages_are_bounded_and_hold_every_object_once(fixture: &dyn Fixture) {
    let mut written = BTreeMap::new();
    for number in 0..2 * PAGE_MAX + 3 {
        let key = format!("{}/{number:05}", number % 3);
        fixture.put(&key, b"x").await;
        written.insert(key, 1);
    }
    let pages = pages(fixture.storage(), ListFrom::default())
        .await
        .expect("a listing");
    assert!(
        pages
            .iter()
            .all(|page| page.objects.len() <= PAGE_MAX && page.skipped == 0)
    );
    let mut listed = BTreeMap::new();
    for object in pages.iter().flat_map(|page| &page.objects) {
        *listed.entry(object.key.to_string()).or_insert(0) += 1;
    }
    assert_eq!(listed, written);
}

pub async fn a_prefix_is_characters_and_not_a_segment(fixture: &dyn Fixture) {
    let redis = [
        "redis-2/a",
        "redis.rdb",
        "redis/2025/z",
        "redis/2026-1",
        "redis/2026/b",
    ];
    fill(fixture, &["rabbit", "s"]).await;
    fill(fixture, &redis).await;
    let prefixes = [
        ("redi", 0),
        ("redis.", 1),
        ("redis/", 2),
        ("redis/2026", 3),
        ("redis/2026/", 4),
    ];
    for (prefix, first) in prefixes {
        let end = if prefix == "redis." { 2 } else { redis.len() };
        assert_eq!(
            keys(fixture.storage(), prefix, None).await,
            redis[first..end],
            "{prefix}"
        );
    }
}

pub async fn a_listing_goes_on_behind_any_key(fixture: &dyn Fixture) {
    fill(fixture, &SORTED).await;
    for (index, key) in SORTED.iter().enumerate() {
        let rest = keys(fixture.storage(), "", Some(key)).await;
        assert_eq!(rest, SORTED[index + 1..], "behind {key}");
    }
    assert_eq!(
        keys(fixture.storage(), "a/", Some("a/b-")).await,
        SORTED[4..7],
        "not a key"
    );
    assert_eq!(
        keys(fixture.storage(), "a/", Some("A")).await,
        SORTED[4..7],
        "before it"
    );
    assert!(
        keys(fixture.storage(), "a/", Some("b")).await.is_empty(),
        "behind it"
    );
}

pub async fn a_listing_may_be_abandoned(fixture: &dyn Fixture) {
    fill(fixture, &["a", "b"]).await;
    let storage = fixture.storage();
    drop(storage.list(ListFrom::default()));
    let mut listing = storage.list(ListFrom::default());
    let page = listing.next().await.expect("a page").expect("a listing");
    assert!(!page.objects.is_empty(), "{page:?}");
    drop(listing);
    assert_eq!(keys(storage, "", None).await, ["a", "b"]);
}

pub async fn nothing_below_a_prefix_is_an_empty_listing(fixture: &dyn Fixture) {
    assert!(
        keys(fixture.storage(), "", None).await.is_empty(),
        "an empty repository"
    );
    fill(fixture, &["a/b"]).await;
    for prefix in [
        "b",
        "a/c",
        "a/b/",
        "nowhere/deep/",
        "a//",
        "../",
        "a/../",
        "/",
        "./",
    ] {
        assert!(
            keys(fixture.storage(), prefix, None).await.is_empty(),
            "{prefix}"
        );
    }
}

pub async fn hostile_keys_are_keys(fixture: &dyn Fixture) {
    let long = "long".repeat(60);
    let mut hostile = vec![
        "-rf",
        "..a/...",
        "blank/ ",
        "a b",
        "line\nbreak",
        "tab\t",
        "bell\u{7}",
        "quote\"'`",
        "%2e%2e",
        "back\\slash",
        "star*?[x]",
        "\u{202e}fdp",
        "🦀/🦀.rdb",
        "e\u{301}",
        "é",
        &long,
    ];
    fill(fixture, &hostile).await;
    hostile.sort_unstable();
    let mut listed = objects(fixture.storage(), "", None).await;
    listed.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(
        listed
            .iter()
            .map(|object| object.key.as_str())
            .collect::<Vec<_>>(),
        hostile
    );
    for object in listed {
        let whole = fixture
            .storage()
            .read(&object.pin(), 0..object.size_bytes)
            .await;
        assert_eq!(whole.expect("its bytes"), object.key.as_str().as_bytes());
    }
}

pub async fn head_and_listing_agree(fixture: &dyn Fixture) {
    let headed = only(fixture, "a/b", b"12345").await;
    assert_eq!(
        objects(fixture.storage(), "", None).await,
        std::slice::from_ref(&headed)
    );
    assert_eq!(headed.size_bytes, 5);
    assert!(
        headed.etag.is_some() || headed.version_id.is_some(),
        "something to pin"
    );
}

pub async fn what_is_not_there_is_not_found(fixture: &dyn Fixture) {
    fill(fixture, &["a/b"]).await;
    for key in [
        "", "a", "a/", "a/c", "a/b/c", "/a/b", "a//b", "./a/b", "a/../a/b", "a/b\0",
    ] {
        let error = fixture.storage().head(&Key::new(key)).await.expect_err(key);
        assert_eq!(
            (error.operation, error.reason),
            (Operation::Head, StorageReason::NotFound),
            "{key:?}: {}",
            error.hint
        );
    }
}

pub async fn a_range_is_exact_or_an_error(fixture: &dyn Fixture) {
    let pin = only(fixture, "a", b"0123456789").await.pin();
    let storage = fixture.storage();
    for (range, expected) in [
        (0..10, "0123456789"),
        (3..5, "34"),
        (9..10, "9"),
        (4..4, ""),
    ] {
        let bytes = storage.read(&pin, range.clone()).await.expect("a range");
        assert_eq!(bytes, expected, "{range:?}");
    }
    for range in [0..11, 9..12, 10..11, 50..60] {
        let error = storage
            .read(&pin, range.clone())
            .await
            .expect_err("beyond the end");
        assert_eq!(error.reason, StorageReason::Truncated, "{range:?}");
    }
    let large = vec![7; usize::try_from(READ_MAX).expect("it fits") + 1];
    let pin = only(fixture, "large", &large).await.pin();
    let error = storage
        .read(&pin, 0..READ_MAX + 1)
        .await
        .expect_err("too much at once");
    assert_eq!(error.reason, StorageReason::Protocol);
    assert_eq!(
        storage
            .read(&pin, 1..READ_MAX + 1)
            .await
            .expect("all of it"),
        &large[1..]
    );
}

pub async fn an_opened_object_is_all_its_bytes(fixture: &dyn Fixture) {
    let large: Vec<u8> = (0..3_000_001u32)
        .map(|at| at.to_le_bytes()[at as usize % 4])
        .collect();
    for (key, bytes) in [("empty", &[][..]), ("one", b"1"), ("large", &large)] {
        let pin = only(fixture, key, bytes).await.pin();
        let body = fixture.storage().open(&pin).await.expect(key);
        let chunks: Vec<Bytes> = body.bytes.try_collect().await.expect(key);
        assert!(chunks.concat() == bytes, "{key}: other bytes");
    }
}

pub async fn a_replaced_object_is_never_read_in_place_of_the_pinned_one(fixture: &dyn Fixture) {
    let old = only(fixture, "a", b"old bytes").await;
    let new = only(fixture, "a", b"new bytes").await;
    assert_ne!(old.pin(), new.pin());
    let storage = fixture.storage();
    let read = storage
        .read(&old.pin(), 0..3)
        .await
        .expect_err("the old pin");
    assert_eq!(
        (read.operation, read.reason),
        (Operation::Read, StorageReason::Replaced)
    );
    let opened = storage.open(&old.pin()).await.expect_err("the old pin");
    assert_eq!(
        (opened.operation, opened.reason),
        (Operation::Open, StorageReason::Replaced)
    );
    assert_eq!(
        storage.read(&new.pin(), 0..3).await.expect("the new pin"),
        "new"
    );
}

pub async fn a_deleted_object_is_not_found(fixture: &dyn Fixture) {
    let pin = only(fixture, "a/b", b"bytes").await.pin();
    fixture.remove("a/b").await;
    let storage = fixture.storage();
    let errors = [
        storage.head(&pin.key).await.expect_err("head"),
        storage.read(&pin, 0..1).await.expect_err("read"),
        storage.open(&pin).await.expect_err("open"),
    ];
    for error in errors {
        assert_eq!(error.reason, StorageReason::NotFound, "{error}");
        assert!(error.subject.ends_with("a/b"), "{error}");
    }
    assert!(keys(storage, "", None).await.is_empty());
}
