//! Listpacks: entries with their own length behind them (`listpack.c`, `lpValidateIntegrity`).

use super::{PackedLayout, Tuple};
use crate::format::redis::{
    input::RdbResult,
    repeats::{Repeats, fingerprint, fingerprint_near, fingerprint_of_number, read_name},
    slice::Bytes,
};

/// Count in a header that does not say how many entries there are (`LP_HDR_NUMELE_UNKNOWN`).
const COUNT_UNKNOWN: u16 = u16::MAX;

/// The last byte (`LP_EOF`).
const END: u8 = 0xff;

/// Most digits of an integer kept as text: a sign and 19 digits.
const DIGITS_MAX: usize = 20;

/// An entry shorter than this has its length in one byte behind it (`lpEncodeBacklen`).
const SHORT: u64 = 128;

/// Bytes of the entries with an integer of two, three, four and eight bytes.
const INTEGERS: [u64; 4] = [3, 4, 5, 9];

/// Checks every entry; finds how many elements there are.
pub(crate) struct Listpack {
    pub(crate) tuple: Tuple,
    /// True if the first entry of each element is a name that no other element has.
    pub(crate) named: bool,
}

impl PackedLayout for Listpack {
    type Found = u64;

    fn walk<B: Bytes>(self, bytes: &mut B, names: &mut Repeats) -> RdbResult<u64> {
        let mut entries = Entries::open(bytes)?;
        let size = self.tuple as u64;
        // Place of the next entry in its element.
        let mut place = 0;
        loop {
            place = self.pass_short(&mut entries, place, names)?;
            if entries.at_end()? {
                break;
            }
            match place {
                0 if self.named => entries.name(names)?,
                2 => entries.expiry()?,
                _ => entries.pass()?,
            };
            place = (place + 1) % size;
        }
        if place != 0 {
            return entries.refused("a listpack ends inside an element");
        }
        let count = entries.count / size;
        entries.finish()?;
        Ok(count)
    }
}

impl Listpack {
    /// Passes over the short entries at hand. `place` is the place of the first one in its element;
    /// returns that of the entry behind them. Nearly all entries pass here, so this loop decides
    /// how long an inspection takes.
    fn pass_short<B: Bytes>(
        &self,
        entries: &mut Entries<'_, B>,
        mut place: u64,
        names: &mut Repeats,
    ) -> RdbResult<u64> {
        let size = self.tuple as u64;
        let (mut rest, mut passed) = (entries.bytes.at_hand(), 0);
        while let Some((entry, behind)) = short(rest) {
            if place == 0 && self.named {
                let [0x80..=0xbf, name @ ..] = entry else {
                    break;
                };
                names.add(fingerprint_near(&rest[1..], name.len()));
            } else if place == 2 {
                break;
            }
            rest = behind;
            passed += 1;
            place += 1;
            if place == size {
                place = 0;
            }
        }
        let left = rest.len() as u64;
        entries.count += passed;
        let left_before = entries.bytes.left();
        if passed > 0 {
            entries.bytes.skip(left_before - left)?;
        }
        Ok(place)
    }
}

/// Splits off the first entry, if it is short and the length behind it is right. Returns the entry,
/// and the bytes behind that length.
#[inline]
fn short(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match *rest.first()? {
        0..=0x7f => 1,
        first @ 0x80..=0xbf => 1 + usize::from(first & 0x3f),
        0xc0..=0xdf => 2,
        first @ 0xf1..=0xf4 => [3, 4, 5, 9][usize::from(first - 0xf1)],
        _ => return None,
    };
    let (entry, behind) = rest.split_at_checked(length)?;
    match behind.split_first()? {
        (said, behind) if usize::from(*said) == length => Some((entry, behind)),
        _ => None,
    }
}

/// A listpack read entry by entry.
pub(super) struct Entries<'b, B> {
    bytes: &'b mut B,
    declared: u16,
    /// Entries read so far.
    count: u64,
}

