//! Older versions: listed when asked for, read as what they were.

use catalog::{
    ledger::{Draft, Ledger, Proofs, fixtures, old_versions},
    model::SourceInventory,
};
use tests::s3_server::{Call, Effect, Fault};

use super::*;

async fn versioned() -> Repository {
    let repository = Repository::start("p/").await;
    let world = repository.server.world();
    world.put("p/dump.rdb", "before versions");
    world.version();
    world.put("p/dump.rdb", "one");
    world.put("p/dump.rdb", "two");
    world.put("p/gone.rdb", "gone");
    world.remove("p/gone.rdb");
    world.put("p/new", "new");
    repository
}

#[tokio::test]
async fn every_version_is_listed_and_read_and_a_delete_marker_is_none() {
    let repository = versioned().await;
    let pages = listed(&repository.bucket, true).await.expect("a listing");
    let [page] = &*pages else {
        panic!("{pages:?}");
    };
    assert_eq!(keys(&page.objects), ["dump.rdb", "new"]);
    assert_eq!(keys(&page.noncurrent), ["dump.rdb", "dump.rdb", "gone.rdb"]);
    let bodies = ["two", "new", "one", "before versions", "gone"];
    let all = page.objects.iter().chain(&page.noncurrent);
    for (object, body) in all.zip(bodies) {
        assert!(object.version_id.is_some(), "{object:?}");
        assert_eq!(
            opened(&repository.bucket, object).await.expect("its bytes"),
            body.as_bytes()
        );
    }

    let plain = listed(&repository.bucket, false).await.expect("a listing");
    assert_eq!(keys(&plain[0].objects), ["dump.rdb", "new"]);
    assert!(plain[0].noncurrent.is_empty());
    assert!(
        plain[0]
            .objects
            .iter()
            .all(|object| object.version_id.is_none())
    );
}

#[tokio::test]
async fn versions_go_on_from_page_to_page_within_a_key() {
    let repository = Repository::start("").await;
    let world = repository.server.world();
    world.version();
    for number in 0..1300 {
        world.put("odd key+%\u{7}", format!("{number}"));
        world.put("other", format!("{number}"));
    }
    let pages = listed(&repository.bucket, true).await.expect("a listing");
    assert!(
        pages
            .iter()
            .all(|page| page.objects.len() + page.noncurrent.len() <= 1000)
    );
    let objects: usize = pages.iter().map(|page| page.objects.len()).sum();
    let older: usize = pages.iter().map(|page| page.noncurrent.len()).sum();
    assert_eq!((objects, older), (2, 2598));

    let lost = Effect::replace("NextKeyMarker>", "Other>");
    world.fail(Fault::always(Call::Versions, lost));
    let error = listed(&repository.bucket, true)
        .await
        .expect_err("no marker");
    expect(&error, Operation::List, StorageReason::Protocol);
}

#[tokio::test]
async fn an_unversioned_bucket_has_single_ones_without_a_version() {
    let repository = Repository::start("").await;
    repository.server.world().put("dump.rdb", "x");
    let with = listed(&repository.bucket, true).await.expect("a listing");
    assert_eq!(
        with,
        listed(&repository.bucket, false).await.expect("a listing")
    );
}

#[tokio::test]
async fn a_store_without_versions_lists_the_single_ones_and_a_refusal_names_the_permission() {
    let repository = versioned().await;
    let unknown = Effect::error(501, "NotImplemented", "Not here.");
    repository
        .server
        .world()
        .fail(Fault::always(Call::Versions, unknown));
    let pages = listed(&repository.bucket, true).await.expect("a listing");
    assert_eq!(keys(&pages[0].objects), ["dump.rdb", "new"]);
    repository.server.world().heal();
    let denied = Effect::error(403, "AccessDenied", "Access Denied");
    repository
        .server
        .world()
        .fail(Fault::always(Call::Versions, denied));
    let error = listed(&repository.bucket, true).await.expect_err("denied");
    expect(&error, Operation::List, StorageReason::AccessDenied);
    assert!(
        told(&error).contains("s3:ListBucketVersions"),
        "{}",
        told(&error)
    );
}

