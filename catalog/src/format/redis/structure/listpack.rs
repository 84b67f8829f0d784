//! Entries with their own length behind them (`listpack.c`, `lpValidateIntegrity`).

use super::Tuple;
use crate::format::redis::{input::Result, string::Blob};

/// Where the header counts no entries (`LP_HDR_NUMELE_UNKNOWN`).
const COUNT_UNKNOWN: u16 = u16::MAX;

/// The last byte (`LP_EOF`).
const END: u8 = 0xff;

/// Most digits of an integer kept as text: a sign and 19 digits.
const DIGITS_MAX: usize = 20;

/// Checks every entry; returns how many elements there are, none included.
pub(crate) fn check(blob: Blob<'_, '_>, tuple: Tuple) -> Result<u64> {
    let mut listpack = Listpack::open(blob, tuple == Tuple::Expiring)?;
    let size = tuple as u64;
    while let Some(integer) = listpack.next()? {
        let expiry = tuple == Tuple::Expiring && listpack.count.is_multiple_of(size);
        if expiry && integer.is_none_or(|at| at < 0) {
            return listpack.refused("the expiry of a field is no time");
        }
    }
    if !listpack.count.is_multiple_of(size) {
        return listpack.refused("a listpack ends inside an element");
    }
    let count = listpack.count / size;
    listpack.finish()?;
    Ok(count)
}

/// A listpack read entry by entry.
pub(super) struct Listpack<'b, 'r> {
    blob: Blob<'b, 'r>,
    /// Text is read as a number where it is one; otherwise only passed over.
    parses: bool,
    declared: u16,
    /// Entries read so far.
    count: u64,
}

impl<'b, 'r> Listpack<'b, 'r> {
    pub(super) fn open(mut blob: Blob<'b, 'r>, parses: bool) -> Result<Self> {
        let length = blob.left();
        let total = u32::from_le_bytes(blob.array()?);
        let declared = u16::from_le_bytes(blob.array()?);
        if u64::from(total) != length {
            return blob.refused("the length in a listpack is not its own");
        }
        Ok(Self {
            blob,
            parses,
            declared,
            count: 0,
        })
    }

    /// The next entry as an integer, `Some(None)` if it is other text; `None` at the end.
    #[expect(
        clippy::option_option,
        reason = "no entry and no integer are two things"
    )]
    pub(super) fn next(&mut self) -> Result<Option<Option<i64>>> {
        let first = self.blob.peek(1)?[0];
        if first == END {
            return Ok(None);
        }
        let (header, body, integer) = self.entry(first)?;
        self.blob.skip(header + body)?;
        self.length_behind(header + body)?;
        self.count += 1;
        Ok(Some(integer))
    }

    /// Bytes of its header, bytes behind it, and its value.
    fn entry(&mut self, first: u8) -> Result<(u64, u64, Option<i64>)> {
        let blob = &mut self.blob;
        Ok(match first {
            0..=0x7f => (1, 0, Some(first.into())),
            0x80..=0xbf => self.text(1, u64::from(first & 0x3f))?,
            0xc0..=0xdf => {
                let [high, low] = *blob.peek(2)?.first_chunk().expect("invariant: two peeked");
                // 13 bits, sign first: shifted up to the sign of i16 and down again.
                let bits = u16::from(high & 0x1f) << 8 | u16::from(low);
                (2, 0, Some(i64::from((bits << 3).cast_signed() >> 3)))
            }
            0xe0..=0xef => {
                let low = blob.peek(2)?[1];
                self.text(2, u64::from(first & 0x0f) << 8 | u64::from(low))?
            }
            0xf0 => {
                let bytes = blob.peek(5)?;
                let length = u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
                self.text(5, length.into())?
            }
            0xf1..=0xf4 => {
                let width = [2, 3, 4, 8][usize::from(first - 0xf1)];
                let mut bytes = [0; 8];
                bytes[8 - width..].copy_from_slice(&blob.peek(1 + width)?[1..]);
                (
                    1,
                    width as u64,
                    Some(i64::from_le_bytes(bytes) >> (64 - 8 * width)),
                )
            }
            _ => return blob.refused("an entry of a listpack has an unknown encoding"),
        })
    }

    fn text(&mut self, header: usize, length: u64) -> Result<(u64, u64, Option<i64>)> {
        let short = usize::try_from(length)
            .ok()
            .filter(|length| self.parses && *length <= DIGITS_MAX);
        let integer = match short {
            Some(length) => {
                let text = &self.blob.peek(header + length)?[header..];
                std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| text.parse().ok())
            }
            None => None,
        };
        Ok((header as u64, length, integer))
    }

    /// Seven bits a byte, most significant first, every byte but the first marked
    /// (`lpEncodeBacklen`).
    fn length_behind(&mut self, length: u64) -> Result<()> {
        let bytes = match length {
            0..=127 => 1,
            128..16_383 => 2,
            16_383..2_097_151 => 3,
            2_097_151..268_435_455 => 4,
            _ => 5,
        };
        let encoded = self.blob.peek(bytes)?;
        let agrees = encoded.iter().enumerate().all(|(index, byte)| {
            let bits = (length >> (7 * (bytes - 1 - index))) & 0x7f;
            u64::from(*byte) == if index == 0 { bits } else { bits | 0x80 }
        });
        if !agrees {
            return self.refused("the length behind an entry of a listpack is not the entry's");
        }
        self.blob.skip(bytes as u64)
    }

    /// Makes sure that the end mark is the last byte and the count is right.
    pub(super) fn finish(self) -> Result<()> {
        if self.blob.left() != 1 {
            return self.refused("a listpack goes on behind its end mark");
        }
        if self.declared != COUNT_UNKNOWN && u64::from(self.declared) != self.count {
            return self.refused("a listpack holds another number of entries than it says");
        }
        self.blob.finish()
    }

    pub(super) fn refused<T>(&self, what: &'static str) -> Result<T> {
        self.blob.refused(what)
    }
}
