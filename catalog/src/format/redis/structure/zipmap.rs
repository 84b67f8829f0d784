//! Small hashes as Redis before 2.6 wrote them (`zipmap.c`, `zipmapValidateIntegrity`).

use super::PackedLayout;
use crate::format::redis::{
    input::RdbResult,
    repeats::{Repeats, read_name},
    slice::Bytes,
};

/// As the first byte of a zipmap, this value or a larger one does not count the fields. As a
/// length, this value says that the real one follows in four bytes (`ZIPMAP_BIGLEN`).
const BIG: u8 = 0xfe;

/// The last byte (`ZIPMAP_END`).
const END: u8 = 0xff;

/// Checks every field; finds how many there are.
pub(crate) struct Zipmap;

impl PackedLayout for Zipmap {
    type Found = u64;

    fn walk<B: Bytes>(self, bytes: &mut B, names: &mut Repeats) -> RdbResult<u64> {
        let declared = bytes.byte()?;
        let mut count = 0u64;
        while bytes.peek(1)?[0] != END {
            let field = length(bytes)?;
            names.add(read_name(bytes, field)?);
            let value = length(bytes)?;
            let free = u64::from(bytes.byte()?);
            bytes.skip(value + free)?;
            count += 1;
        }
        if declared < BIG && u64::from(declared) != count {
            return bytes.refused("a zipmap holds another number of fields than it says");
        }
        if bytes.left() != 1 {
            return bytes.refused("a zipmap goes on behind its end mark");
        }
        Ok(count)
    }
}

fn length<B: Bytes>(bytes: &mut B) -> RdbResult<u64> {
    match bytes.byte()? {
        BIG => Ok(u32::from_le_bytes(bytes.array()?).into()),
        END => bytes.refused("a zipmap ends inside a field"),
        length => Ok(length.into()),
    }
}
