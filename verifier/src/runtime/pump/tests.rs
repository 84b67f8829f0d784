use std::{io, time::Duration};

use futures::stream;
use tokio::{
    io::{AsyncReadExt, DuplexStream, duplex},
    sync::mpsc,
};

use super::*;

const CHUNK: usize = 1024;

/// A feed of `chunks` chunks, ended properly or cut off.
fn feed(chunks: usize, end: Option<u64>) -> Feed {
    let (send, items) = mpsc::channel(chunks + 1);
    for _ in 0..chunks {
        let chunk = Bytes::from(vec![7; CHUNK]);
        send.try_send(FeedItem::Chunk(chunk))
            .expect("room for every chunk");
    }
    if let Some(bytes) = end {
        send.try_send(FeedItem::End { bytes })
            .expect("room for the end");
    }
    Feed { items }
}

/// A command that reads `read` bytes (or all) and then ends.
fn command(
    mut stdin: DuplexStream,
    read: Option<usize>,
) -> Pin<Box<dyn Stream<Item = Result<Output, io::Error>> + Send>> {
    let work = async move {
        let mut taken = vec![0; read.unwrap_or(0)];
        match read {
            Some(_) => drop(stdin.read_exact(&mut taken).await?),
            None => drop(stdin.read_to_end(&mut taken).await?),
        }
        // The descriptor stays open, as a daemon keeps it: a further write would block for ever.
        std::mem::forget(stdin);
        Ok(Output::Stdout(Bytes::from(taken.len().to_string())))
    };
    Box::pin(stream::once(work))
}

async fn run(read: Option<usize>, mut feed: Feed) -> Pumped {
    let (ours, theirs) = duplex(CHUNK);
    let mut input: Input = Box::pin(ours);
    let deadline = Instant::now() + Duration::from_secs(5);
    pump(command(theirs, read), &mut input, Some(&mut feed), deadline)
        .await
        .expect("no error")
}

#[tokio::test(start_paused = true)]
async fn a_command_that_reads_all_sees_every_byte_and_the_end() {
    let pumped = run(None, feed(100, Some(100 * 1024))).await;
    assert_eq!(pumped.feed, FeedEnd::Complete { bytes: 100 * 1024 });
    assert_eq!(
        (pumped.stop, pumped.stdout.text()),
        (Stop::Ended, "102400".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn a_command_that_gives_up_ends_the_feed_instead_of_hanging_it() {
    let pumped = run(Some(10 * 1024), feed(100, Some(100 * 1024))).await;
    assert_eq!(pumped.stop, Stop::Ended);
    assert!(matches!(pumped.feed, FeedEnd::Refused { bytes } if bytes < 20 * 1024));
}

#[tokio::test(start_paused = true)]
async fn a_channel_closed_without_an_end_is_a_cut_and_closes_nothing() {
    let pumped = run(None, feed(3, None)).await;
    assert_eq!(
        (pumped.stop, pumped.feed),
        (Stop::Cut, FeedEnd::Cut { bytes: 3 * 1024 })
    );
}

#[tokio::test(start_paused = true)]
async fn an_end_that_names_another_size_is_a_cut() {
    let pumped = run(None, feed(3, Some(4 * 1024))).await;
    assert_eq!(
        (pumped.stop, pumped.feed),
        (Stop::Cut, FeedEnd::Cut { bytes: 3 * 1024 })
    );
}

#[tokio::test(start_paused = true)]
async fn a_command_that_neither_reads_nor_ends_meets_the_deadline() {
    let (ours, theirs) = duplex(CHUNK);
    let mut input: Input = Box::pin(ours);
    let mut feed = feed(2, Some(2 * 1024));
    let deadline = Instant::now() + Duration::from_secs(5);
    let silent = stream::pending::<Result<Output, io::Error>>();
    let pumped = pump(silent, &mut input, Some(&mut feed), deadline)
        .await
        .expect("no error");
    assert_eq!(
        (pumped.stop, pumped.feed),
        (Stop::Deadline, FeedEnd::Refused { bytes: 1024 })
    );
    drop(theirs);
}

#[tokio::test(start_paused = true)]
async fn an_empty_feed_is_complete() {
    let pumped = run(None, feed(0, Some(0))).await;
    assert_eq!(pumped.feed, FeedEnd::Complete { bytes: 0 });
}
