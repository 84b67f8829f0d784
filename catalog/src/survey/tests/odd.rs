//! Listings with odd entries: each costs itself, and no other.

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::*;
use crate::{
    model::{Dropped, Pin, Unread},
    storage::{ListFrom, ObjectBody, Page, Undescribed, memory::Fault},
};

/// A storage that lists what a test says below each prefix; all else is of the repository in
/// memory.
#[derive(Debug, Default)]
pub(super) struct Scripted {
    pub(super) memory: Memory,
    pub(super) pages: BTreeMap<String, Vec<Page>>,
    /// Pages of a listing with versions.
    versions: Option<Vec<Result<Page, StorageReason>>>,
}

#[async_trait]
impl Storage for Scripted {
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        if let Some(pages) = self.versions.as_ref().filter(|_| from.versions) {
            let pages: Vec<_> = pages
                .iter()
                .cloned()
                .map(|page| page.map_err(refused))
                .collect();
            return stream::iter(pages).boxed();
        }
        match self.pages.get(&from.prefix) {
            Some(pages) => stream::iter(pages.clone().into_iter().map(Ok)).boxed(),
            None => self.memory.list(from),
        }
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError> {
        self.memory.head(key).await
    }

    async fn read(&self, pin: &Pin, range: std::ops::Range<u64>) -> Result<Bytes, StorageError> {
        self.memory.read(pin, range).await
    }

    async fn open(&self, _: &Pin) -> Result<ObjectBody, StorageError> {
        async { unreachable!("a survey opens nothing") }.await
    }
}

fn refused(reason: StorageReason) -> StorageError {
    StorageError {
        operation: Operation::List,
        subject: "a/".into(),
        reason,
        hint: "A test asked for this.".into(),
        source: None,
    }
}

impl Scripted {
    /// `a/20261121`, `a/20261122` and `b/20261122` lie there.
    pub(super) fn new() -> Self {
        let scripted = Self::default();
        for key in ["a/20261121", "a/20261122", "b/20261122"] {
            scripted.memory.put_at(key, "head=-90", ago(60));
        }
        scripted
    }

    async fn meta(&self, key: &str) -> ObjectMeta {
        self.memory.head(&Key::new(key)).await.unwrap()
    }

    /// A page of keys that lie there.
    pub(super) async fn page(&self, keys: &[&str]) -> Page {
        let mut page = Page::default();
        for key in keys {
            page.objects.push(self.meta(key).await);
        }
        page
    }

    async fn survey(&self) -> Inventory {
        Setup::new(&two()).survey(self).await.unwrap()
    }
}

pub(super) fn two() -> [SurveySource; 2] {
    [source("a", &["a/%Y%m%d"]), source("b", &["b/%Y%m%d"])]
}

fn of<'a>(inventory: &'a Inventory, name: &str) -> &'a SourceInventory {
    &inventory.sources[&SourceName::new(name).unwrap()]
}

fn ids(inventory: &Inventory, name: &str) -> Vec<String> {
    let snapshots = of(inventory, name).snapshots.iter();
    snapshots.map(|snapshot| snapshot.id.0.clone()).collect()
}

pub(super) fn nameless(key: &str) -> Page {
    Page {
        undescribed: vec![Undescribed {
            key: Key::new(key),
            version_id: None,
            is_current: true,
        }],
        ..Page::default()
    }
}

const BOTH: [&str; 2] = ["20261122", "20261121"];

#[tokio::test]
async fn keys_in_any_order_and_twice_are_one_listing() {
    let mut scripted = Scripted::new();
    let pages = [
        scripted
            .page(&["a/20261122", "a/20261121", "a/20261122"])
            .await,
        scripted.page(&["a/20261121", "a/20261121"]).await,
    ];
    let again = scripted.page(&["a/20261121", "a/20261122"]).await;
    scripted.memory.put_at("a/20261120", "head=-90", ago(60));
    let mut last = scripted.page(&["a/20261120"]).await;
    last.objects.splice(0..0, again.objects);
    scripted
        .pages
        .insert("a/".into(), vec![pages[0].clone(), last]);
    let inventory = scripted.survey().await;
    assert_eq!(ids(&inventory, "a"), ["20261122", "20261121", "20261120"]);
    assert_eq!(of(&inventory, "a").duplicates, 0);
    assert_eq!(
        inventory.dropped,
        BTreeMap::new(),
        "equal ones are one entry"
    );
    let usage = &inventory.usage[0];
    assert_eq!((usage.bytes, usage.objects), (24, 3));

    scripted.pages.insert("a/".into(), pages.into());
    let inventory = scripted.survey().await;
    let error = of(&inventory, "a").error.as_ref().unwrap();
    assert!(error.contains("every key was listed before"), "{error}");
    assert_eq!(ids(&inventory, "b"), ["20261122"], "only that prefix");
}

