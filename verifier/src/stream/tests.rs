//! Every way a pass can end.

use std::{io::Read, sync::Mutex};

use catalog::{
    format::{InspectionState, double::Double},
    storage::{Operation, StorageReason},
};
use futures::stream;

use super::*;

/// Tees everything, gives up at a piece that begins with `!`, panics at one that begins with `P`,
/// and knows how a broken input must read.
static PLAIN: Double = Double {
    inspect,
    ..Double::new("plain")
};

fn inspect(input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection {
    let mut inspection = Inspection::new("plain", InspectionState::Intact);
    let mut buffer = [0; 7000];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return inspection,
            Ok(_) if buffer[0] == b'!' => return inspection,
            Ok(_) if buffer[0] == b'P' => panic!("an inspector must not, but could"),
            Ok(length) => {
                tee(&buffer[..length]);
                inspection.bytes += length as u64;
            }
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
                inspection.state = InspectionState::Aborted;
                return inspection;
            }
        }
    }
}

fn cut() -> StorageError {
    StorageError {
        operation: Operation::Open,
        subject: "cache.rdb".into(),
        reason: StorageReason::Unreachable,
        hint: String::new(),
        source: None,
    }
}

fn stream_of(chunks: Vec<Result<Bytes, StorageError>>) -> ByteStream {
    Box::pin(stream::iter(chunks))
}

fn silent() -> OnBytes {
    Arc::new(|_, _| {})
}

/// Everything that came out of a feed: the bytes, and the explicit end where there was one.
async fn drain(mut feed: Feed) -> (Vec<u8>, Option<u64>) {
    let mut all = Vec::new();
    while let Some(item) = feed.items.recv().await {
        match item {
            FeedItem::Chunk(chunk) => all.extend_from_slice(&chunk),
            FeedItem::End { bytes } => return (all, Some(bytes)),
        }
    }
    (all, None)
}

#[tokio::test]
async fn all_bytes_are_hashed_inspected_and_fed_in_one_pass() {
    let chunk = Bytes::from(vec![7_u8; 100_000]);
    let chunks = (0..40).map(|_| Ok(chunk.clone())).collect();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seen_by_pass = Arc::clone(&seen);
    let on_bytes: OnBytes = Arc::new(move |done, all| {
        seen_by_pass.lock().expect("no poison").push((done, all));
    });
    let (sender, feed) = feed();
    let passing = pass(
        stream_of(chunks),
        4_000_000,
        &PLAIN,
        Some(sender.into()),
        on_bytes,
    );
    let (passed, (arrived, end)) = tokio::join!(passing, drain(feed));
    let passed = passed.expect("a whole stream passes");
    assert_eq!((arrived.len(), end), (4_000_000, Some(4_000_000)));
    assert_eq!(passed.restorable_bytes, 4_000_000);
    assert_eq!(passed.inspection.bytes, 4_000_000);
    assert_eq!(passed.restorable_sha256.as_ref(), Some(&passed.sha256));
    let mut expected = Sha256::new();
    expected.update(&vec![7_u8; 4_000_000]);
    assert_eq!(passed.sha256, expected.finish());
    assert_eq!(
        seen.lock().expect("no poison").last(),
        Some(&(4_000_000, 4_000_000))
    );
}

#[tokio::test]
async fn an_object_of_no_bytes_is_a_whole_pass() {
    let (sender, feed) = feed();
    let passing = pass(
        stream_of(Vec::new()),
        0,
        &PLAIN,
        Some(sender.into()),
        silent(),
    );
    let (passed, (_, end)) = tokio::join!(passing, drain(feed));
    assert_eq!(end, Some(0));
    assert_eq!(
        passed.expect("nothing is all there is").sha256,
        // FIPS 180-4, of the empty message
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_a_storage_error_and_a_feed_without_an_end() {
    let (sender, feed) = feed();
    let chunks = vec![Ok(Bytes::from_static(b"half")), Err(cut())];
    let passing = pass(stream_of(chunks), 8, &PLAIN, Some(sender.into()), silent());
    let (passed, (arrived, end)) = tokio::join!(passing, drain(feed));
    assert!(matches!(passed, Err(PassError::Storage(_))), "{passed:?}");
    assert_eq!((arrived.as_slice(), end), (&b"half"[..], None));
}

#[tokio::test]
async fn a_stream_of_another_length_than_its_pin_is_no_snapshot() {
    for (pinned, read) in [(5, 4), (3, 4)] {
        let (sender, feed) = feed();
        let chunks = vec![Ok(Bytes::from_static(b"four"))];
        let passing = pass(
            stream_of(chunks),
            pinned,
            &PLAIN,
            Some(sender.into()),
            silent(),
        );
        let (passed, (_, end)) = tokio::join!(passing, drain(feed));
        assert!(
            matches!(passed, Err(PassError::Length { read: r, .. }) if r == read),
            "{passed:?}"
        );
        assert_eq!(end, None, "pinned {pinned}");
    }
}

#[tokio::test]
async fn a_sandbox_that_stops_reading_does_not_stop_the_inspection() {
    let (sender, mut feed) = feed();
    let chunks = (0..64).map(|_| Ok(Bytes::from(vec![1; 10_000]))).collect();
    let passing = pass(
        stream_of(chunks),
        640_000,
        &PLAIN,
        Some(sender.into()),
        silent(),
    );
    let (passed, ()) = tokio::join!(passing, async {
        feed.items.recv().await;
        drop(feed);
    });
    assert_eq!(passed.expect("reads on").inspection.bytes, 640_000);
}

#[tokio::test]
async fn without_a_sandbox_everything_is_read_all_the_same() {
    let passed = pass(
        stream_of(vec![Ok(Bytes::from_static(b"x"))]),
        1,
        &PLAIN,
        None,
        silent(),
    );
    assert_eq!(passed.await.expect("passes").restorable_bytes, 1);
}

#[tokio::test]
async fn an_inspector_that_gives_up_or_panics_is_our_own_failure() {
    for first in [b'!', b'P'] {
        let (sender, feed) = feed();
        let chunks = (0..64)
            .map(|_| Ok(Bytes::from(vec![first; 10_000])))
            .collect();
        let passing = pass(
            stream_of(chunks),
            640_000,
            &PLAIN,
            Some(sender.into()),
            silent(),
        );
        let (passed, (_, end)) = tokio::join!(passing, drain(feed));
        assert!(
            matches!(passed, Err(PassError::Inspection(_))),
            "{passed:?}"
        );
        assert_eq!(end, None);
    }
}

#[tokio::test]
async fn what_unwraps_to_more_than_allowed_is_read_to_the_end_but_not_fed() {
    let (items, mut received) = feed();
    let limited = Fed {
        items,
        bytes_max: 9,
        is_compared: false,
    };
    let chunks = vec![
        Ok(Bytes::from_static(b"12345")),
        Ok(Bytes::from_static(b"67890")),
    ];
    let passing = pass(stream_of(chunks), 10, &PLAIN, Some(limited), silent());
    let passed = passing.await.unwrap();
    assert_eq!(passed.restorable_bytes, 10);
    assert_eq!(passed.restorable_sha256, None);
    let mut bytes = 0;
    while let Some(item) = received.items.recv().await {
        let FeedItem::Chunk(chunk) = item else {
            panic!("an end was sent")
        };
        bytes += chunk.len();
    }
    assert!(bytes <= 9, "{bytes}");
}
