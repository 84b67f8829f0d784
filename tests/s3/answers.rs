//! What the suites do not ask: versions, checksums, refusals.

use aws_sdk_s3::types::ChecksumAlgorithm;
use catalog::{
    model::{Key, ObjectMeta},
    storage::{Bucket, ListFrom, Page, Storage as _, StorageError, StorageReason},
};
use futures::TryStreamExt as _;
use tests::{require, s3_store::RealBucket, storage_suite::Fixture as _};

async fn listed(bucket: &Bucket, versions: bool) -> Result<Vec<Page>, StorageError> {
    let from = ListFrom {
        versions,
        ..ListFrom::default()
    };
    bucket.list(from).try_collect().await
}

async fn opened(bucket: &Bucket, object: &ObjectMeta) -> Vec<u8> {
    let body = bucket.open(&object.pin()).await.expect("a body");
    let chunks: Vec<_> = body.bytes.try_collect().await.expect("all of it");
    chunks.concat()
}

#[tokio::test]
async fn every_version_is_listed_and_read_and_a_delete_marker_is_none() {
    require!(s3 "versions");
    let bucket = RealBucket::new("p/").await;
    bucket.put("dump.rdb", b"before versions").await;
    let bucket = bucket.versioned().await;
    bucket.put("dump.rdb", b"one").await;
    bucket.put("dump.rdb", b"two").await;
    bucket.put("gone.rdb", b"gone").await;
    bucket.remove("gone.rdb").await;
    bucket.put("new", b"new").await;
    let pages = listed(bucket.reader(), true).await.expect("a listing");
    let found = |of: fn(&Page) -> &Vec<ObjectMeta>| pages.iter().flat_map(of).collect::<Vec<_>>();
    let (objects, older) = (found(|page| &page.objects), found(|page| &page.noncurrent));
    let mut read = Vec::new();
    for object in objects.into_iter().chain(older) {
        let body = opened(bucket.reader(), object).await;
        let body = String::from_utf8(body).expect("text");
        read.push(format!("{}: {body}", object.key));
    }
    let expected = [
        "dump.rdb: two",
        "new: new",
        "dump.rdb: one",
        "dump.rdb: before versions",
        "gone.rdb: gone",
    ];
    assert_eq!(read, expected);

    let plain = listed(bucket.reader(), false).await.expect("a listing");
    let keys = plain.iter().flat_map(|page| &page.objects);
    let keys: Vec<_> = keys.map(|object| object.key.as_str()).collect();
    assert_eq!(keys, ["dump.rdb", "new"]);
}

#[tokio::test]
async fn versions_go_on_from_page_to_page_within_a_key() {
    require!(s3 "versions");
    let bucket = RealBucket::new("").await.versioned().await;
    for number in 0..1100 {
        let body = format!("{number}");
        bucket.put("odd key+%", body.as_bytes()).await;
    }
    bucket.put("other", b"").await;
    let pages = listed(bucket.reader(), true).await.expect("a listing");
    let count = |of: fn(&Page) -> usize| pages.iter().map(of).sum::<usize>();
    assert!(pages.len() > 1, "{} pages", pages.len());
    assert_eq!(count(|page| page.objects.len()), 2);
    assert_eq!(count(|page| page.noncurrent.len()), 1099);
}

#[tokio::test]
async fn versions_of_a_key_with_a_control_character_are_listed() {
    require!(s3 "versions");
    require!(s3 "versions_of_a_key_with_a_control_character_are_listed");
    let bucket = RealBucket::new("").await.versioned().await;
    for body in [b"1", b"2"] {
        bucket.put("bell\u{7}", body).await;
    }
    let pages = listed(bucket.reader(), true).await.expect("a listing");
    let versions = pages
        .iter()
        .flat_map(|page| page.objects.iter().chain(&page.noncurrent));
    let keys: Vec<_> = versions.map(|version| version.key.as_str()).collect();
    assert_eq!(keys, ["bell\u{7}"; 2]);
}

#[tokio::test]
async fn a_checksum_of_the_upload_is_recomputed() {
    require!(s3 "a_checksum_of_the_upload_is_recomputed");
    let bucket = RealBucket::new("p/").await;
    for algorithm in [
        ChecksumAlgorithm::Sha256,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
    ] {
        let with = algorithm.clone();
        bucket
            .put_with("a", b"123456789", |it| it.checksum_algorithm(with))
            .await;
        let pin = bucket
            .reader()
            .head(&Key::new("a"))
            .await
            .expect("a head")
            .pin();
        let uploaded = bucket.reader().uploaded(&pin).await.expect("an answer");
        let uploaded = uploaded.unwrap_or_else(|| panic!("{algorithm}: none is kept"));
        for (body, expected) in [(b"123456789", true), (b"12345678\0", false)] {
            let mut running = uploaded.clone().recompute();
            running.update(body);
            assert_eq!(running.is_equal(), expected, "{algorithm}");
        }
    }
}

#[tokio::test]
async fn refusals_have_their_reasons() {
    require!(s3 "refusals_have_their_reasons");
    let bucket = RealBucket::new("").await;
    bucket.put("a", b"x").await;
    let mut elsewhere = bucket.config();
    elsewhere.bucket = "nobodys-bucket".into();
    let told = |error: StorageError| (error.reason, format!("{error}\nhint: {}", error.hint));
    let (reason, words) = told(
        listed(&Bucket::new(elsewhere), false)
            .await
            .expect_err("none"),
    );
    assert_eq!(reason, StorageReason::NotFound, "{words}");
    assert!(words.contains("no bucket \"nobodys-bucket\""), "{words}");

    let object = bucket.reader().head(&Key::new("a")).await.expect("a head");
    bucket.rotate("another-secret");
    let errors = [
        listed(bucket.reader(), false).await.expect_err("a listing"),
        bucket.reader().head(&object.key).await.expect_err("a head"),
        bucket
            .reader()
            .open(&object.pin())
            .await
            .expect_err("a body"),
    ];
    for error in errors {
        let (reason, words) = told(error);
        assert_eq!(reason, StorageReason::Credentials, "{words}");
        assert!(words.contains("Correct the secret access key"), "{words}");
        assert!(!words.contains("another-secret"), "{words}");
    }
}
