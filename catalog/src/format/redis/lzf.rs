//! LZF as Redis uses it (`lzf_d.c`): checked token by token, in constant memory.
//!
//! A token is either a run of literal bytes or a reference to bytes already produced. A reference
//! reaches at most 8 KiB back, so a window of that size decompresses a string of any length.

use super::input::{Input, RdbResult};

/// Farthest a reference reaches back: 13 bits, counted from one (`lzf_d.c`).
const DISTANCE_MAX: usize = 1 << 13;

/// Most bytes one token produces: `(7 + 255) + 2`.
const TOKEN_MAX: usize = 264;

/// Size of the window: the history, bytes that are not taken yet, and room so that it rarely
/// slides.
const WINDOW: usize = 4 * DISTANCE_MAX;

/// One compressed string: how many bytes of it are left to read, were produced and are declared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compressed {
    left: u64,
    produced: u64,
    declared: u64,
}

enum Token {
    Literal(u64),
    Copy { distance: u64, length: u64 },
}

impl Compressed {
    /// A string of which `left` bytes follow in the input, said to decompress to `declared` bytes.
    pub(super) fn new(left: u64, declared: u64) -> Self {
        Self {
            left,
            produced: 0,
            declared,
        }
    }

    /// Checks the whole string without decompressing it.
    pub(super) fn check(mut self, input: &mut Input<'_>) -> RdbResult<()> {
        while let Some(token) = self.next(input)? {
            if let Token::Literal(length) = token {
                input.skip(length)?;
            }
        }
        Ok(())
    }

    /// Reads the next token; `None` at the end. Refuses whatever `lzf_decompress` refuses, and a
    /// length other than the declared one.
    fn next(&mut self, input: &mut Input<'_>) -> RdbResult<Option<Token>> {
        if self.left == 0 {
            return if self.produced == self.declared && self.declared > 0 {
                Ok(None)
            } else {
                input.refused("a compressed string is shorter than declared")
            };
        }
        let control = self.take(input)?;
        let token = if control < 1 << 5 {
            let length = u64::from(control) + 1;
            if length > self.left {
                return input.refused("a compressed string ends inside a run of bytes");
            }
            self.left -= length;
            self.produced += length;
            Token::Literal(length)
        } else {
            let mut length = u64::from(control >> 5) + 2;
            if control >> 5 == 7 {
                length += u64::from(self.take(input)?);
            }
            let distance = (u64::from(control & 0x1f) << 8) + u64::from(self.take(input)?) + 1;
            if distance > self.produced {
                return input.refused("a compressed string refers to bytes before its beginning");
            }
            self.produced += length;
            Token::Copy { distance, length }
        };
        if self.produced > self.declared {
            return input.refused("a compressed string is longer than declared");
        }
        Ok(Some(token))
    }

    fn take(&mut self, input: &mut Input<'_>) -> RdbResult<u8> {
        if self.left == 0 {
            return input.refused("a compressed string ends inside a reference");
        }
        self.left -= 1;
        input.byte()
    }
}

/// The last bytes produced; those from `start` on are not taken yet.
pub(super) struct LzfWindow {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl LzfWindow {
    pub(super) fn new() -> Self {
        Self {
            buffer: vec![0; WINDOW].into_boxed_slice(),
            start: 0,
            end: 0,
        }
    }

    /// Forgets the previous string.
    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// The bytes that were produced and are not taken yet.
    pub(super) fn ready(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start);
        self.start += count;
    }

    /// Decompresses one more token; false at the end of a string that is as long as declared.
    pub(super) fn produce(
        &mut self,
        input: &mut Input<'_>,
        compressed: &mut Compressed,
    ) -> RdbResult<bool> {
        self.make_room();
        match compressed.next(input)? {
            None => return Ok(false),
            Some(Token::Literal(mut length)) => {
                while length > 0 {
                    let bytes = input.some(length)?;
                    self.buffer[self.end..self.end + bytes.len()].copy_from_slice(bytes);
                    self.end += bytes.len();
                    length -= bytes.len() as u64;
                }
            }
            Some(Token::Copy { distance, length }) => self.repeat(distance, length),
        }
        Ok(true)
    }

    /// Copies bytes from `distance` bytes back. An overlap is on purpose: a distance of one repeats
    /// one byte.
    fn repeat(&mut self, distance: u64, length: u64) {
        let distance = usize::try_from(distance).expect("invariant: 13 bits");
        let length = usize::try_from(length).expect("invariant: at most TOKEN_MAX");
        for index in self.end..self.end + length {
            self.buffer[index] = self.buffer[index - distance];
        }
        self.end += length;
    }

    fn make_room(&mut self) {
        if self.buffer.len() - self.end < TOKEN_MAX {
            let kept = self.start.min(self.end.saturating_sub(DISTANCE_MAX));
            self.buffer.copy_within(kept..self.end, 0);
            self.start -= kept;
            self.end -= kept;
        }
    }
}
