//! The raw file under a wrapper, buffered, with a look at what comes next.
//!
//! Remembers whether the reader broke, which no decoder tells apart from a damaged file.

use std::io::{self, BufRead, Read};

/// Number of bytes looked at: the magic of a zstd frame and the descriptor behind it.
pub(super) const SNIFFED: usize = 5;

const BUFFER: usize = 64 * 1024;

pub(super) struct Feed<'r> {
    reader: &'r mut dyn Read,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Bytes consumed.
    taken: u64,
    broken: Option<io::ErrorKind>,
}

impl<'r> Feed<'r> {
    pub(super) fn new(reader: &'r mut dyn Read) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self {
            reader,
            buffer,
            start: 0,
            end: 0,
            taken: 0,
            broken: None,
        }
    }

    /// How many bytes were consumed.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// True if the reader failed, now or before.
    pub(super) fn broke(&self) -> bool {
        self.broken.is_some()
    }

    /// The next bytes, not consumed; fewer than five only at the end, or where the reader breaks.
    pub(super) fn head(&mut self) -> &[u8] {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        self.fill();
        &self.buffer[..self.end.min(SNIFFED)]
    }

    /// Reads to the end, or until the reader breaks. Returns the number of bytes, and true if all
    /// were zero.
    pub(super) fn drain(&mut self) -> (u64, bool) {
        let (mut count, mut zeros) = (0, true);
        while self.start < self.end || self.refill() {
            zeros &= self.buffer[self.start..self.end]
                .iter()
                .all(|byte| *byte == 0);
            count += (self.end - self.start) as u64;
            self.start = self.end;
        }
        self.taken += count;
        (count, zeros)
    }

    fn refill(&mut self) -> bool {
        (self.start, self.end) = (0, 0);
        self.fill();
        self.end > 0
    }

    /// Fills the buffer as far as the reader allows. How far a decoder comes in a damaged file
    /// depends on how much it is given at once. Findings must not depend on how the bytes arrived.
    fn fill(&mut self) {
        while self.end < self.buffer.len() && self.more() > 0 {}
    }

    /// Reads once, behind the bytes that are there. Returns 0 at the end, and always after a
    /// failure.
    fn more(&mut self) -> usize {
        if self.broken.is_some() {
            return 0;
        }
        let count = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.broken = Some(error.kind());
                    break 0;
                }
            }
        };
        self.end += count;
        count
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Feed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end && !self.refill() {
            return self.broken.map_or(Ok(&[]), |kind| Err(kind.into()));
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        self.taken += count as u64;
    }
}
