//! A checksum of the upload is a witness only where it is one.

use super::*;

/// CRC-64/NVME, CRC-32C, CRC-32 and SHA-1 of "123456789", as S3 writes them.
const WHOLE: [(&str, &str); 4] = [
    ("crc64nvme", "rosUhgp5mIg="),
    ("crc32c", "4waSgw=="),
    ("crc32", "y/Q5Jg=="),
    ("sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
];

async fn is_equal(repository: &Repository, body: &[u8]) -> Option<bool> {
    let object = head(&repository.bucket, "a").await.expect("a head");
    let checksum = repository.bucket.uploaded(&object.pin()).await;
    let mut running = checksum.expect("an answer")?.recompute();
    running.update(body);
    Some(running.is_equal())
}

#[tokio::test]
async fn a_checksum_of_the_whole_object_is_recomputed_and_one_of_parts_is_none() {
    let repository = Repository::start("p/").await;
    let put = |name, value: &str| {
        let world = repository.server.world();
        world.put_with("p/a", "123456789", |object| {
            object.checksum = Some((name, value.into()));
        });
    };
    for (name, value) in WHOLE {
        put(name, value);
        assert_eq!(
            is_equal(&repository, b"123456789").await,
            Some(true),
            "{name}"
        );
        assert_eq!(
            is_equal(&repository, b"12345678\0").await,
            Some(false),
            "{name}"
        );
    }
    for (name, value) in [
        ("crc32", "y/Q5Jg==-2"),
        ("crc64nvme", "rosUhg=="),
        ("sha1", "?"),
    ] {
        put(name, value);
        assert_eq!(
            is_equal(&repository, b"123456789").await,
            None,
            "{name} {value}"
        );
    }
    repository.server.world().put("p/a", "123456789");
    assert_eq!(
        is_equal(&repository, b"123456789").await,
        None,
        "none was given"
    );
}

#[tokio::test]
async fn a_crc64nvme_is_of_the_whole_object_whatever_is_said_of_it() {
    let repository = Repository::start("").await;
    let put = |name, value: &str, told| {
        repository
            .server
            .world()
            .put_with("a", "123456789", |object| {
                object.checksum = Some((name, value.into()));
                object.checksum_type = told;
            });
    };
    for told in [Some(""), Some("COMPOSITE"), Some("FULL_OBJECT")] {
        let (name, value) = WHOLE[0];
        put(name, value, told);
        let is_equal = async |body| is_equal(&repository, body).await;
        assert_eq!(is_equal(b"123456789").await, Some(true), "{told:?}");
        assert_eq!(is_equal(b"123456780").await, Some(false), "{told:?}");
        // Four bytes, as moto answers after a multipart upload, or one of parts.
        for malformed in ["rosUhg==", "rosUhgp5mIg=-2", ""] {
            put(name, malformed, told);
            assert_eq!(is_equal(b"123456789").await, None, "{told:?} {malformed}");
        }
    }
    // Of any other algorithm the store must say so.
    for told in ["", "COMPOSITE"] {
        for (name, value) in &WHOLE[1..] {
            put(name, value, Some(told));
            assert_eq!(
                is_equal(&repository, b"123456789").await,
                None,
                "{told:?} {name}"
            );
        }
    }
}

#[tokio::test]
async fn it_is_asked_of_the_pinned_content_only() {
    let repository = Repository::start("").await;
    let put = |body: &'static str| {
        repository.server.world().put_with("a", body, |object| {
            object.checksum = Some(WHOLE[0]).map(|(name, value)| (name, value.into()));
        });
    };
    put("123456789");
    let old = head(&repository.bucket, "a").await.expect("a head").pin();
    put("987654321");
    let error = repository
        .bucket
        .uploaded(&old)
        .await
        .expect_err("another content");
    expect(&error, Operation::Head, StorageReason::Replaced);
}
