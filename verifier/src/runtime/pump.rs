//! Feeds a command and drains its output at the same time, so that neither side can hang the other.
//!
//! The pump knows no runtime: an output is a stream, an input a writer. It never reports our own
//! broken stream as a complete one.

use std::{
    future::pending,
    pin::{Pin, pin},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::{Buf, Bytes};
use futures::{FutureExt, Stream, StreamExt};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::{Instant, sleep_until},
};

use super::{Capture, Feed, FeedEnd, FeedItem};

/// The write end of a command's standard input.
pub type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// A piece of what a command wrote.
#[derive(Debug)]
pub enum Output {
    /// Bytes of its standard output.
    Stdout(Bytes),
    /// Bytes of its error output.
    Stderr(Bytes),
}

/// Event that made the pump stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The command closed its outputs: it ended.
    Ended,
    /// The deadline came first; the command still runs.
    Deadline,
    /// Our own feed broke off; the command still runs and must not see an end of its input.
    Cut,
}

/// The output of a command, and the end of its feed.
#[derive(Debug)]
pub struct Pumped {
    /// Captured standard output.
    pub stdout: Capture,
    /// Captured error output.
    pub stderr: Capture,
    /// How the feed ended.
    pub feed: FeedEnd,
    /// Event that made the pump stop.
    pub stop: Stop,
}

/// Runs until the output ends, the feed breaks off, or the deadline comes. Errs with the error of
/// the output.
///
/// The end of the output ends the feed, too: writing to a command that gave up may block for ever.
/// `input` stays open until the caller drops it, so that a cut never reads as an end.
pub async fn pump<E>(
    mut output: impl Stream<Item = Result<Output, E>> + Unpin,
    input: &mut Input,
    feed: Option<&mut Feed>,
    deadline: Instant,
) -> Result<Pumped, E> {
    let written = AtomicU64::new(0);
    let (mut stdout, mut stderr) = (Capture::default(), Capture::default());
    let mut ended = feed.is_none().then_some(FeedEnd::NoFeed);
    let mut pouring = pin!(async {
        match feed {
            Some(feed) => pour(input, feed, &written).await,
            None => pending().await,
        }
    });
    let stop = loop {
        tokio::select! {
            () = sleep_until(deadline) => break Stop::Deadline,
            piece = output.next() => match piece.transpose()? {
                Some(Output::Stdout(bytes)) => stdout.push(&bytes),
                Some(Output::Stderr(bytes)) => stderr.push(&bytes),
                None => break Stop::Ended,
            },
            end = &mut pouring, if ended.is_none() => {
                ended = Some(end);
                if matches!(end, FeedEnd::Cut { .. }) {
                    break Stop::Cut;
                }
            }
        }
    };
    let feed = ended
        .or_else(|| pouring.now_or_never())
        .unwrap_or_else(|| FeedEnd::Refused {
            bytes: written.load(Relaxed),
        });
    Ok(Pumped {
        stdout,
        stderr,
        feed,
        stop,
    })
}

/// Writes every chunk, then closes the input: `shutdown` reaches a Docker daemon as an end of
/// file, dropping the writer does not.
async fn pour(input: &mut Input, feed: &mut Feed, written: &AtomicU64) -> FeedEnd {
    let bytes = || written.load(Relaxed);
    loop {
        match feed.items.recv().await {
            Some(FeedItem::Chunk(mut chunk)) => {
                while chunk.has_remaining() {
                    match input.write_buf(&mut chunk).await {
                        Ok(count) if count > 0 => written.fetch_add(count as u64, Relaxed),
                        Ok(_) | Err(_) => return FeedEnd::Refused { bytes: bytes() },
                    };
                }
                if input.flush().await.is_err() {
                    return FeedEnd::Refused { bytes: bytes() };
                }
            }
            Some(FeedItem::End { bytes: all }) if all == bytes() => {
                return match input.shutdown().await {
                    Ok(()) => FeedEnd::Complete { bytes: all },
                    Err(_) => FeedEnd::Refused { bytes: all },
                };
            }
            Some(FeedItem::End { .. }) | None => return FeedEnd::Cut { bytes: bytes() },
        }
    }
}

#[cfg(test)]
mod tests;