#[tokio::test]
async fn of_a_key_that_is_described_twice_the_later_answer_is_taken_and_counted() {
    let mut scripted = Scripted::new();
    let mut page = scripted
        .page(&["a/20261122", "a/20261122", "a/20261121"])
        .await;
    page.objects[0].size_bytes = 1;
    page.objects[0].modified_at = ago(1);
    scripted.pages.insert("a/".into(), vec![page.clone()]);
    let inventory = scripted.survey().await;
    assert_eq!(of(&inventory, "a").snapshots[0].size_bytes(), 8);
    assert_eq!(of(&inventory, "a").duplicates, 0);
    assert_eq!(inventory.dropped, [(Dropped::Repeated, 1)].into());

    page.objects.swap(0, 1);
    scripted.pages.insert("a/".into(), vec![page]);
    let inventory = scripted.survey().await;
    let mut sizes = of(&inventory, "a").snapshots.iter();
    assert!(sizes.any(|it| it.id.0 == "20261122" && it.size_bytes() == 1));
}

#[tokio::test]
async fn a_key_outside_the_prefix_is_a_stranger() {
    let mut scripted = Scripted::new();
    let mut page = scripted.page(&["b/20261122", "a/20261122"]).await;
    page.outside = 2;
    let stray = scripted.page(&["b/20261122"]).await;
    scripted.pages.insert("a/".into(), vec![page, stray]);
    let inventory = scripted.survey().await;
    let error = of(&inventory, "a").error.as_ref().unwrap();
    assert!(error.contains("no end"), "{error}");

    let mut page = scripted.page(&["b/20261122", "a/20261122"]).await;
    page.outside = 2;
    scripted.pages.insert("a/".into(), vec![page]);
    let inventory = scripted.survey().await;
    assert_eq!(ids(&inventory, "a"), ["20261122"]);
    assert_eq!(ids(&inventory, "b"), ["20261122"]);
    assert_eq!(of(&inventory, "b").duplicates, 0);
    assert_eq!(inventory.dropped, [(Dropped::OutsidePrefix, 3)].into());
}

#[tokio::test]
async fn an_entry_without_size_or_time_is_asked_for_if_it_fits_a_source() {
    let mut scripted = Scripted::new();
    let mut page = scripted.page(&["a/20261121"]).await;
    for key in ["a/20261122", "a/", "a/20261123/", "a/readme", "a/20261120"] {
        page.undescribed.extend(nameless(key).undescribed);
    }
    scripted.pages.insert("a/".into(), vec![page]);
    let counted = Counted::new(Arc::new(scripted));
    let inventory = Setup::new(&two()).survey(&counted).await.unwrap();
    assert_eq!(ids(&inventory, "a"), BOTH);
    assert_eq!(of(&inventory, "a").snapshots[0].size_bytes(), 8);
    let expected = [
        (Dropped::FolderMarker, 2),
        (Dropped::Undescribed, 1),
        (Dropped::Vanished, 1),
    ];
    assert_eq!(inventory.dropped, expected.into());
    assert_eq!(counted.requests().calls[&Operation::Head], 2);
}

#[tokio::test]
async fn an_entry_that_is_described_elsewhere_is_not_asked_for() {
    let mut scripted = Scripted::new();
    let both = scripted.page(&["a/20261121", "a/20261122"]).await;
    let mut first = nameless("a/20261122");
    first.objects = both.objects;
    let second = scripted.page(&["a/20261122"]).await;
    let apart = vec![nameless("a/20261122"), second];
    for (pages, described) in [(vec![first], 2), (apart, 1)] {
        scripted.pages.insert("a/".into(), pages);
        let counted = Counted::new(Arc::new(Scripted {
            memory: scripted.memory.clone(),
            pages: scripted.pages.clone(),
            versions: None,
        }));
        let inventory = Setup::new(&two()).survey(&counted).await.unwrap();
        assert_eq!(ids(&inventory, "a").len(), described, "{inventory:?}");
        assert_eq!(inventory.dropped, [(Dropped::Repeated, 1)].into());
        assert_eq!(counted.requests().calls.get(&Operation::Head), None);
    }
}

#[tokio::test]
async fn an_entry_that_may_not_be_asked_for_spoils_its_source_alone() {
    for (reason, unread, calls) in [
        (StorageReason::AccessDenied, Unread::AccessDenied, 2),
        (StorageReason::Protocol, Unread::Unanswered, 2),
        (StorageReason::Timeout, Unread::Unanswered, 1),
    ] {
        let mut scripted = Scripted::new();
        let mut page = nameless("a/20261122");
        page.undescribed.extend(nameless("a/20261121").undescribed);
        scripted.pages.insert("a/".into(), vec![page]);
        let at = Operation::Head;
        scripted.memory.fail(Fault::Refuse { at, reason });
        let inventory = scripted.survey().await;
        let a = of(&inventory, "a");
        assert!(
            a.error.as_ref().unwrap().contains("hint: "),
            "{:?}",
            a.error
        );
        assert!(a.snapshots.is_empty());
        assert!(a.unread[&unread] >= calls, "{:?}", a.unread);
        assert_eq!(ids(&inventory, "b"), ["20261122"]);
    }
}

