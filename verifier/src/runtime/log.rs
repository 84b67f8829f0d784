//! The first and the last lines of a log, bounded in lines and in bytes per line. A server says
//! first what it reads and last why it ended; in between it may report at length.
//!
//! They are raw: a server prints key names of a damaged file. Nobody sees them before an engine's
//! allow-list did.

use std::collections::VecDeque;

use super::LOG_LINES_MAX;

/// Most bytes kept of one line.
const LINE_BYTES_MAX: usize = 1024;

/// Lines kept of the beginning, of [`LOG_LINES_MAX`] in all.
const FIRST_LINES: usize = LOG_LINES_MAX / 2;

/// The kept lines of a log that is taken piece by piece.
#[derive(Debug, Clone, Default)]
pub struct LogTail {
    first: Vec<String>,
    last: VecDeque<String>,
    line: Vec<u8>,
}

impl LogTail {
    /// Takes the next piece.
    pub fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = LINE_BYTES_MAX - self.line.len();
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if text.len() < piece.len() {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        self.line.clear();
        if self.first.len() < FIRST_LINES {
            self.first.push(line);
            return;
        }
        if self.last.len() == LOG_LINES_MAX - FIRST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// Forgets all whole lines if `is_end` holds for the last of them.
    pub(super) fn forget_through(&mut self, is_end: impl Fn(&str) -> bool) {
        let last = self.last.back().or(self.first.last());
        if last.is_some_and(|line| is_end(line)) {
            self.first.clear();
            self.last.clear();
        }
    }

    /// Returns the kept lines, an unfinished last one included.
    pub fn lines(&self) -> Vec<String> {
        let mut whole = self.clone();
        if !whole.line.is_empty() {
            whole.end_line();
        }
        whole.first.extend(whole.last);
        whole.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut tail = LogTail::default();
        for piece in pieces {
            tail.push(piece);
        }
        tail.lines()
    }

    #[test]
    fn lines_are_joined_from_pieces_and_an_unfinished_one_is_kept() {
        assert_eq!(
            lines(&[b"one\r\ntw", b"o\n", b"thr", b"ee"]),
            ["one", "two", "three"]
        );
        assert_eq!(lines(&[b"\n\n"]), ["", ""]);
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn only_the_first_and_last_lines_and_the_beginning_of_each_are_kept() {
        let many: Vec<String> = (0..1000).map(|line| line.to_string()).collect();
        let kept = lines(&[many.join("\n").as_bytes()]);
        assert_eq!(kept.len(), LOG_LINES_MAX);
        assert_eq!((kept[99].as_str(), kept[100].as_str()), ("99", "900"));
        assert_eq!(
            lines(&[&[b'x'; 5000], &[b'y'; 5000], b"\nz"]),
            ["x".repeat(1024), "z".into()]
        );
    }
    #[test]
    fn what_ended_before_is_forgotten() {
        let mut tail = LogTail::default();
        for line in ["one\n", "end\n", "two\n", "three"] {
            tail.push(line.as_bytes());
            tail.forget_through(|line| line == "end");
        }
        assert_eq!(tail.lines(), ["two", "three"]);
    }
}
