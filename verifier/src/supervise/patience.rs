//! Bounds of the waits for a server that reads while the bytes arrive: it may never begin.

use std::{pin::pin, time::Duration};

use catalog::ledger::Reason;
use tokio::{sync::mpsc, time::timeout};

use crate::runtime::{Feed, FeedItem, SandboxError};

/// Longest time in which nothing of a feed is taken, or after which a feed that was taken whole has
/// not ended: servers read without a pause.
const UNREAD_MAX: Duration = Duration::from_mins(1);

/// Awaits `reading`, which takes what is passed on through `items`. Errs if it takes nothing for
/// [`UNREAD_MAX`]. How long the feed itself takes does not matter.
pub(super) async fn with_reader<T>(
    reading: impl Future<Output = Result<T, SandboxError>>,
    feed: Feed,
    items: mpsc::Sender<FeedItem>,
) -> Result<T, SandboxError> {
    let mut reading = pin!(reading);
    tokio::select! {
        done = &mut reading => return done,
        () = pass_on(feed, items) => {}
    }
    timeout(UNREAD_MAX, reading)
        .await
        .unwrap_or_else(|_| Err(unread()))
}

/// Passes everything on, until nobody takes it any more.
async fn pass_on(mut feed: Feed, items: mpsc::Sender<FeedItem>) {
    while let Some(item) = feed.items.recv().await {
        if items.send_timeout(item, UNREAD_MAX).await.is_err() {
            return;
        }
    }
}

fn unread() -> SandboxError {
    let message = "the server runs, and does not read what it is given";
    SandboxError::new(Reason::Internal, message)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use bytes::Bytes;
    use tokio::time::{Instant, sleep_until};

    use super::*;
    use crate::stream;

    const CHUNKS: u32 = 20;

    /// A feed of a few chunks, each of which takes so long to come.
    async fn send(items: mpsc::Sender<FeedItem>, pause: Duration) {
        for _ in 0..CHUNKS {
            sleep_until(Instant::now() + pause).await;
            let chunk = FeedItem::Chunk(Bytes::from_static(b"x"));
            if items.send(chunk).await.is_err() {
                return;
            }
        }
        let bytes = CHUNKS.into();
        let _ = items.send(FeedItem::End { bytes }).await;
    }

    /// Takes so many items, each after a pause, and then goes on for ever or ends.
    async fn take(feed: &mut Feed, many: u32, pause: Duration) -> Result<u32, SandboxError> {
        let mut taken = 0;
        while taken < many {
            sleep_until(Instant::now() + pause).await;
            match feed.items.recv().await {
                Some(FeedItem::Chunk(_)) => taken += 1,
                Some(FeedItem::End { .. }) => return Ok(taken),
                None => return Err(unread()),
            }
        }
        pending().await
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_feed_and_a_slow_reader_are_waited_for_and_one_that_stopped_is_not() {
        let (slow, quick) = (Duration::from_secs(5), Duration::ZERO);
        for (comes, many, takes, expected) in [
            (quick, u32::MAX, quick, Some(CHUNKS)),
            (UNREAD_MAX * 5, u32::MAX, quick, Some(CHUNKS)),
            (quick, u32::MAX, slow, Some(CHUNKS)),
            (quick, 0, quick, None),
            (quick, 3, quick, None),
            (slow, CHUNKS, quick, None),
        ] {
            let (source, feed) = stream::feed();
            let (items, mut passed_on) = stream::feed();
            let reading = take(&mut passed_on, many, takes);
            let watched = with_reader(reading, feed, items);
            let (outcome, ()) = tokio::join!(watched, send(source, comes));
            assert_eq!(outcome.ok(), expected, "{comes:?} {many} {takes:?}");
        }
    }
}
