//! A window over the bytes of an RDB file: fixed memory, one pass, hashed in large slices.
//!
//! Knows nothing of RDB beyond its checksum. Every byte that is read goes to the tee exactly once.

use std::{borrow::Cow, io, io::Read};

use crc_fast::{CrcAlgorithm, Digest};

use crate::format::judgement::Spot;

/// Size of the window: large enough that hashing and reading run at full speed, small enough to
/// stay in a core's second-level cache.
const CAPACITY: usize = 256 * 1024;

/// Number of last bytes held back from the digest: an 8-byte checksum and the mark behind it. So a
/// file can still be judged by its end when its middle cannot be read.
const HELD_BACK: usize = CHECKSUM_LENGTH + EOF_MARK_LENGTH;

/// Bytes of the CRC-64 at the end of an RDB file (`rdb.c`, `rdbSaveRio`).
pub(super) const CHECKSUM_LENGTH: usize = 8;

/// Length of the mark that a diskless transfer puts behind the file (`CONFIG_RUN_ID_SIZE`).
pub(super) const EOF_MARK_LENGTH: usize = 40;

/// Most bytes one [`Input::peek`] may ask for: a quarter of the window, so that it fits beside what
/// is held back.
pub(super) const PEEK_MAX: usize = CAPACITY / 4;

/// The last item of every RDB file (`RDB_OPCODE_EOF`).
const END_MARK: u8 = 0xff;

/// True if a whole RDB file can end like this: with the end mark and a checksum, with or without
/// the mark of a diskless transfer behind them.
///
/// A file of a version before 5 has no checksum, and is not told from one that was cut. A file that
/// was cut by chance, eight bytes behind a byte like the end mark, looks whole: so this vouches for
/// no file.
pub(super) fn ends(tail: &[u8]) -> bool {
    let content = match tail.split_last_chunk::<EOF_MARK_LENGTH>() {
        Some((before, mark)) if is_eof_mark(mark) => before,
        _ => tail,
    };
    let sealed = content.split_last_chunk::<CHECKSUM_LENGTH>();
    sealed.is_some_and(|(before, _)| before.last() == Some(&END_MARK))
}

/// Why reading cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The bytes end where more had to follow.
    Ended,
    /// The reader failed, which says nothing about the file.
    Aborted,
    /// Bytes that cannot be parsed from here on: a length or an opcode that makes no sense.
    Broken(Spot),
    /// Bytes that can be parsed, but hold a value that a server refuses.
    Refused(Spot),
    /// Bytes that this version of the inspector does not know.
    Unknown(Spot),
}

/// The result of reading. Errors are boxed, so that the results of the innermost functions fit a
/// register pair.
pub(super) type RdbResult<T> = std::result::Result<T, Box<Stop>>;

/// What the last bytes of the input are to all bytes before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seal {
    /// The checksum of the bytes before, perhaps with a transfer's mark behind it.
    Matches,
    /// Eight zero bytes: the checksum was switched off.
    Disabled,
    /// Something else.
    Differs,
}

pub(super) struct Input<'r> {
    reader: &'r mut dyn Read,
    tee: &'r mut dyn FnMut(&[u8]),
    buffer: Box<[u8]>,
    /// Offset in the file of the first byte of `buffer`.
    base: u64,
    /// Everything before this index of `buffer` is in `digest`. Never larger than `start`.
    hashed: usize,
    /// Index of the next byte to consume.
    start: usize,
    /// Index behind the last byte read.
    end: usize,
    digest: Digest,
}

impl<'r> Input<'r> {
    pub(super) fn new(reader: &'r mut dyn Read, tee: &'r mut dyn FnMut(&[u8])) -> Self {
        Self {
            reader,
            tee,
            buffer: vec![0; CAPACITY].into_boxed_slice(),
            base: 0,
            hashed: 0,
            start: 0,
            end: 0,
            digest: Digest::new(CrcAlgorithm::Crc64Redis),
        }
    }

    /// Offset in the file of the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Offset in the file behind the last byte read so far.
    pub(super) fn end_offset(&self) -> u64 {
        self.base + self.end as u64
    }

    /// The next `count` bytes, not consumed; at most [`PEEK_MAX`].
    #[inline]
    pub(super) fn peek(&mut self, count: usize) -> RdbResult<&[u8]> {
        debug_assert!(count <= PEEK_MAX);
        while self.end - self.start < count {
            self.refill()?;
        }
        Ok(&self.buffer[self.start..self.start + count])
    }

