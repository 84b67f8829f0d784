//! A listing is whole, or an error.

use tests::s3_server::{Call, Effect, Fault, Ignored};

use super::*;

async fn many() -> Repository {
    let repository = Repository::start("p/").await;
    for number in 0..2500 {
        repository
            .server
            .world()
            .put(&format!("p/{number:04}"), "x");
    }
    repository
}

#[tokio::test]
async fn pages_that_end_without_a_token_repeat_or_go_back_are_an_error_and_never_a_short_listing() {
    let repository = many().await;
    let lies: [(Effect, &str); 6] = [
        (
            Effect::replace("NextContinuationToken>", "Other>"),
            "does not say where",
        ),
        (Effect::replace(">p/1999<", ">p/0000<"), "out of order"),
        (Effect::replace(">p%2F1999<", ">p%2F0000<"), "out of order"),
        (
            Effect::replace("<Key>p/2400</Key>", "<Key>q/2400</Key>"),
            "do not begin",
        ),
        (Effect::replace("<Size>1</Size>", ""), "without key, size"),
        (
            Effect::Rewrite(std::sync::Arc::new(|body: String| {
                let token = "NextContinuationToken>";
                let parts: Vec<_> = body.split(token).collect();
                if parts.len() == 3 {
                    format!("{}{token}p/0999</{token}{}", parts[0], parts[2])
                } else {
                    body
                }
            })),
            "goes on where it was",
        ),
    ];
    for (lie, words) in lies {
        repository.server.world().heal();
        repository
            .server
            .world()
            .fail(Fault::always(Call::List, lie.clone()));
        match listed(&repository.bucket, false).await {
            Ok(pages) => {
                // The server does not write what this lie replaces.
                let count: usize = pages.iter().map(|page| page.objects.len()).sum();
                assert_eq!((count, words), (2500, "out of order"), "{lie:?}");
            }
            Err(error) => {
                expect(&error, Operation::List, StorageReason::Protocol);
                assert!(told(&error).contains(words), "{lie:?}: {}", told(&error));
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_does_not_say_whether_it_is_the_last_never_makes_a_short_listing() {
    let repository = many().await;
    let world = repository.server.world();
    for (call, versions) in [(Call::List, false), (Call::Versions, true)] {
        let check = async |lie: fn(String) -> String, expected: Option<usize>| {
            world.heal();
            let effect = Effect::Rewrite(std::sync::Arc::new(lie));
            world.fail(Fault::always(call, effect));
            match listed(&repository.bucket, versions).await {
                Ok(pages) => {
                    let count = pages.iter().map(|page| page.objects.len()).sum();
                    assert_eq!(Some(count), expected);
                }
                Err(error) => {
                    expect(&error, Operation::List, StorageReason::Protocol);
                    assert_eq!(expected, None, "{}", told(&error));
                }
            }
        };
        // Where there is a place to go on, it is gone on to.
        check(|body| body.replace("IsTruncated>", "Other>"), Some(2500)).await;
        let mute = |body: String| {
            let body = body.replace("IsTruncated>", "Other>");
            let body = body.replace("NextKeyMarker>", "Other>");
            body.replace("NextContinuationToken>", "Other>")
        };
        check(mute, None).await;
    }
}

#[tokio::test]
async fn a_refused_page_comes_after_the_pages_before_it() {
    let repository = many().await;
    let broken = Effect::error(500, "InternalError", "We encountered an internal error.");
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, broken.clone()).after(1));
    let from = ListFrom::default();
    let mut pages = repository.bucket.list(from);
    assert_eq!(
        pages
            .try_next()
            .await
            .expect("a page")
            .expect("a page")
            .objects
            .len(),
        1000
    );
    let error = pages.try_next().await.expect_err("the second page");
    expect(&error, Operation::List, StorageReason::Unreachable);
    assert!(pages.try_next().await.expect("the end").is_none());

    repository.server.world().heal();
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, broken).after(1).times(2));
    let pages = listed(&repository.bucket, false).await.expect("retried");
    assert_eq!(pages.len(), 3);
}

#[tokio::test]
async fn empty_pages_are_passed_and_endless_ones_are_not() {
    let repository = Repository::start("").await;
    repository.server.world().put("a", "x");
    let number = std::sync::atomic::AtomicU32::new(0);
    let empty = Effect::Rewrite(std::sync::Arc::new(move |_| {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        format!(
            "<ListBucketResult><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>{number}</NextContinuationToken></ListBucketResult>"
        )
    }));
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, empty.clone()).times(3));
    let pages = listed(&repository.bucket, false).await.expect("a listing");
    assert_eq!(keys(&pages[0].objects), ["a"]);
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, empty));
    let error = listed(&repository.bucket, false).await.expect_err("no end");
    expect(&error, Operation::List, StorageReason::Protocol);
}

#[tokio::test]
async fn a_store_that_does_not_encode_is_read_verbatim() {
    let repository = Repository::start("").await;
    repository.server.world().ignore(&[Ignored::Encoding]);
    for key in ["a+b", "a b", "a%20b", "é"] {
        repository.server.world().put(key, "x");
    }
    let pages = listed(&repository.bucket, false).await.expect("a listing");
    assert_eq!(keys(&pages[0].objects), ["a b", "a%20b", "a+b", "é"]);
}

#[tokio::test]
async fn classes_are_reported_and_the_marker_of_the_prefix_is_no_object() {
    let repository = Repository::start("p/").await;
    repository.server.world().put("p/", "");
    repository.server.world().put("p/a", "x");
    repository.server.world().put_with("p/b", "x", |object| {
        object.storage_class = Some("DEEP_ARCHIVE".into());
    });
    let pages = listed(&repository.bucket, false).await.expect("a listing");
    assert_eq!(pages[0].skipped, 1);
    let classes: Vec<_> = pages[0]
        .objects
        .iter()
        .map(|it| it.storage_class.as_deref())
        .collect();
    assert_eq!(classes, [Some("STANDARD"), Some("DEEP_ARCHIVE")]);
    let headed = head(&repository.bucket, "b").await.expect("a head");
    assert_eq!(headed, pages[0].objects[1]);
}

#[tokio::test]
async fn a_key_of_blanks_is_listed_and_said_to_be_unreadable() {
    let repository = Repository::start("").await;
    repository.server.world().put(" ", "x");
    let pages = listed(&repository.bucket, false).await.expect("a listing");
    assert_eq!(keys(&pages[0].objects), [" "]);
    let error = opened(&repository.bucket, &pages[0].objects[0])
        .await
        .expect_err("no name");
    expect(&error, Operation::Open, StorageReason::Protocol);
    assert!(told(&error).contains("blanks"), "{}", told(&error));
}
