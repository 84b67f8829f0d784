//! One header of a tar archive (POSIX 1003.1, `ustar` and `pax`; GNU's long names and numbers).
//!
//! A header is believed only after its checksum was.

use std::num::Wrapping;

use super::window::{ArchiveResult, damaged};

/// Headers and padding come in blocks of this size.
pub(super) const BLOCK: usize = 512;

/// Fields by offset and length.
const NAME: (usize, usize) = (0, 100);
const SIZE: (usize, usize) = (124, 12);
const MODIFIED: (usize, usize) = (136, 12);
const CHECKSUM: (usize, usize) = (148, 8);
const TYPE: usize = 156;
const MAGIC: (usize, usize) = (257, 8);
const PREFIX: (usize, usize) = (345, 155);

/// What POSIX archives carry in [`MAGIC`]; GNU writes `ustar` and blanks.
const POSIX_MAGIC: &[u8] = b"ustar\x0000";

/// Letters that both have.
const ANY_MAGIC: &[u8] = b"ustar";

/// What one block says.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) name: &'a [u8],
    /// Stands before the name, with a slash between.
    pub(super) prefix: &'a [u8],
    pub(super) size: u64,
    /// Epoch seconds; `None` where it is none.
    pub(super) modified: Option<i64>,
    pub(super) kind: u8,
    pub(super) posix: bool,
}

/// Whether a tar archive begins like this.
pub(super) fn begins(head: &[u8]) -> bool {
    let magic = head.get(MAGIC.0..);
    magic.is_some_and(|magic| magic.starts_with(ANY_MAGIC))
}

impl<'a> Header<'a> {
    /// `at` is the offset of the block.
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

/// Up to the first zero byte.
fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// The sum of all bytes, blanks in place of the checksum; some writers took them for signed.
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

/// Octal digits, or GNU's binary number behind a set bit.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if *first & 0x80 == 0 {
        return octal(field);
    }
    // A second bit would make it negative.
    let high = u64::from(first & 0x7f);
    let mut bytes = rest.iter();
    bytes.try_fold(high, |sum, byte| {
        Some(sum.checked_mul(256)? | u64::from(*byte))
    })
}

/// Blanks, digits, and blanks or zero bytes; nothing at all is zero.
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
