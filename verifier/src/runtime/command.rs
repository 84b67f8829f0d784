//! Commands with their input and output: bounded in time and memory.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

/// Most bytes kept of the beginning, and again of the end, of one output.
pub const CAPTURE_BYTES_MAX: usize = 64 * 1024;

/// Most lines of a server's log that are ever read.
pub const LOG_LINES_MAX: usize = 200;

/// One command; its working directory is the sandbox's data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Program and arguments; no shell between, unless the first word is one.
    pub argv: Vec<String>,
    /// Variables added to the environment of the sandbox.
    pub env: Vec<(String, String)>,
    /// Time after which the command is killed and the run ends with `deadline`.
    pub timeout: Duration,
}

impl Command {
    /// A command without additions to its environment.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>, timeout: Duration) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            timeout,
        }
    }
}

/// One piece of a command's standard input.
#[derive(Debug)]
pub enum FeedItem {
    /// The next bytes.
    Chunk(Bytes),
    /// The end: all bytes were sent. A channel that closes without this was cut by us.
    End {
        /// Number of all bytes sent before.
        bytes: u64,
    },
}

/// The standard input of a command: bounded, and explicit about its end.
#[derive(Debug)]
pub struct Feed {
    /// Chunks, then one `End`.
    pub items: mpsc::Receiver<FeedItem>,
}

/// How a feed ended, as the sandbox saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedEnd {
    /// The command had no feed.
    NoFeed,
    /// Every byte was written and the end was delivered.
    Complete {
        /// Bytes written.
        bytes: u64,
    },
    /// The command ended before it had read everything.
    Refused {
        /// Bytes written until then.
        bytes: u64,
    },
    /// Our own stream broke off before its `End`.
    Cut {
        /// Bytes written until then.
        bytes: u64,
    },
}

/// The beginning and the end of an output, and the number of all its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capture {
    /// First bytes, at most [`CAPTURE_BYTES_MAX`].
    pub head: Vec<u8>,
    /// Last bytes that are not in `head`, at most [`CAPTURE_BYTES_MAX`].
    pub tail: Vec<u8>,
    /// Number of all bytes, kept or not.
    pub total_bytes: u64,
}

impl Capture {
    /// Takes more of the output; bytes that are neither head nor tail are only counted.
    pub fn push(&mut self, mut bytes: &[u8]) {
        self.total_bytes += bytes.len() as u64;
        let room = CAPTURE_BYTES_MAX - self.head.len();
        if room > 0 {
            let (first, rest) = bytes.split_at(room.min(bytes.len()));
            self.head.extend_from_slice(first);
            bytes = rest;
        }
        let kept = &bytes[bytes.len().saturating_sub(CAPTURE_BYTES_MAX)..];
        let surplus = (self.tail.len() + kept.len()).saturating_sub(CAPTURE_BYTES_MAX);
        self.tail.drain(..surplus);
        self.tail.extend_from_slice(kept);
    }

    /// Returns head and tail as text, with damaged characters replaced and a note where bytes are
    /// missing.
    pub fn text(&self) -> String {
        let head = String::from_utf8_lossy(&self.head);
        let tail = String::from_utf8_lossy(&self.tail);
        let kept = (self.head.len() + self.tail.len()) as u64;
        match self.total_bytes.saturating_sub(kept) {
            0 => format!("{head}{tail}"),
            lost => format!("{head}\n[{lost} bytes left out]\n{tail}"),
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Exit code as a shell reports it: 128 + signal when killed.
    pub code: i32,
    /// Standard output.
    pub stdout: Capture,
    /// Standard error.
    pub stderr: Capture,
    /// How the feed of its standard input ended.
    pub feed: FeedEnd,
    /// True if the memory limit of the sandbox killed the command: its code is 137, and the limit
    /// killed something since the last command that failed (before any, since the sandbox was first
    /// looked at).
    pub out_of_memory: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_keeps_the_beginning_and_the_end_and_counts_the_rest() {
        let all: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
        for step in [1_000, CAPTURE_BYTES_MAX, 300_000, all.len()] {
            let mut capture = Capture::default();
            all.chunks(step).for_each(|chunk| capture.push(chunk));
            assert_eq!(capture.head, all[..CAPTURE_BYTES_MAX]);
            assert_eq!(capture.tail, all[all.len() - CAPTURE_BYTES_MAX..]);
            assert_eq!(capture.total_bytes, 1_000_000);
        }
    }

    #[test]
    fn a_short_output_is_whole_in_its_text() {
        let mut capture = Capture::default();
        capture.push(b"one ");
        capture.push(b"two");
        assert_eq!(capture.text(), "one two");
        assert!(capture.tail.is_empty());
    }
}
