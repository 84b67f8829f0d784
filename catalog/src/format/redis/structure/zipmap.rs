//! Small hashes as Redis before 2.6 wrote them (`zipmap.c`, `zipmapValidateIntegrity`).

use crate::format::redis::{input::Result, string::Blob};

/// From here on the first byte counts no fields, and a length has four bytes more
/// (`ZIPMAP_BIGLEN`).
const BIG: u8 = 0xfe;

/// The last byte (`ZIPMAP_END`).
const END: u8 = 0xff;

/// Checks every field; at least one.
pub(crate) fn check(mut blob: Blob<'_, '_>) -> Result<()> {
    let declared = blob.byte()?;
    let mut count = 0u64;
    while blob.peek(1)?[0] != END {
        let field = length(&mut blob)?;
        blob.skip(field)?;
        let value = length(&mut blob)?;
        let free = u64::from(blob.byte()?);
        blob.skip(value + free)?;
        count += 1;
    }
    if count == 0 {
        return blob.refused("a zipmap is empty");
    }
    if declared < BIG && u64::from(declared) != count {
        return blob.refused("a zipmap holds another number of fields than it says");
    }
    if blob.left() != 1 {
        return blob.refused("a zipmap goes on behind its end mark");
    }
    blob.finish()
}

fn length(blob: &mut Blob<'_, '_>) -> Result<u64> {
    match blob.byte()? {
        BIG => Ok(u32::from_le_bytes(blob.array()?).into()),
        END => blob.refused("a zipmap ends inside a field"),
        length => Ok(length.into()),
    }
}