/// Content of an entry.
#[derive(Clone, Copy)]
enum Value {
    Number(i64),
    /// Text behind a header of this many bytes.
    Text(u8),
}

impl<'b, B: Bytes> Entries<'b, B> {
    pub(super) fn open(bytes: &'b mut B) -> RdbResult<Self> {
        let length = bytes.left();
        let header: [u8; 6] = bytes.array()?;
        let [total @ .., low, high] = header;
        if u64::from(u32::from_le_bytes(total)) != length {
            return bytes.refused("the length in a listpack is not its own");
        }
        let declared = u16::from_le_bytes([low, high]);
        Ok(Self {
            bytes,
            declared,
            count: 0,
        })
    }

    /// Number of entries read so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    fn at_end(&mut self) -> RdbResult<bool> {
        Ok(self.bytes.peek(1)?[0] == END)
    }

    /// Passes over an entry; false at the end.
    #[inline]
    pub(super) fn pass(&mut self) -> RdbResult<bool> {
        let length = match self.bytes.peek(1)?[0] {
            0..=0x7f => 1,
            first @ 0x80..=0xbf => 1 + u64::from(first & 0x3f),
            0xc0..=0xdf => 2,
            first @ 0xf1..=0xf4 => INTEGERS[usize::from(first - 0xf1)],
            END => return Ok(false),
            first => self.long_entry(first)?.0,
        };
        self.count += 1;
        self.step(length)?;
        Ok(true)
    }

    /// Adds an entry's value to `names`; false at the end.
    #[inline]
    pub(super) fn name(&mut self, names: &mut Repeats) -> RdbResult<bool> {
        let first = self.bytes.peek(1)?[0];
        if let 0x80..=0xbf = first {
            let length = 1 + usize::from(first & 0x3f);
            names.add(fingerprint(&self.bytes.peek(length)?[1..]));
            self.count += 1;
            self.step(length as u64)?;
            return Ok(true);
        }
        self.long_name(names)
    }

    fn long_name(&mut self, names: &mut Repeats) -> RdbResult<bool> {
        let Some((length, value)) = self.entry()? else {
            return Ok(false);
        };
        names.add(match value {
            Value::Text(header) => {
                self.bytes.skip(header.into())?;
                let print = read_name(self.bytes, length - u64::from(header))?;
                self.length_behind(length)?;
                print
            }
            Value::Number(number) => {
                self.step(length)?;
                fingerprint_of_number(number)
            }
        });
        Ok(true)
    }

    /// Reads the next entry as an integer: `None` at the end, `Some(None)` for other text.
    #[expect(
        clippy::option_option,
        reason = "no entry and no integer are two things"
    )]
    pub(super) fn number(&mut self) -> RdbResult<Option<Option<i64>>> {
        let Some((length, value)) = self.entry()? else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => Some(number),
            Value::Text(header) => {
                let header = usize::from(header);
                let whole = usize::try_from(length).unwrap_or(usize::MAX);
                if whole - header <= DIGITS_MAX {
                    let text = std::str::from_utf8(&self.bytes.peek(whole)?[header..]);
                    text.ok().and_then(|text| text.parse().ok())
                } else {
                    None
                }
            }
        };
        self.step(length)?;
        Ok(Some(number))
    }

    /// Reads a time in milliseconds, or zero; false at the end.
    fn expiry(&mut self) -> RdbResult<bool> {
        match self.number()? {
            None => Ok(false),
            Some(Some(0..)) => Ok(true),
            Some(_) => self.refused("the expiry of a field is no time"),
        }
    }

    /// Reads how many bytes the next entry has, its header included, and what they mean; `None` at
    /// the end.
    fn entry(&mut self) -> RdbResult<Option<(u64, Value)>> {
        let first = self.bytes.peek(1)?[0];
        let entry = match first {
            0..=0x7f => (1, Value::Number(first.into())),
            0x80..=0xbf => (1 + u64::from(first & 0x3f), Value::Text(1)),
            END => return Ok(None),
            _ => self.long_entry(first)?,
        };
        self.count += 1;
        Ok(Some(entry))
    }

    fn long_entry(&mut self, first: u8) -> RdbResult<(u64, Value)> {
        let bytes = &mut *self.bytes;
        Ok(match first {
            0xc0..=0xdf => {
                let [high, low] = *bytes.peek(2)?.first_chunk().expect("invariant: two peeked");
                // 13 bits, sign first: shifted up to the sign of i16 and down again.
                let bits = u16::from(high & 0x1f) << 8 | u16::from(low);
                (2, Value::Number(i64::from((bits << 3).cast_signed() >> 3)))
            }
            0xe0..=0xef => {
                let low = bytes.peek(2)?[1];
                let length = u64::from(first & 0x0f) << 8 | u64::from(low);
                (2 + length, Value::Text(2))
            }
            0xf0 => {
                let peeked = bytes.peek(5)?;
                let length = u32::from_le_bytes([peeked[1], peeked[2], peeked[3], peeked[4]]);
                (5 + u64::from(length), Value::Text(5))
            }
            0xf1..=0xf4 => {
                let length = INTEGERS[usize::from(first - 0xf1)];
                let whole = usize::try_from(length).unwrap_or(usize::MAX);
                let number = integer(&bytes.peek(whole)?[1..]);
                (length, Value::Number(number))
            }
            _ => return bytes.refused("an entry of a listpack has an unknown encoding"),
        })
    }

    /// Consumes an entry of `length` bytes and the length behind it.
    #[inline]
    fn step(&mut self, length: u64) -> RdbResult<()> {
        match usize::try_from(length) {
            Ok(short) if length < SHORT => {
                if u64::from(self.bytes.peek(short + 1)?[short]) != length {
                    return self.refused(LENGTH_BEHIND);
                }
                self.bytes.skip(length + 1)
            }
            _ => {
                self.bytes.skip(length)?;
                self.length_behind(length)
            }
        }
    }

    /// Consumes the length behind an entry: seven bits a byte, most significant first, every byte
    /// but the first marked (`lpEncodeBacklen`).
    fn length_behind(&mut self, length: u64) -> RdbResult<()> {
        let bytes = match length {
            ..SHORT => 1,
            SHORT..16_383 => 2,
            16_383..2_097_151 => 3,
            2_097_151..268_435_455 => 4,
            _ => 5,
        };
        let encoded = self.bytes.peek(bytes)?;
        let agrees = encoded.iter().enumerate().all(|(index, byte)| {
            let bits = (length >> (7 * (bytes - 1 - index))) & 0x7f;
            u64::from(*byte) == if index == 0 { bits } else { bits | 0x80 }
        });
        if !agrees {
            return self.refused(LENGTH_BEHIND);
        }
        self.bytes.skip(bytes as u64)
    }

    /// Makes sure that the end mark is the last byte and the count is right.
    pub(super) fn finish(self) -> RdbResult<()> {
        if self.bytes.left() != 1 {
            return self.refused("a listpack goes on behind its end mark");
        }
        if self.declared != COUNT_UNKNOWN && u64::from(self.declared) != self.count {
            return self.refused("a listpack holds another number of entries than it says");
        }
        Ok(())
    }

    pub(super) fn refused<T>(&self, what: &'static str) -> RdbResult<T> {
        self.bytes.refused(what)
    }
}

/// A little-endian integer of at most eight bytes, with its sign.
pub(super) fn integer(bytes: &[u8]) -> i64 {
    let read = |wide: i64, (index, byte): (usize, &u8)| wide | i64::from(*byte) << (8 * index);
    let wide = bytes.iter().enumerate().fold(0, read);
    let unused = 64 - 8 * bytes.len();
    wide << unused >> unused
}

const LENGTH_BEHIND: &str = "the length behind an entry of a listpack is not the entry's";
