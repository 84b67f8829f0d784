//! Sorted integers of one width (`intset.c`, `intsetValidateIntegrity`).

use crate::format::redis::{input::Result, string::Blob};

/// Checks width, count and order; at least one integer.
pub(crate) fn check(mut blob: Blob<'_, '_>) -> Result<()> {
    let width = u32::from_le_bytes(blob.array()?);
    let count = u32::from_le_bytes(blob.array()?);
    if !matches!(width, 2 | 4 | 8) {
        return blob.refused("an integer set has integers of an unknown width");
    }
    if count == 0 {
        return blob.refused("an integer set is empty");
    }
    if u64::from(width) * u64::from(count) != blob.left() {
        return blob.refused("the length of an integer set is not that of its integers");
    }
    let mut previous = None;
    for _ in 0..count {
        let integer = match width {
            2 => i16::from_le_bytes(blob.array()?).into(),
            4 => i32::from_le_bytes(blob.array()?).into(),
            _ => i64::from_le_bytes(blob.array()?),
        };
        if previous.is_some_and(|previous| previous >= integer) {
            return blob.refused("an integer set is not in order");
        }
        previous = Some(integer);
    }
    blob.finish()
}