    /// Consumes `count` bytes that were peeked.
    pub(super) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start);
        self.start += count;
    }

    pub(super) fn byte(&mut self) -> RdbResult<u8> {
        if self.start == self.end {
            self.refill()?;
        }
        let byte = self.buffer[self.start];
        self.start += 1;
        Ok(byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> RdbResult<[u8; N]> {
        let bytes = *self
            .peek(N)?
            .first_chunk()
            .expect("invariant: peek gives as many bytes as asked for");
        self.consume(N);
        Ok(bytes)
    }

    /// Consumes some bytes, at least one and at most `count`.
    pub(super) fn some(&mut self, count: u64) -> RdbResult<&[u8]> {
        if self.start == self.end {
            self.refill()?;
        }
        let available = self.end - self.start;
        let taken = usize::try_from(count).map_or(available, |count| count.min(available));
        self.start += taken;
        Ok(&self.buffer[self.start - taken..self.start])
    }

    #[inline]
    pub(super) fn skip(&mut self, count: u64) -> RdbResult<()> {
        match usize::try_from(count) {
            Ok(near) if near <= self.end - self.start => {
                self.start += near;
                Ok(())
            }
            _ => self.skip_far(count),
        }
    }

    fn skip_far(&mut self, mut count: u64) -> RdbResult<()> {
        while count > 0 {
            count -= self.some(count)?.len() as u64;
        }
        Ok(())
    }

    /// The checksum of everything consumed so far.
    pub(super) fn checksum(&self) -> u64 {
        let mut digest = self.digest;
        digest.update(&self.buffer[self.hashed..self.start]);
        digest.finalize()
    }

    /// Reads and forgets all that is left. Returns its length, and its bytes if it is as long as
    /// the mark of a diskless transfer.
    pub(super) fn rest(&mut self) -> RdbResult<(u64, Option<[u8; EOF_MARK_LENGTH]>)> {
        let from = self.offset();
        let mut first = [0; EOF_MARK_LENGTH];
        let mut kept = 0;
        loop {
            match self.some(u64::MAX) {
                Ok(bytes) => {
                    let wanted = bytes.len().min(EOF_MARK_LENGTH - kept);
                    first[kept..kept + wanted].copy_from_slice(&bytes[..wanted]);
                    kept += wanted;
                }
                Err(stop) if matches!(*stop, Stop::Ended) => break,
                Err(stop) => return Err(stop),
            }
        }
        let length = self.offset() - from;
        Ok((length, (length == EOF_MARK_LENGTH as u64).then_some(first)))
    }

    /// Reads to the end and compares the last bytes with the checksum of all before them.
    pub(super) fn seal(&mut self) -> RdbResult<Seal> {
        self.rest()?;
        let held = &self.buffer[self.hashed..self.end];
        let held = match held.split_last_chunk::<EOF_MARK_LENGTH>() {
            Some((before, mark)) if is_eof_mark(mark) => before,
            _ => held,
        };
        let Some((before, last)) = held.split_last_chunk::<CHECKSUM_LENGTH>() else {
            return Ok(Seal::Differs);
        };
        let mut digest = self.digest;
        digest.update(before);
        Ok(match u64::from_le_bytes(*last) {
            0 => Seal::Disabled,
            checksum if checksum == digest.finalize() => Seal::Matches,
            _ => Seal::Differs,
        })
    }

    fn hash_up_to(&mut self, index: usize) {
        if index > self.hashed {
            self.digest.update(&self.buffer[self.hashed..index]);
            self.hashed = index;
        }
    }

    /// Reads once more, at least one byte, behind the bytes that are not consumed yet.
    #[cold]
    fn refill(&mut self) -> RdbResult<()> {
        self.hash_up_to(self.start.saturating_sub(HELD_BACK));
        self.buffer.copy_within(self.hashed..self.end, 0);
        self.base += self.hashed as u64;
        self.start -= self.hashed;
        self.end -= self.hashed;
        self.hashed = 0;
        let count = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Box::new(Stop::Aborted)),
                Ok(count) => break count,
            }
        };
        if count == 0 {
            return Err(Box::new(Stop::Ended));
        }
        (self.tee)(&self.buffer[self.end..self.end + count]);
        self.end += count;
        Ok(())
    }

    /// Stops: the file cannot be parsed from here on.
    pub(super) fn broken<T>(&self, what: impl Into<Cow<'static, str>>) -> RdbResult<T> {
        let at = Spot {
            offset: self.offset(),
            what: what.into(),
        };
        Err(Box::new(Stop::Broken(at)))
    }

    /// Stops at a value that a server refuses.
    pub(super) fn refused<T>(&self, what: impl Into<Cow<'static, str>>) -> RdbResult<T> {
        let at = Spot {
            offset: self.offset(),
            what: what.into(),
        };
        Err(Box::new(Stop::Refused(at)))
    }

    /// Stops at something that only a newer reader knows.
    pub(super) fn unknown<T>(&self, what: impl Into<Cow<'static, str>>) -> RdbResult<T> {
        let at = Spot {
            offset: self.offset(),
            what: what.into(),
        };
        Err(Box::new(Stop::Unknown(at)))
    }
}

/// True if these are the 40 lower-case hex digits that `redis-cli --rdb -` leaves behind the file
/// (`getRandomHexChars`).
pub(super) fn is_eof_mark(bytes: &[u8; EOF_MARK_LENGTH]) -> bool {
    bytes
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
