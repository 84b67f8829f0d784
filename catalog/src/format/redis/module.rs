//! The data that modules write: values that tell their own layout, and names packed into numbers.
//!
//! No module's data is interpreted; it is only passed over.

use super::{
    input::{Input, RdbResult},
    string::{length, skip_string},
};

/// The letters of module names, by number (`ModuleTypeNameCharSet`, `module.c`).
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Letters of a data type's name.
const NAME_LENGTH: u32 = 9;

/// Bits of the version behind the name.
const VERSION_BITS: u32 = 10;

/// The name in the upper 54 bits of a data type's identifier.
pub(super) fn name(identifier: u64) -> String {
    letters(identifier >> VERSION_BITS, NAME_LENGTH)
}

/// The name in a class of key metadata: four letters, five bits of version, three flags
/// (`keymeta.c`).
pub(super) fn class_name(class: u32) -> String {
    format!("META-{}", letters(u64::from(class >> 8), 4))
}

fn letters(packed: u64, count: u32) -> String {
    let letter = |index| {
        let number = (packed >> (6 * index)) & 0x3f;
        char::from(LETTERS[usize::try_from(number).expect("invariant: six bits")])
    };
    (0..count).rev().map(letter).collect()
}

/// Passes over values up to their end mark (`rdbLoadCheckModuleValue`).
pub(super) fn skip_annotated(input: &mut Input<'_>) -> RdbResult<()> {
    loop {
        match length(input)? {
            0 => return Ok(()),
            1 | 2 => length(input).map(drop)?,
            3 => input.skip(4)?,
            4 => input.skip(8)?,
            5 => skip_string(input)?,
            _ => return input.broken("a module's data is of an unknown kind"),
        }
    }
}
