//! Sorted integers of one width (`intset.c`, `intsetValidateIntegrity`).

use super::PackedLayout;
use crate::format::redis::{input::RdbResult, repeats::Repeats, slice::Bytes};

/// Checks width, count and order, which forbids that an integer comes twice; finds how many there
/// are.
pub(crate) struct Intset;

impl PackedLayout for Intset {
    type Found = u64;

    fn walk<B: Bytes>(self, bytes: &mut B, _: &mut Repeats) -> RdbResult<u64> {
        let width = u32::from_le_bytes(bytes.array()?);
        let count = u32::from_le_bytes(bytes.array()?);
        if !matches!(width, 2 | 4 | 8) {
            return bytes.refused("an integer set has integers of an unknown width");
        }
        if u64::from(width) * u64::from(count) != bytes.left() {
            return bytes.refused("the length of an integer set is not that of its integers");
        }
        let sorted = match width {
            2 => ascending(bytes, count, |it| i16::from_le_bytes(it).into()),
            4 => ascending(bytes, count, |it| i32::from_le_bytes(it).into()),
            _ => ascending(bytes, count, i64::from_le_bytes),
        };
        if !sorted? {
            return bytes.refused("an integer set is not in order");
        }
        Ok(count.into())
    }
}

/// Reads `count` integers; false at the first one that is not larger than the one before.
fn ascending<B: Bytes, const WIDTH: usize>(
    bytes: &mut B,
    count: u32,
    read: impl Fn([u8; WIDTH]) -> i64,
) -> RdbResult<bool> {
    let mut before = None;
    for _ in 0..count {
        let integer = read(bytes.array()?);
        if before.is_some_and(|before| before >= integer) {
            return Ok(false);
        }
        before = Some(integer);
    }
    Ok(true)
}
