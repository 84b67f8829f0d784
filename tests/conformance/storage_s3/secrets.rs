//! Keys in files: used as they are now, shown nowhere.

use tests::s3_server::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};

use super::*;

#[tokio::test]
async fn rotated_keys_are_used_at_the_next_call() {
    let repository = Repository::start("").await;
    let server = &repository.server;
    listed(&repository.bucket, false)
        .await
        .expect("the right keys");
    for (id, secret) in [
        ("AKIAOTHER", SECRET_ACCESS_KEY),
        (ACCESS_KEY_ID, "another secret"),
    ] {
        server.write_keys(id, &secret.replace(' ', "-"));
        let error = listed(&repository.bucket, false)
            .await
            .expect_err("wrong keys");
        expect(&error, Operation::List, StorageReason::Credentials);
    }
    server.write_keys(ACCESS_KEY_ID, SECRET_ACCESS_KEY);
    listed(&repository.bucket, false)
        .await
        .expect("the right keys again");
}

#[tokio::test]
async fn a_file_without_a_key_is_named_and_its_content_is_not() {
    let repository = Repository::start("").await;
    let secret = repository.server.key_directory().join("secret");
    let check = async |words: &str| {
        let error = listed(&repository.bucket, false).await.expect_err("no key");
        expect(&error, Operation::List, StorageReason::Credentials);
        let all = format!("{} {error:?}", told(&error));
        assert!(all.contains(words) && all.contains("secret"), "{all}");
        assert!(!all.contains("hunter2"), "{all}");
    };
    let long = "hunter2-".repeat(600);
    for text in [
        &*long,
        "",
        "\n",
        "hunter2 and more",
        "hunter2\nhunter2",
        "hunter2\u{e9}",
    ] {
        std::fs::write(&secret, text).expect("a file");
        check("holds no key").await;
    }
    std::fs::remove_file(&secret).expect("it is there");
    check("cannot be read").await;
}

#[tokio::test]
async fn no_error_and_no_debug_output_shows_the_secret() {
    let repository = Repository::start("").await;
    listed(&repository.bucket, false).await.expect("a client");
    let gone = head(&repository.bucket, "gone").await.expect_err("nothing");
    let shown = format!("{:?} {gone:?} {gone}", repository.bucket);
    for secret in [SECRET_ACCESS_KEY, ACCESS_KEY_ID] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
