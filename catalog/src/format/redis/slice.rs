//! The bytes of one structure, wherever they lie: the walks are the same for all.

use super::input::{RdbResult, Stop};
use crate::format::judgement::Spot;

/// The bytes of a structure, from its first to its last.
pub(super) trait Bytes {
    /// Number of bytes that follow.
    fn left(&self) -> u64;

    /// The next `count` bytes, not consumed; at most [`NEAR`].
    fn peek(&mut self, count: usize) -> RdbResult<&[u8]>;

    /// Consumes bytes, also those that were never looked at.
    fn skip(&mut self, count: u64) -> RdbResult<()>;

    /// Stops: no server accepts what stands here.
    fn refused<T>(&self, what: &'static str) -> RdbResult<T>;

    /// The next bytes that need not be fetched first; perhaps none.
    fn at_hand(&self) -> &[u8] {
        &[]
    }

    /// Consumes as many bytes as the array has.
    fn array<const N: usize>(&mut self) -> RdbResult<[u8; N]> {
        let bytes = *self
            .peek(N)?
            .first_chunk()
            .expect("invariant: peek gives as many as asked for");
        self.skip(N as u64)?;
        Ok(bytes)
    }

    /// Consumes one byte.
    fn byte(&mut self) -> RdbResult<u8> {
        self.array().map(|[byte]| byte)
    }
}

/// Most bytes that a walk peeks at once.
pub(super) const NEAR: usize = 512;

/// Finding for an entry that is longer than the bytes left.
pub(super) const BEYOND: &str = "an entry of a structure reaches beyond its end";

/// A structure that lies in memory as a whole.
pub(super) struct Slice<'s> {
    rest: &'s [u8],
    /// Offset in the file behind the last byte.
    end: u64,
    /// True if the structure was unpacked, so that its bytes have no offsets of their own.
    unpacked: bool,
}

impl<'s> Slice<'s> {
    /// The structure's bytes as they stand in the file, from `offset` on.
    pub(super) fn stored(bytes: &'s [u8], offset: u64) -> Self {
        Self {
            rest: bytes,
            end: offset + bytes.len() as u64,
            unpacked: false,
        }
    }

    /// The structure's bytes after unpacking; their packed form ends at offset `end` of the file.
    pub(super) fn unpacked(bytes: &'s [u8], end: u64) -> Self {
        Self {
            rest: bytes,
            end,
            unpacked: true,
        }
    }

    #[cold]
    fn beyond<T>(&self) -> RdbResult<T> {
        self.refused(BEYOND)
    }
}

impl Bytes for Slice<'_> {
    #[inline]
    fn left(&self) -> u64 {
        self.rest.len() as u64
    }

    #[inline]
    fn peek(&mut self, count: usize) -> RdbResult<&[u8]> {
        match self.rest.get(..count) {
            Some(bytes) => Ok(bytes),
            None => self.beyond(),
        }
    }

    #[inline]
    fn skip(&mut self, count: u64) -> RdbResult<()> {
        let rest = usize::try_from(count).map(|count| self.rest.get(count..));
        match rest {
            Ok(Some(rest)) => {
                self.rest = rest;
                Ok(())
            }
            _ => self.beyond(),
        }
    }

    #[inline]
    fn at_hand(&self) -> &[u8] {
        self.rest
    }

    #[cold]
    fn refused<T>(&self, what: &'static str) -> RdbResult<T> {
        let left = if self.unpacked { 0 } else { self.left() };
        let at = Spot {
            offset: self.end - left,
            what: what.into(),
        };
        Err(Box::new(Stop::Refused(at)))
    }
}
