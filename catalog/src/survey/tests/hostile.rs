//! Repositories that are very large, or lie.

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};

use super::*;
use crate::{
    model::{Pin, UNRECOGNISED_SHOWN_MAX},
    storage::{ListFrom, ObjectBody, PAGE_MAX, Page},
};

/// A storage that lists computed keys and holds nothing.
#[derive(Debug)]
struct Endless {
    pages: usize,
    key: fn(usize) -> String,
}

#[async_trait]
impl Storage for Endless {
    fn list(&self, _: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        let page = |page| {
            let numbers = page * PAGE_MAX..(page + 1) * PAGE_MAX;
            Ok(Page {
                objects: numbers.map(|number| object((self.key)(number))).collect(),
                skipped: 1,
                ..Page::default()
            })
        };
        stream::iter((0..self.pages).map(page)).boxed()
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError> {
        async { Ok(object(key.to_string())) }.await
    }

    async fn read(&self, _: &Pin, _: std::ops::Range<u64>) -> Result<Bytes, StorageError> {
        async { Ok(Bytes::from_static(b"h")) }.await
    }

    async fn open(&self, _: &Pin) -> Result<ObjectBody, StorageError> {
        unreachable!("a survey opens nothing")
    }
}

fn object(key: String) -> ObjectMeta {
    ObjectMeta {
        key: Key::new(key),
        size_bytes: 1,
        modified_at: ago(60),
        etag: Some("e".into()),
        version_id: None,
        storage_class: None,
    }
}

#[tokio::test]
async fn a_million_hostile_keys_are_counted_and_ten_are_named() {
    let key = |number: usize| {
        let tail = [
            "\n# HELP",
            "\u{7}",
            "🦀",
            "/../..",
            "%Y",
            "\"}",
            &"x".repeat(900),
        ][number % 7]
            .to_owned();
        format!("a/{number:07}{tail}")
    };
    let storage = Endless { pages: 1000, key };
    let sources = [
        source("a", &["a/%Y%m%d", "a/*-%F/*.rdb"]),
        source("b", &["a/%s/*"]),
    ];
    let inventory = Setup::new(&sources).survey(&storage).await.unwrap();
    assert_eq!(inventory.unrecognised.len(), UNRECOGNISED_SHOWN_MAX);
    let usage = &inventory.usage[0];
    assert_eq!(
        (usage.bytes, usage.objects),
        (1_000_000, 1_001_000),
        "skipped ones are counted"
    );
    assert!(
        inventory
            .sources
            .values()
            .all(|source| source.snapshots.is_empty())
    );
}

#[tokio::test]
async fn a_source_that_fits_too_much_has_an_error_and_spoils_no_other() {
    let storage = Endless {
        pages: OBJECTS_MAX / PAGE_MAX + 2,
        key: |number| format!("a/{number:07}"),
    };
    let sources = [source("wide", &["a/*"]), source("narrow", &["a/%Y%j"])];
    let inventory = Setup::new(&sources).survey(&storage).await.unwrap();
    let [wide, narrow] =
        sources.map(|source| SourceInventory::clone(&inventory.sources[&source.name]));
    assert!(
        wide.error
            .unwrap()
            .contains("more than 200000 objects\nhint: ")
    );
    assert!(narrow.snapshots.len() > HEADS_MAX && narrow.error.is_none());
}

#[tokio::test]
async fn of_very_many_snapshots_only_the_newest_are_read() {
    let storage = Endless {
        pages: 2,
        key: |number| format!("a/{}", 1_700_000_000 + number),
    };
    let counted = Counted::new(Arc::new(storage));
    let inventory = Setup::new(&[source("a", &["a/%s"])])
        .survey(&counted)
        .await
        .unwrap();
    assert_eq!(
        inventory.sources.values().next().unwrap().snapshots.len(),
        2 * PAGE_MAX
    );
    assert_eq!(counted.requests().calls[&Operation::Read], HEADS_MAX as u64);
}

#[tokio::test]
async fn a_store_that_lists_a_page_again_is_not_believed() {
    let storage = Endless {
        pages: 2,
        key: |number| format!("a/{:04}", number % PAGE_MAX),
    };
    let error = Setup::new(&[source("a", &["a/%s"])])
        .survey(&storage)
        .await
        .unwrap_err();
    assert_eq!(error.reason, StorageReason::Protocol);
}
