//! A window over a stream of bytes: fixed memory, one pass, offsets counted from its beginning.
//!
//! Knows nothing of archives. The window is a reader itself, for a frame that begins in the middle
//! of the stream: the bytes it holds already are not lost.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use crate::format::judgement::Spot;

/// Size of the window; the buffers under it are as large.
const CAPACITY: usize = 64 * 1024;

/// Most bytes one [`ArchiveWindow::peek`] may ask for: a tar header.
pub(super) const PEEK_MAX: usize = 512;

/// Why reading cannot go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// The bytes end where more had to follow; the offset of that end.
    Ended(u64),
    /// The file is of another kind altogether.
    Foreign,
    /// The reader failed: by its own fault, or by that of a frame, which then knows more.
    Failed,
    /// The archive is shown to be wrong at this place.
    Damaged(Spot),
    /// The archive is shown to end too early, at this place.
    Cut(Spot),
    /// Something that this version of the inspector does not know.
    Unknown(Spot),
}

/// The result of reading: a value, or why reading cannot go on.
pub(super) type ArchiveResult<T> = std::result::Result<T, Halt>;

/// Halts: the archive is shown to be wrong at this offset.
pub(super) fn damaged<T>(offset: u64, what: impl Into<Cow<'static, str>>) -> ArchiveResult<T> {
    let what = what.into();
    Err(Halt::Damaged(Spot { offset, what }))
}

/// Halts: the archive ends too early.
pub(super) fn cut<T>(offset: u64, what: impl Into<Cow<'static, str>>) -> ArchiveResult<T> {
    let what = what.into();
    Err(Halt::Cut(Spot { offset, what }))
}

/// Halts: this version does not know what begins at this offset.
pub(super) fn unknown<T>(offset: u64, what: impl Into<Cow<'static, str>>) -> ArchiveResult<T> {
    let what = what.into();
    Err(Halt::Unknown(Spot { offset, what }))
}

pub(super) struct ArchiveWindow<'r> {
    reader: &'r mut dyn Read,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Offset of the next byte.
    offset: u64,
}

/// The bytes that were left up to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) bytes: u64,
    /// True if all of the bytes are zero.
    pub(super) padding: bool,
}

impl<'r> ArchiveWindow<'r> {
    pub(super) fn new(reader: &'r mut dyn Read) -> Self {
        Self {
            reader,
            buffer: vec![0; CAPACITY].into_boxed_slice(),
            start: 0,
            end: 0,
            offset: 0,
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next `count` bytes, not consumed; at most [`PEEK_MAX`].
    pub(super) fn peek(&mut self, count: usize) -> ArchiveResult<&[u8]> {
        debug_assert!(count <= PEEK_MAX);
        while self.end - self.start < count {
            if self.more()? == 0 {
                return Err(Halt::Ended(self.offset + (self.end - self.start) as u64));
            }
        }
        Ok(&self.buffer[self.start..self.start + count])
    }

    /// The next `count` bytes, not consumed; fewer only at the end.
    pub(super) fn peek_some(&mut self, count: usize) -> ArchiveResult<&[u8]> {
        let count = match self.peek(count) {
            Ok(_) => count,
            Err(Halt::Ended(_)) => self.end - self.start,
            Err(halt) => return Err(halt),
        };
        Ok(&self.buffer[self.start..self.start + count])
    }

    /// Consumes `count` bytes that were peeked.
    pub(super) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    pub(super) fn array<const N: usize>(&mut self) -> ArchiveResult<[u8; N]> {
        let bytes = *self
            .peek(N)?
            .first_chunk()
            .expect("invariant: peek gives as many bytes as asked for");
        self.consume(N);
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> ArchiveResult<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// Consumes `count` bytes in the pieces they come in; `each` sees all pieces.
    pub(super) fn pass(
        &mut self,
        mut count: u64,
        mut each: impl FnMut(&[u8]),
    ) -> ArchiveResult<()> {
        while count > 0 {
            if self.start == self.end && self.more()? == 0 {
                return Err(Halt::Ended(self.offset));
            }
            let here = self.end - self.start;
            let taken = usize::try_from(count).map_or(here, |count| count.min(here));
            each(&self.buffer[self.start..self.start + taken]);
            self.consume(taken);
            count -= taken as u64;
        }
        Ok(())
    }

    pub(super) fn skip(&mut self, count: u64) -> ArchiveResult<()> {
        self.pass(count, |_| ())
    }

    /// Reads to the end of the stream.
    pub(super) fn rest(&mut self) -> ArchiveResult<Rest> {
        let from = self.offset;
        let mut padding = true;
        match self.pass(u64::MAX, |bytes| {
            padding &= bytes.iter().all(|byte| *byte == 0);
        }) {
            Ok(()) | Err(Halt::Ended(_)) => Ok(Rest {
                bytes: self.offset - from,
                padding,
            }),
            Err(halt) => Err(halt),
        }
    }

    /// Reads once more, behind the bytes that are not consumed yet. Returns 0 at the end.
    fn more(&mut self) -> ArchiveResult<usize> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let count = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Halt::Failed),
            }
        };
        self.end += count;
        Ok(count)
    }
}

impl Read for ArchiveWindow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            let count = self.reader.read(buffer)?;
            self.offset += count as u64;
            return Ok(count);
        }
        let count = buffer.len().min(self.end - self.start);
        buffer[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.consume(count);
        Ok(count)
    }
}
