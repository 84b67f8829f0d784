//! Ziplists: entries with the length of the entry before in front (`ziplist.c`,
//! `ziplistValidateIntegrity`).

use super::{PackedLayout, Tuple, listpack::integer};
use crate::format::redis::{
    input::RdbResult,
    repeats::{Repeats, fingerprint_of_number, read_name},
    slice::Bytes,
};

/// Bytes before the first entry: length, offset of the last entry, count (`ZIPLIST_HEADER_SIZE`).
const HEADER: u64 = 10;

/// Count in a header that does not say how many entries there are.
const COUNT_UNKNOWN: u16 = u16::MAX;

/// The last byte (`ZIP_END`).
const END: u8 = 0xff;

/// Marks a length of four bytes in front of an entry (`ZIP_BIG_PREVLEN`).
const BIG: u8 = 0xfe;

/// Checks every entry; finds how many elements there are.
pub(crate) struct Ziplist {
    pub(crate) tuple: Tuple,
    /// True if the first entry of each element is a name that no other element has.
    pub(crate) named: bool,
}

impl PackedLayout for Ziplist {
    type Found = u64;

    fn walk<B: Bytes>(self, bytes: &mut B, names: &mut Repeats) -> RdbResult<u64> {
        let length = bytes.left();
        let total = u32::from_le_bytes(bytes.array()?);
        let tail = u64::from(u32::from_le_bytes(bytes.array()?));
        let declared = u16::from_le_bytes(bytes.array()?);
        if u64::from(total) != length {
            return bytes.refused("the length in a ziplist is not its own");
        }
        if tail >= length {
            return bytes.refused("the last entry of a ziplist lies beyond its end");
        }
        let size = self.tuple as u64;
        let (mut offset, mut last, mut before, mut count) = (HEADER, None, 0, 0u64);
        while bytes.peek(1)?[0] != END {
            let left = bytes.left();
            let body = entry(bytes, before)?;
            if self.named && count.is_multiple_of(size) {
                names.add(body.name(bytes)?);
            } else {
                bytes.skip(body.length)?;
            }
            before = left - bytes.left();
            last = Some(offset);
            offset += before;
            count += 1;
        }
        if bytes.left() != 1 {
            return bytes.refused("a ziplist goes on behind its end mark");
        }
        if last.is_some_and(|last| last != tail) {
            return bytes.refused("the last entry of a ziplist is not where it says");
        }
        if declared != COUNT_UNKNOWN && u64::from(declared) != count {
            return bytes.refused("a ziplist holds another number of entries than it says");
        }
        if !count.is_multiple_of(size) {
            return bytes.refused("a ziplist ends inside an element");
        }
        Ok(count / size)
    }
}

/// The content of an entry, behind the two fields in front.
struct Body {
    length: u64,
    /// Text or an integer of `length` bytes, or an integer that stands in the encoding.
    kind: Kind,
}

enum Kind {
    Text,
    Integer,
    Immediate(u8),
}

impl Body {
    /// Consumes the entry as a name; returns its fingerprint.
    fn name<B: Bytes>(&self, bytes: &mut B) -> RdbResult<u64> {
        /// Bytes of the widest integer.
        const WIDEST: usize = 8;
        let number = match self.kind {
            Kind::Text => return read_name(bytes, self.length),
            Kind::Immediate(number) => number.into(),
            Kind::Integer => {
                let width = usize::try_from(self.length).map_or(WIDEST, |it| it.min(WIDEST));
                let number = integer(bytes.peek(width)?);
                bytes.skip(self.length)?;
                number
            }
        };
        Ok(fingerprint_of_number(number))
    }
}

/// Reads the two fields in front of one entry; the first must say that the entry before has
/// `before` bytes.
fn entry<B: Bytes>(bytes: &mut B, before: u64) -> RdbResult<Body> {
    let said = match bytes.byte()? {
        BIG => u64::from(u32::from_le_bytes(bytes.array()?)),
        said => u64::from(said),
    };
    if said != before {
        return bytes.refused("an entry of a ziplist misstates the one before");
    }
    let first = bytes.byte()?;
    let (length, kind) = match first {
        0..=0x3f => (u64::from(first), Kind::Text),
        0x40..=0x7f => (
            u64::from(first & 0x3f) << 8 | u64::from(bytes.byte()?),
            Kind::Text,
        ),
        0x80..=0xbf => (u64::from(u32::from_be_bytes(bytes.array()?)), Kind::Text),
        0xc0 => (2, Kind::Integer),
        0xd0 => (4, Kind::Integer),
        0xe0 => (8, Kind::Integer),
        0xf0 => (3, Kind::Integer),
        0xf1..=0xfd => (0, Kind::Immediate((first & 0x0f) - 1)),
        0xfe => (1, Kind::Integer),
        _ => return bytes.refused("an entry of a ziplist has an unknown encoding"),
    };
    Ok(Body { length, kind })
}