#[tokio::test]
async fn a_store_that_describes_nothing_is_not_asked_for_every_object() {
    let mut scripted = Scripted::new();
    let mut page = Page::default();
    for number in 0..1001 {
        let key = format!("a/{number}");
        page.undescribed.extend(nameless(&key).undescribed);
    }
    scripted.pages.insert("a/".into(), vec![page]);
    let sources = [source("a", &["a/%s"]), source("b", &["b/%F"])];
    let counted = Counted::new(Arc::new(scripted));
    let inventory = Setup::new(&sources).survey(&counted).await.unwrap();
    let error = of(&inventory, "a").error.as_ref().unwrap();
    assert!(error.contains("more than 1000"), "{error}");
    assert_eq!(of(&inventory, "b").error, None);
    assert_eq!(counted.requests().calls[&Operation::Head], 1000);
}

#[tokio::test]
async fn sources_that_need_no_versions_never_depend_on_the_listing_of_them() {
    for reason in [
        StorageReason::AccessDenied,
        StorageReason::Protocol,
        StorageReason::NotFound,
        StorageReason::Timeout,
        StorageReason::Unreachable,
    ] {
        let mut scripted = Scripted::new();
        scripted.memory.put_at("a/dump", "head=-90", ago(60));
        let page = scripted.page(&["a/20261121"]).await;
        scripted.versions = Some(vec![Ok(page), Err(reason)]);
        let [a, b] = two();
        let sources = [a, b, source("timeless", &["a/dump"])];
        let inventory = Setup::new(&sources).survey(&scripted).await.unwrap();
        assert_eq!(ids(&inventory, "a"), BOTH, "{reason:?}");
        assert_eq!(ids(&inventory, "b"), ["20261122"]);
        let error = of(&inventory, "timeless").error.as_ref().unwrap();
        assert!(error.contains("hint: "), "{error}");
    }
}

#[tokio::test]
async fn versions_are_known_by_key_and_version() {
    let mut scripted = Scripted::new();
    scripted.memory.put_at("a/dump", "head=-90", ago(60));
    let version = |id: &str, minutes| ObjectMeta {
        version_id: Some(id.into()),
        modified_at: ago(minutes),
        ..ObjectMeta {
            key: Key::new("a/dump"),
            size_bytes: 8,
            modified_at: NOW,
            etag: Some(id.into()),
            version_id: None,
            storage_class: None,
        }
    };
    let page = |objects: &[&ObjectMeta], noncurrent: &[&ObjectMeta]| {
        let all = |of: &[&ObjectMeta]| of.iter().map(|it| (*it).clone()).collect();
        Ok(Page {
            objects: all(objects),
            noncurrent: all(noncurrent),
            ..Page::default()
        })
    };
    let (two, one, zero) = (version("2", 20), version("1", 30), version("0", 40));
    // A page that ends at the newest version of a key is followed by that entry again.
    scripted.versions = Some(vec![
        page(&[&two], &[]),
        page(&[&two], &[&one]),
        page(&[], &[&one, &zero]),
    ]);
    let sources = [source("timeless", &["a/dump"])];
    let inventory = Setup::new(&sources).survey(&scripted).await.unwrap();
    assert_eq!(ids(&inventory, "timeless"), ["2", "1", "0"]);
    assert_eq!(inventory.dropped, BTreeMap::new());

    // Of two versions that are said to be the newest, the one modified last is kept as such.
    scripted.versions = Some(vec![page(&[&one, &two], &[&zero])]);
    let inventory = Setup::new(&sources).survey(&scripted).await.unwrap();
    assert_eq!(ids(&inventory, "timeless"), ["2", "1", "0"]);
    let usage = inventory
        .usage
        .iter()
        .map(|usage| (usage.state, usage.objects));
    let expected = [(UsageState::Current, 1), (UsageState::Noncurrent, 2)];
    assert_eq!(usage.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn heads_that_are_not_read_are_counted_by_reason() {
    let scripted = Scripted::new();
    for (reason, unread) in [
        (StorageReason::Archived, Some((Unread::Archived, 2))),
        (StorageReason::KeyDenied, Some((Unread::KeyDenied, 2))),
        (StorageReason::Replaced, Some((Unread::Replaced, 2))),
        (StorageReason::Timeout, Some((Unread::Unanswered, 1))),
        (StorageReason::NotFound, None),
    ] {
        scripted.memory.heal();
        let at = Operation::Read;
        scripted.memory.fail(Fault::Refuse { at, reason });
        let inventory = scripted.survey().await;
        let expected: BTreeMap<_, _> = unread.into_iter().collect();
        assert_eq!(of(&inventory, "a").unread, expected, "{reason:?}");
    }
    scripted.memory.heal();
    assert!(of(&scripted.survey().await, "a").unread.is_empty());
}
