//! One header of a tar archive (POSIX 1003.1, `ustar` and `pax`; GNU's long names and numbers).
//!
//! No field of a header is believed before its checksum agrees.

use std::num::Wrapping;

use super::window::{ArchiveResult, damaged};

/// Size in bytes of the blocks that headers and padding come in.
pub(super) const BLOCK: usize = 512;

/// Fields by offset and length.
const NAME: (usize, usize) = (0, 100);
const SIZE: (usize, usize) = (124, 12);
const MODIFIED: (usize, usize) = (136, 12);
const CHECKSUM: (usize, usize) = (148, 8);
const TYPE: usize = 156;
const MAGIC: (usize, usize) = (257, 8);
const PREFIX: (usize, usize) = (345, 155);

/// Bytes at [`MAGIC`] in a POSIX archive; GNU writes `ustar` and blanks.
const POSIX_MAGIC: &[u8] = b"ustar\x0000";

/// Letters that the magic of POSIX and that of GNU begin with.
const ANY_MAGIC: &[u8] = b"ustar";

/// What one block of a header says.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) name: &'a [u8],
    /// Part of the path that stands before the name, with a slash between; empty if there is none.
    pub(super) prefix: &'a [u8],
    pub(super) size: u64,
    /// Last change in epoch seconds; `None` if the field holds no such number.
    pub(super) modified: Option<i64>,
    pub(super) kind: u8,
    pub(super) posix: bool,
}

/// True if a tar archive begins like this.
pub(super) fn begins(head: &[u8]) -> bool {
    let magic = head.get(MAGIC.0..);
    magic.is_some_and(|magic| magic.starts_with(ANY_MAGIC))
}

impl<'a> Header<'a> {
    /// Reads a block; `at` is its offset, for errors.
    pub(super) fn read(block: &'a [u8], at: u64) -> ArchiveResult<Self> {
        let stored = octal(field(block, CHECKSUM));
        if !stored.is_some_and(|stored| agrees(block, stored)) {
            return damaged(at, "the checksum of a tar header is not that of its bytes");
        }
        if !begins(block) {
            return damaged(at, "a tar header without its magic");
        }
        let Some(size) = number(field(block, SIZE)) else {
            return damaged(at, "the size in a tar header is no number");
        };
        let posix = field(block, MAGIC) == POSIX_MAGIC;
        let modified = number(field(block, MODIFIED));
        Ok(Self {
            name: text(field(block, NAME)),
            prefix: if posix {
                text(field(block, PREFIX))
            } else {
                b""
            },
            size,
            modified: modified.and_then(|seconds| i64::try_from(seconds).ok()),
            kind: block[TYPE],
            posix,
        })
    }
}

fn field(block: &[u8], (offset, length): (usize, usize)) -> &[u8] {
    &block[offset..offset + length]
}

/// Returns the bytes of a field before its first zero byte.
fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// True if `stored` is the sum of all bytes, with blanks in place of the checksum. Sums of signed
/// bytes are accepted, too, as some writers made them.
fn agrees(block: &[u8], stored: u64) -> bool {
    let own = CHECKSUM.0..CHECKSUM.0 + CHECKSUM.1;
    let bytes = block.iter().enumerate();
    let bytes = bytes.map(|(index, byte)| if own.contains(&index) { b' ' } else { *byte });
    let (mut unsigned, mut signed) = (0u64, Wrapping(0u64));
    for byte in bytes {
        unsigned += u64::from(byte);
        signed += Wrapping(i64::from(byte.cast_signed()).cast_unsigned());
    }
    stored == unsigned || stored == signed.0
}

/// Reads octal digits, or GNU's binary number, whose first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if *first & 0x80 == 0 {
        return octal(field);
    }
    // A negative number has its second bit set, too, and overflows here.
    let high = u64::from(first & 0x7f);
    let mut bytes = rest.iter();
    bytes.try_fold(high, |sum, byte| {
        Some(sum.checked_mul(256)? | u64::from(*byte))
    })
}

/// Reads blanks, digits, and blanks or zero bytes behind them; a field without digits is zero.
fn octal(field: &[u8]) -> Option<u64> {
    let begin = field.iter().position(|byte| *byte != b' ');
    let digits = &field[begin.unwrap_or(field.len())..];
    let end = digits.iter().position(|byte| matches!(byte, 0 | b' '));
    let mut digits = digits[..end.unwrap_or(digits.len())].iter();
    digits.try_fold(0u64, |sum, digit| match digit {
        b'0'..=b'7' => sum.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}
