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

/// What becomes of 2,500 objects with this lie in every page.
async fn lied_to(lie: Effect) -> Result<Vec<Page>, StorageError> {
    let repository = many().await;
    let world = repository.server.world();
    world.fail(Fault::always(Call::List, lie));
    listed(&repository.bucket, false).await
}

fn rewrite(lie: impl Fn(String) -> String + Send + Sync + 'static) -> Effect {
    Effect::Rewrite(std::sync::Arc::new(lie))
}

/// The same body with another continuation token, if it has one.
fn with_token(body: &str, token: &str) -> String {
    let tag = "NextContinuationToken>";
    let parts: Vec<_> = body.split(tag).collect();
    match parts[..] {
        [before, _, after] => format!("{before}{tag}{token}</{tag}{after}"),
        _ => body.into(),
    }
}

#[tokio::test]
async fn a_listing_that_goes_round_in_a_loop_is_an_error_and_never_a_short_listing() {
    let number = std::sync::atomic::AtomicU32::new(0);
    let first = std::sync::OnceLock::new();
    let lies: [(Effect, &str); 4] = [
        (
            Effect::replace("NextContinuationToken>", "Other>"),
            "does not say where",
        ),
        // The second page for ever.
        (rewrite(|body| with_token(&body, "p/0999")), "was before"),
        // The second page and the third by turns.
        (
            Effect::replace(
                "<IsTruncated>false</IsTruncated>",
                "<IsTruncated>true</IsTruncated>\
                 <NextContinuationToken>p/0999</NextContinuationToken>",
            ),
            "was before",
        ),
        // The first page for ever, each time with a place that is new.
        (
            rewrite(move |body| {
                let body = first.get_or_init(|| body);
                let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                with_token(body, &number.to_string())
            }),
            "listed before",
        ),
    ];
    for (lie, words) in lies {
        let error = lied_to(lie).await.expect_err(words);
        expect(&error, Operation::List, StorageReason::Protocol);
        assert!(told(&error).contains(words), "{words}: {}", told(&error));
    }
}

#[tokio::test]
async fn no_order_is_asked_of_a_store_and_an_odd_entry_costs_itself() {
    let count = async |lie: Effect| {
        let pages = lied_to(lie).await.expect("a listing");
        let sum = |of: fn(&Page) -> usize| pages.iter().map(of).sum::<usize>();
        let objects = sum(|page| page.objects.len());
        (
            objects,
            sum(|page| page.undescribed.len()),
            pages.iter().map(|it| it.outside).sum(),
        )
    };
    let none: fn(&str, &str) -> Effect = |from, to| {
        let (from, to) = (from.to_owned(), to.to_owned());
        rewrite(move |body| body.replace(&from, &to))
    };
    assert_eq!(
        count(none("<Key>p/1999<", "<Key>p/0000<")).await,
        (2500, 0, 0u64)
    );
    assert_eq!(
        count(none("<Key>p/2400<", "<Key>q/2400<")).await,
        (2499, 0, 1)
    );
    // Of the last page, all.
    for size in [
        "",
        "<Size/>",
        "<Size></Size>",
        "<Size>null</Size>",
        "<Size>-1</Size>",
    ] {
        let lie = rewrite(move |body| {
            if body.contains("p/2499<") {
                body.replace("<Size>1</Size>", size)
            } else {
                body
            }
        });
        assert_eq!(count(lie).await, (2000, 500, 0), "{size}");
    }
    for time in ["", "null", "yesterday"] {
        let lie = rewrite(move |body| {
            let mut parts = body.splitn(2, "<LastModified>");
            let (before, behind) = (parts.next(), parts.next());
            let behind = behind.and_then(|it| it.split_once("</LastModified>"));
            let (_, behind) = behind.expect("a time");
            let before = before.expect("what is before it");
            format!("{before}<LastModified>{time}</LastModified>{behind}")
        });
        assert_eq!(count(lie).await, (2497, 3, 0), "{time}");
    }
}

#[tokio::test]
async fn a_page_may_begin_with_the_entry_that_the_last_one_ended_with() {
    let repository = many().await;
    repository.server.world().ignore(&[Ignored::Behind]);
    for versions in [false, true] {
        let pages = listed(&repository.bucket, versions)
            .await
            .expect("a listing");
        let objects = pages.iter().flat_map(|page| &page.objects);
        let mut listed = keys(objects);
        listed.sort_unstable();
        assert_eq!(listed.len(), 2500);
        listed.dedup();
        assert_eq!(listed.len(), 2500);
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