#[tokio::test]
async fn a_store_that_answers_for_versions_with_objects_knows_none_and_one_under_another_name_does()
{
    let repository = Repository::start("").await;
    let world = repository.server.world();
    world.put("dump.rdb", "x");
    let plain = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>dump.rdb</Key>\
                 </Contents></ListBucketResult>";
    let effect = Effect::Rewrite(std::sync::Arc::new(|_| plain.into()));
    world.fail(Fault::always(Call::Versions, effect));
    let with = listed(&repository.bucket, true).await.expect("a listing");
    let without = listed(&repository.bucket, false).await.expect("a listing");
    assert_eq!(with, without);

    world.heal();
    world.version();
    world.put("dump.rdb", "y");
    let renamed = Effect::replace("ListVersionsResult", "ListBucketResult");
    world.fail(Fault::always(Call::Versions, renamed));
    let pages = listed(&repository.bucket, true).await.expect("a listing");
    assert_eq!((pages[0].objects.len(), pages[0].noncurrent.len()), (1, 1));
}

#[tokio::test]
async fn an_opened_object_tells_its_version_although_its_pin_names_none() {
    let repository = Repository::start("p/").await;
    let world = repository.server.world();
    let version = async || {
        let object = head(&repository.bucket, "dump.rdb").await.expect("a head");
        assert_eq!(object.version_id, None);
        let body = repository.bucket.open(&object.pin()).await.expect("a body");
        let version = body.version_id.clone();
        let chunks: Vec<_> = body.bytes.try_collect().await.expect("all of it");
        assert!(!chunks.is_empty());
        version
    };
    world.put("p/dump.rdb", "before versions");
    assert_eq!(version().await, None);
    world.version();
    world.put("p/dump.rdb", "one");
    assert_eq!(version().await.as_deref(), Some("version-2"));
    world.fail(Fault::always(Call::Get, Effect::Cut(1)).times(1));
    assert_eq!(version().await.as_deref(), Some("version-2"));
    // Versions are suspended: the next object has this one, too.
    let null = Effect::Header("x-amz-version-id", "null");
    world.fail(Fault::always(Call::Get, null));
    assert_eq!(version().await, None);
}

#[tokio::test]
async fn a_proven_version_is_there_behind_a_delete_marker_and_an_overwrite_until_it_expires() {
    let repository = Repository::start("p/").await;
    let world = repository.server.world();
    world.version();
    world.put("p/dump.rdb", "proven");
    let object = head(&repository.bucket, "dump.rdb").await.expect("a head");
    let mut run = fixtures::verification(fixtures::at("04:00:00"), None);
    let written = &mut run.snapshot.artifacts[0];
    written.key = object.key.to_string();
    (written.etag, written.modified_at) = (object.etag, object.modified_at);
    (written.size_bytes, written.version_id) = (object.size_bytes, Some("version-1".into()));
    let mut ledger = Ledger::new(fixtures::cache());
    for text in fixtures::sealed([Draft::Verification(Box::new(run))]) {
        ledger.take(1, Ok(&text));
    }
    let nothing = SourceInventory::default();
    let proofs = Proofs::new(&ledger, &nothing, None, fixtures::at("12:00:00"));
    let are_there = async || {
        let answer = old_versions(&repository.bucket, &proofs).await;
        answer.expect("it is asked for").are_there
    };
    world.remove("p/dump.rdb");
    assert_eq!(are_there().await, Some(true));
    // HEAD has no body: the same is asked by GET, and there is no object to be read.
    let denied = Effect::error(403, "AccessDenied", "Access Denied");
    world.fail(Fault::always(Call::Head, denied));
    assert_eq!(are_there().await, None);
    world.heal();
    let other = Effect::Header("x-amz-version-id", "version-9");
    world.fail(Fault::always(Call::Head, other));
    assert_eq!(are_there().await, None);
    world.heal();
    world.put("p/dump.rdb", "larger than that");
    assert_eq!(are_there().await, Some(true));
    world.expire_noncurrent();
    assert_eq!(are_there().await, Some(false));
}
