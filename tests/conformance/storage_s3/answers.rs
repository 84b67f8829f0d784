//! Each way a store refuses, as the reason and the hint an operator can act on.

use tests::s3_server::{Call, Effect, Fault};

use super::*;

/// The same answer to every call; what a read, which S3 answers with a body, says of it.
async fn check(effect: Effect, reason: StorageReason, words: &[&str]) {
    let repository = Repository::start("p/").await;
    repository.server.world().put("p/it's odd", "0123456789");
    let object = head(&repository.bucket, "it's odd").await.expect("a head");
    for call in [Call::List, Call::Head, Call::Get] {
        repository
            .server
            .world()
            .fail(Fault::always(call, effect.clone()));
    }
    let list = listed(&repository.bucket, false)
        .await
        .expect_err("a listing");
    let head = head(&repository.bucket, "it's odd")
        .await
        .expect_err("a head");
    let read = repository
        .bucket
        .read(&object.pin(), 0..5)
        .await
        .expect_err("a read");
    let open = opened(&repository.bucket, &object)
        .await
        .expect_err("a body");
    expect(&list, Operation::List, reason);
    expect(&head, Operation::Head, reason);
    expect(&read, Operation::Read, reason);
    expect(&open, Operation::Open, reason);
    for word in words {
        assert!(told(&read).contains(word), "{word}: {}", told(&read));
        assert!(told(&head).contains(word), "{word}: {}", told(&head));
    }
}

#[tokio::test]
async fn denied_is_access_denied_and_names_the_permission() {
    let denied = Effect::error(
        403,
        "AccessDenied",
        "User: arn:aws:iam::1:user/x is not authorized",
    );
    check(
        denied,
        StorageReason::AccessDenied,
        &["s3:GetObject", "backups/p/*", "arn:aws:iam::1:user/x"],
    )
    .await;
}

#[tokio::test]
async fn expired_and_wrong_credentials_are_credentials() {
    let reason = StorageReason::Credentials;
    check(
        Effect::error(400, "ExpiredToken", "The provided token has expired."),
        reason,
        &["expired"],
    )
    .await;
    check(
        Effect::error(403, "InvalidAccessKeyId", "No such id."),
        reason,
        &["access key id"],
    )
    .await;
    check(
        Effect::error(403, "SignatureDoesNotMatch", "No."),
        reason,
        &["secret access key"],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_clock_is_said() {
    let skewed = Effect::error(403, "RequestTimeTooSkewed", "The difference is too large.");
    check(skewed, StorageReason::Credentials, &["clock", "NTP"]).await;
}

#[tokio::test]
async fn a_refusal_of_the_key_is_not_one_of_the_object() {
    let message = "User: x is not authorized to perform: kms:Decrypt on the resource";
    let reason = StorageReason::KeyDenied;
    check(
        Effect::error(403, "AccessDenied", message),
        reason,
        &["kms:Decrypt"],
    )
    .await;
    check(
        Effect::error(400, "KMS.DisabledException", "arn is disabled."),
        reason,
        &["kms"],
    )
    .await;
    let sse_c = "The object was stored using a form of Server Side Encryption.";
    check(
        Effect::error(400, "InvalidRequest", sse_c),
        reason,
        &["SSE-C"],
    )
    .await;
}

#[tokio::test]
async fn an_archived_object_comes_with_the_command_that_thaws_it() {
    let message = "The operation is not valid for the object's storage class";
    let command = r"aws s3api restore-object --bucket backups --key 'p/it'\''s odd'";
    let days = r#"--restore-request '{"Days":3,"GlacierJobParameters":{"Tier":"Standard"}}'"#;
    let glacier = Effect::error(403, "InvalidObjectState", message);
    check(
        glacier,
        StorageReason::Archived,
        &[command, days, "--endpoint-url http://127.0.0.1"],
    )
    .await;
    let tier =
        "<StorageClass>INTELLIGENT_TIERING</StorageClass><AccessTier>ARCHIVE_ACCESS</AccessTier>";
    let tiered = Effect::error_with(403, "InvalidObjectState", message, tier);
    let request = r#"--restore-request '{"GlacierJobParameters":{"Tier":"Standard"}}'"#;
    check(tiered, StorageReason::Archived, &[command, request]).await;
}

#[tokio::test]
async fn a_wrong_region_names_the_right_one() {
    let malformed = Effect::error_with(
        400,
        "AuthorizationHeaderMalformed",
        "the region 'us-east-1' is wrong",
        "<Region>eu-west-1</Region>",
    );
    check(malformed, StorageReason::Protocol, &["region: eu-west-1"]).await;
    let Effect::Answer { body, .. } = Effect::error(301, "PermanentRedirect", "Elsewhere.") else {
        unreachable!("an error is an answer");
    };
    let moved = Effect::Answer {
        status: 301,
        headers: vec![("x-amz-bucket-region", "ap-south-1".into())],
        content_type: "application/xml",
        body,
    };
    check(moved, StorageReason::Protocol, &["region: ap-south-1"]).await;
}

#[tokio::test]
async fn a_storm_is_weathered_or_throttled() {
    let slow = Effect::error(503, "SlowDown", "Please reduce your request rate.");
    let repository = Repository::start("").await;
    repository.server.world().put("a", "x");
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, slow.clone()).times(2));
    listed(&repository.bucket, false).await.expect("it passed");
    repository.server.world().take_calls();
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, slow.clone()));
    let error = listed(&repository.bucket, false)
        .await
        .expect_err("it goes on");
    expect(&error, Operation::List, StorageReason::Throttled);
    let attempts = usize::try_from(PATIENCE.attempts).expect("it fits");
    assert_eq!(
        repository.server.world().take_calls().len(),
        attempts,
        "its budget"
    );
    check(slow, StorageReason::Throttled, &["less often"]).await;
}

