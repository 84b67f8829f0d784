//! Names that some stores have no objects for, answered as `MinIO` does.

use tests::s3_server::{Call, Effect, Fault};

use super::*;

const BAD: [(&str, &str); 2] = [
    (
        "XMinioInvalidResourceName",
        "Resource name contains bad components",
    ),
    (
        "XMinioInvalidObjectName",
        "Object name contains unsupported characters.",
    ),
];

#[tokio::test]
async fn what_can_have_no_name_is_not_there_and_below_it_lies_nothing() {
    for (code, message) in BAD {
        let repository = Repository::start("p/").await;
        let world = repository.server.world();
        world.put("p/a", "x");
        for call in [Call::List, Call::Versions, Call::Head, Call::Get] {
            world.fail(Fault::always(call, Effect::error(400, code, message)).on("."));
            world.fail(Fault::always(call, Effect::error(400, code, message)).on("//"));
        }
        let error = head(&repository.bucket, "./a").await.expect_err(code);
        expect(&error, Operation::Head, StorageReason::NotFound);
        let below = async |prefix: &str, versions| {
            let from = ListFrom {
                prefix: prefix.into(),
                versions,
                ..ListFrom::default()
            };
            repository.bucket.list(from).try_collect::<Vec<_>>().await
        };
        for versions in [false, true] {
            for prefix in ["a/../", "./", "b//", "b//c"] {
                let pages = below(prefix, versions).await.expect(prefix);
                assert_eq!(pages, [], "{prefix}");
            }
            // There may be `..and/more`.
            for prefix in ["..", "a/."] {
                let error = below(prefix, versions).await.expect_err(prefix);
                expect(&error, Operation::List, StorageReason::NotFound);
                assert!(told(&error).contains("correct prefix or path"), "{prefix}");
            }
        }
    }
}

#[tokio::test]
async fn a_listing_that_was_begun_does_not_end_with_such_a_refusal() {
    let repository = Repository::start("p//").await;
    for number in 0..1500 {
        let key = format!("p//{number:04}");
        repository.server.world().put(&key, "x");
    }
    let (code, message) = BAD[1];
    let refusal = Effect::error(400, code, message);
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, refusal).after(1));
    let error = listed(&repository.bucket, false)
        .await
        .expect_err("the second page");
    expect(&error, Operation::List, StorageReason::NotFound);
}

#[tokio::test]
async fn an_object_is_not_taken_for_one_whose_name_begins_with_a_slash() {
    let repository = Repository::start("").await;
    let world = repository.server.world();
    world.put("a", "x");
    let alias = Effect::Answer {
        status: 200,
        headers: vec![
            ("content-length", "1".into()),
            ("last-modified", "Sun, 22 Nov 2026 10:00:00 GMT".into()),
            ("etag", "\"a\"".into()),
        ],
        content_type: "application/octet-stream",
        body: String::new(),
    };
    world.fail(Fault::always(Call::Head, alias).on("/backups//a"));
    let error = head(&repository.bucket, "/a").await.expect_err("another");
    expect(&error, Operation::Head, StorageReason::NotFound);
    world.heal();
    world.put("/a", "xyz");
    let object = head(&repository.bucket, "/a").await.expect("its own");
    assert_eq!(object.size_bytes, 3);
}

#[tokio::test]
async fn a_prefix_that_leads_out_of_the_bucket_is_refused_and_any_other_refusal_is_an_error() {
    let repository = Repository::start("").await;
    let refused = Effect::error(400, "InvalidRequest", "Bad Request.");
    let world = repository.server.world();
    world.fail(Fault::always(Call::List, refused));
    for (prefix, is_empty) in [
        ("../", true),
        ("a/./b", true),
        ("/", true),
        ("a//", false),
        ("a", false),
    ] {
        let from = ListFrom {
            prefix: prefix.into(),
            ..ListFrom::default()
        };
        let pages: Result<Vec<_>, _> = repository.bucket.list(from).try_collect().await;
        assert_eq!(
            pages.is_ok_and(|pages| pages.is_empty()),
            is_empty,
            "{prefix}"
        );
    }
}
