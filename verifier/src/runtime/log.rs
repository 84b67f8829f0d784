//! The last lines of a log, bounded in lines and in bytes per line.
//!
//! They are raw: a server prints key names of a damaged file. Nobody sees them before an engine's
//! allow-list did.

use std::collections::VecDeque;

use super::LOG_LINES_MAX;

/// Most bytes kept of one line.
const LINE_BYTES_MAX: usize = 1024;

/// Takes a log piece by piece.
#[derive(Debug, Clone, Default)]
pub(super) struct LogTail {
    lines: VecDeque<String>,
    line: Vec<u8>,
}

impl LogTail {
    pub(super) fn push(&mut self, bytes: &[u8]) {
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
        if self.lines.len() == LOG_LINES_MAX {
            self.lines.pop_front();
        }
        self.lines
            .push_back(String::from_utf8_lossy(&self.line).trim_end().to_owned());
        self.line.clear();
    }

    /// The lines, an unfinished last one included.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut whole = self.clone();
        if !whole.line.is_empty() {
            whole.end_line();
        }
        whole.lines.into()
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
    fn only_the_last_lines_and_the_beginning_of_each_are_kept() {
        let many: Vec<String> = (0..1000).map(|line| line.to_string()).collect();
        let kept = lines(&[many.join("\n").as_bytes()]);
        assert_eq!((kept.len(), kept[0].as_str()), (LOG_LINES_MAX, "800"));
        assert_eq!(
            lines(&[&[b'x'; 5000], &[b'y'; 5000], b"\nz"]),
            ["x".repeat(1024), "z".into()]
        );
    }
}
