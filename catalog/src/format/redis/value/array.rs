//! Arrays of Redis 8.8: elements by index, with gaps between them (`t_array.c`).
//!
//! Known from public readers of the format, which agree; no server that has them was tried.

use super::reader::{Reader, TIME};
use crate::format::redis::{
    input::RdbResult,
    repeats::fingerprint,
    string::{length, skip_string},
};

/// Tags of a string, of any length or of a few bytes (`AR_RDB_TAG_SDS`, `AR_RDB_TAG_SMALLSTR`).
const STRING: u64 = 0;
const SHORT_STRING: u64 = 3;

/// Tags of a number of eight bytes (`AR_RDB_TAG_INT`, `AR_RDB_TAG_FLOAT`).
const INTEGER: u64 = 1;
const DOUBLE: u64 = 2;

impl Reader<'_> {
    /// Passes over an array: the number of elements, where the next one is to be inserted, and the
    /// elements, each behind its index and its tag. Returns the number of elements.
    pub(super) fn array(&mut self) -> RdbResult<u64> {
        let count = length(&mut self.input)?;
        match length(&mut self.input)? {
            0 => {}
            1 => self.lengths(1)?,
            _ => {
                let what = "an array does not say whether it has a place for the next element";
                return self.input.refused(what);
            }
        }
        for _ in 0..count {
            let index = length(&mut self.input)?;
            self.names.add(fingerprint(&index.to_le_bytes()));
            match length(&mut self.input)? {
                STRING | SHORT_STRING => skip_string(&mut self.input)?,
                INTEGER | DOUBLE => self.input.skip(TIME)?,
                _ => {
                    return self
                        .input
                        .unknown("an element of an array is of an unknown kind");
                }
            }
        }
        Ok(count)
    }
}