#[tokio::test]
async fn what_never_answers_is_a_timeout_and_what_hangs_up_is_unreachable() {
    let repository = Repository::start("").await;
    repository.server.world().put("a", "x");
    let bucket = repository.reader(IMPATIENT, |_| ());
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, Effect::Hang));
    let error = listed(&bucket, false).await.expect_err("no answer");
    expect(&error, Operation::List, StorageReason::Timeout);
    repository.server.world().heal();
    for call in [Call::List, Call::Head, Call::Get] {
        repository
            .server
            .world()
            .fail(Fault::always(call, Effect::Drop));
    }
    let error = listed(&repository.bucket, false)
        .await
        .expect_err("no answer");
    expect(&error, Operation::List, StorageReason::Unreachable);
    let error = head(&repository.bucket, "a").await.expect_err("no answer");
    expect(&error, Operation::Head, StorageReason::Unreachable);
}

#[tokio::test]
async fn a_web_page_is_no_store() {
    for (status, content_type) in [
        (200, "text/html"),
        (403, "text/html; charset=utf-8"),
        (200, ""),
    ] {
        let page = Effect::Answer {
            status,
            headers: Vec::new(),
            content_type,
            body: "<!DOCTYPE html><html><title>Console</title></html>".into(),
        };
        let repository = Repository::start("").await;
        repository
            .server
            .world()
            .fail(Fault::always(Call::List, page));
        let error = listed(&repository.bucket, false)
            .await
            .expect_err("no listing");
        expect(&error, Operation::List, StorageReason::Protocol);
        assert!(told(&error).contains("web page"), "{}", told(&error));
    }
}

#[tokio::test]
async fn a_head_is_judged_by_its_status_whatever_page_a_get_would_have_had() {
    let absent = Effect::Answer {
        status: 404,
        headers: Vec::new(),
        content_type: "text/html; charset=utf-8",
        body: String::new(),
    };
    let repository = Repository::start("").await;
    let world = repository.server.world();
    world.fail(Fault::always(Call::Head, absent));
    let error = head(&repository.bucket, "a").await.expect_err("no object");
    expect(&error, Operation::Head, StorageReason::NotFound);
}

#[tokio::test]
async fn an_unknown_bucket_is_not_found_and_says_so() {
    let repository = Repository::start("").await;
    let bucket = repository.reader(PATIENCE, |config| config.bucket = "nobodys".into());
    let error = listed(&bucket, false).await.expect_err("no bucket");
    expect(&error, Operation::List, StorageReason::NotFound);
    assert!(
        told(&error).contains("no bucket \"nobodys\""),
        "{}",
        told(&error)
    );
}

#[tokio::test]
async fn a_denied_prefix_spoils_only_what_touches_it() {
    let repository = Repository::start("").await;
    for key in ["a/1", "b/1"] {
        repository.server.world().put(key, "x");
    }
    let denied = Effect::error(403, "AccessDenied", "Access Denied");
    repository
        .server
        .world()
        .fail(Fault::always(Call::List, denied).on("prefix=a/"));
    let page = |prefix: &str| {
        let from = ListFrom {
            prefix: prefix.into(),
            ..ListFrom::default()
        };
        repository.bucket.list(from).try_collect::<Vec<_>>()
    };
    let error = page("a/").await.expect_err("denied");
    expect(&error, Operation::List, StorageReason::AccessDenied);
    assert!(
        told(&error).contains("s3:ListBucket on backups for the prefix \"a/\""),
        "{}",
        told(&error)
    );
    assert_eq!(
        keys(&page("b/").await.expect("a listing")[0].objects),
        ["b/1"]
    );
}

#[tokio::test]
async fn an_object_of_a_bucket_appears_whole() {
    let repository = Repository::start("").await;
    assert!(!repository.bucket.grows());
    assert!(!Counted::new(Arc::new(repository.bucket)).grows());
}
