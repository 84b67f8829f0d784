//! Entries with the length of the one before in front (`ziplist.c`, `ziplistValidateIntegrity`).

use super::Tuple;
use crate::format::redis::{input::Result, string::Blob};

/// Bytes before the first entry: length, offset of the last entry, count (`ZIPLIST_HEADER_SIZE`).
const HEADER: u64 = 10;

/// Where the header counts no entries.
const COUNT_UNKNOWN: u16 = u16::MAX;

/// The last byte (`ZIP_END`).
const END: u8 = 0xff;

/// Marks a length of four bytes in front of an entry (`ZIP_BIG_PREVLEN`).
const BIG: u8 = 0xfe;

/// Checks every entry; returns how many elements there are, none included.
pub(crate) fn check(mut blob: Blob<'_, '_>, tuple: Tuple) -> Result<u64> {
    let length = blob.left();
    let total = u32::from_le_bytes(blob.array()?);
    let tail = u64::from(u32::from_le_bytes(blob.array()?));
    let declared = u16::from_le_bytes(blob.array()?);
    if u64::from(total) != length {
        return blob.refused("the length in a ziplist is not its own");
    }
    if tail >= length {
        return blob.refused("the last entry of a ziplist lies beyond its end");
    }
    let (mut offset, mut last, mut before, mut count) = (HEADER, None, 0, 0u64);
    while blob.peek(1)?[0] != END {
        let entry = entry(&mut blob, before)?;
        last = Some(offset);
        offset += entry;
        before = entry;
        count += 1;
    }
    if blob.left() != 1 {
        return blob.refused("a ziplist goes on behind its end mark");
    }
    if last.is_some_and(|last| last != tail) {
        return blob.refused("the last entry of a ziplist is not where it says");
    }
    if declared != COUNT_UNKNOWN && u64::from(declared) != count {
        return blob.refused("a ziplist holds another number of entries than it says");
    }
    if !count.is_multiple_of(tuple as u64) {
        return blob.refused("a ziplist ends inside an element");
    }
    blob.finish()?;
    Ok(count / tuple as u64)
}

/// Passes over one entry, whose first field says that the one before has `before` bytes; returns
/// how many this one has.
fn entry(blob: &mut Blob<'_, '_>, before: u64) -> Result<u64> {
    let left = blob.left();
    let said = match blob.byte()? {
        BIG => u64::from(u32::from_le_bytes(blob.array()?)),
        said => u64::from(said),
    };
    if said != before {
        return blob.refused("an entry of a ziplist misstates the one before");
    }
    let first = blob.byte()?;
    let body = match first {
        0..=0x3f => u64::from(first),
        0x40..=0x7f => u64::from(first & 0x3f) << 8 | u64::from(blob.byte()?),
        0x80..=0xbf => u64::from(u32::from_be_bytes(blob.array()?)),
        0xc0 => 2,
        0xd0 => 4,
        0xe0 => 8,
        0xf0 => 3,
        0xf1..=0xfd => 0,
        0xfe => 1,
        _ => return blob.refused("an entry of a ziplist has an unknown encoding"),
    };
    blob.skip(body)?;
    Ok(left - blob.left())
}
