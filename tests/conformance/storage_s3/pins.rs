//! What holds an object to its pin where the store gives no tag, or takes none.

use jiff::SignedDuration;
use tests::s3_server::{Call, Effect, Fault, Ignored, Object};

use super::*;

/// As a file that no S3 wrote: without a tag.
fn untagged(object: &mut Object) {
    object.etag = String::new();
}

fn later(object: &mut Object) {
    untagged(object);
    object.modified_at += SignedDuration::from_secs(1);
}

async fn read(repository: &Repository, object: &ObjectMeta) -> Result<Vec<u8>, StorageError> {
    let read = repository.bucket.read(&object.pin(), 2..5).await;
    read.map(|bytes| bytes.to_vec())
}

fn calls(repository: &Repository) -> Vec<Call> {
    let calls = repository.server.world().take_calls();
    calls.into_iter().map(|(call, _)| call).collect()
}

#[tokio::test]
async fn without_version_and_tag_the_time_of_every_answer_is_compared() {
    let repository = Repository::start("").await;
    let world = repository.server.world();
    world.put_with("a", "0123456789", untagged);
    let pages = listed(&repository.bucket, false).await.expect("a listing");
    let object = &pages[0].objects[0];
    assert_eq!(object.etag, None);
    assert_eq!(
        head(&repository.bucket, "a").await.expect("a head"),
        *object
    );
    assert_eq!(read(&repository, object).await.expect("a range"), b"234");
    assert_eq!(
        opened(&repository.bucket, object).await.expect("all"),
        b"0123456789"
    );

    world.fail(Fault::always(
        Call::Get,
        Effect::Header("last-modified", ""),
    ));
    let error = read(&repository, object).await.expect_err("no time");
    expect(&error, Operation::Read, StorageReason::Protocol);
    world.heal();

    world.put_with("a", "9876543210", later);
    let error = read(&repository, object).await.expect_err("another");
    expect(&error, Operation::Read, StorageReason::Replaced);
    let error = opened(&repository.bucket, object)
        .await
        .expect_err("another");
    expect(&error, Operation::Open, StorageReason::Replaced);
}

#[tokio::test]
async fn the_version_of_an_object_without_one_does_not_stand_for_its_time() {
    let repository = Repository::start("").await;
    let world = repository.server.world();
    world.put_with("a", "0123456789", untagged);
    world.version();
    world.put_with("a", "newer", later);
    let pages = listed(&repository.bucket, true).await.expect("a listing");
    let object = &pages[0].noncurrent[0];
    let version = object.version_id.as_deref();
    assert_eq!((version, &object.etag), (Some("null"), &None));
    assert_eq!(read(&repository, object).await.expect("a range"), b"234");

    world.put_with("a", "9876543210", |object| {
        later(object);
        object.version_id = "null".into();
    });
    world.put_with("a", "newer", later);
    let error = read(&repository, object).await.expect_err("another");
    expect(&error, Operation::Read, StorageReason::Replaced);
}

#[tokio::test]
async fn tags_are_compared_however_they_are_written() {
    for tag in ["W/\"{}\"", "{}", "W/\"\"", "\"\""] {
        let repository = Repository::start("").await;
        let world = repository.server.world();
        world.put("a", "0123456789");
        let pages = listed(&repository.bucket, false).await.expect("a listing");
        let object = &pages[0].objects[0];
        let bare = object.etag.as_deref().expect("a tag").trim_matches('"');
        let written: &'static str = tag.replace("{}", bare).leak();
        world.fail(Fault::always(Call::Get, Effect::Header("etag", written)));
        match read(&repository, object).await {
            Ok(bytes) => assert_eq!((&*bytes, tag.contains("{}")), (&b"234"[..], true)),
            Err(error) => {
                expect(&error, Operation::Read, StorageReason::Protocol);
                assert!(!tag.contains("{}"), "{}", told(&error));
            }
        }
        let xml = tag.replace('"', "&quot;");
        let bare = bare.to_owned();
        world.fail(Fault::always(
            Call::List,
            Effect::Rewrite(std::sync::Arc::new(move |body: String| {
                let (before, behind) = body.split_once("<ETag>").expect("a tag");
                let (_, behind) = behind.split_once("</ETag>").expect("its end");
                format!("{before}<ETag>{}</ETag>{behind}", xml.replace("{}", &bare))
            })),
        ));
        let pages = listed(&repository.bucket, false).await.expect("a listing");
        let expected = object.etag.clone().filter(|_| tag.contains("{}"));
        assert_eq!(pages[0].objects[0].etag, expected, "{tag}");
    }
}

#[tokio::test]
async fn a_condition_that_is_refused_for_an_unchanged_object_is_not_asked_again() {
    let repository = Repository::start("").await;
    let world = repository.server.world();
    for key in ["a", "b"] {
        world.put_with(key, "0123456789", |object| {
            object.checksum = Some(("crc32", "pp6FWg==".into()));
        });
    }
    let pages = listed(&repository.bucket, false).await.expect("a listing");
    let [a, b] = &pages[0].objects[..] else {
        panic!("{pages:?}");
    };
    world.ignore(&[Ignored::Match]);
    world.take_calls();
    assert!(
        repository
            .bucket
            .uploaded(&a.pin())
            .await
            .expect("a head")
            .is_some()
    );
    assert_eq!(calls(&repository), [Call::Head, Call::Head]);
    assert_eq!(read(&repository, a).await.expect("a range"), b"234");
    assert_eq!(calls(&repository), [Call::Get, Call::Head, Call::Get]);
    for object in [a, b] {
        assert_eq!(read(&repository, object).await.expect("a range"), b"234");
    }
    assert_eq!(
        calls(&repository),
        [Call::Get, Call::Get],
        "it is known by now"
    );

    world.put("b", "9876543210");
    let error = read(&repository, b).await.expect_err("another");
    expect(&error, Operation::Read, StorageReason::Replaced);
    world.put_with("a", "0123456789", |object| {
        object
            .etag
            .clone_from(&a.etag.clone().expect("a tag").replace('"', ""));
        object.modified_at += SignedDuration::from_secs(1);
    });
    let error = read(&repository, a).await.expect_err("another time");
    expect(&error, Operation::Read, StorageReason::Replaced);
}

#[tokio::test]
async fn a_condition_that_is_refused_for_a_changed_object_is_replaced() {
    let repository = Repository::start("").await;
    let world = repository.server.world();
    world.put("a", "0123456789");
    let object = head(&repository.bucket, "a").await.expect("a head");
    for (ignored, denied) in [(&[][..], false), (&[Ignored::Match], false), (&[], true)] {
        world.put("a", "9876543210");
        world.ignore(ignored);
        if denied {
            let denied = Effect::error(403, "AccessDenied", "Access Denied");
            world.fail(Fault::always(Call::Head, denied));
        }
        let error = read(&repository, &object).await.expect_err("another");
        expect(&error, Operation::Read, StorageReason::Replaced);
    }
}
