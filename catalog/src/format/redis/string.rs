//! Lengths and strings as `rdb.c` encodes them (`rdbLoadLenByRef`, `rdbGenericLoadStringObject`).
//!
//! No string is ever held: it is skipped, or read piece by piece as a [`Blob`].

use super::{
    input::{Input, PEEK_MAX, RdbResult},
    lzf::{Compressed, LzfWindow},
    repeats::{fingerprint, fingerprint_of_number, read_name},
    slice::{BEYOND, Bytes, NEAR},
};

/// How a string is stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Raw(u64),
    /// A little-endian signed integer of this many bytes, which stands for its decimal digits.
    Integer(usize),
    Compressed(Compressed, u64),
}

/// What a first byte begins: a length, or a special encoding.
enum Prefix {
    Length(u64),
    Special(u8),
}

#[inline]
fn prefix(input: &mut Input<'_>) -> RdbResult<Prefix> {
    let first = input.byte()?;
    Ok(match first >> 6 {
        0 => Prefix::Length(u64::from(first)),
        1 => Prefix::Length(u64::from(first & 0x3f) << 8 | u64::from(input.byte()?)),
        2 => match first {
            0x80 => Prefix::Length(u32::from_be_bytes(input.array()?).into()),
            0x81 => Prefix::Length(u64::from_be_bytes(input.array()?)),
            _ => return input.broken(format!("{first:#04x} begins no length")),
        },
        _ => Prefix::Special(first & 0x3f),
    })
}

/// Reads a number that is not the length of a string: a count, an identifier, a database.
pub(super) fn length(input: &mut Input<'_>) -> RdbResult<u64> {
    match prefix(input)? {
        Prefix::Length(length) => Ok(length),
        Prefix::Special(_) => input.broken("a string's encoding stands where a number has to be"),
    }
}

/// Reads what stands in front of a string: how it is stored.
#[inline]
pub(super) fn form(input: &mut Input<'_>) -> RdbResult<Form> {
    Ok(match prefix(input)? {
        Prefix::Length(length) => Form::Raw(length),
        Prefix::Special(encoding @ 0..=2) => Form::Integer(1 << encoding),
        Prefix::Special(3) => {
            let compressed = length(input)?;
            let declared = length(input)?;
            Form::Compressed(Compressed::new(compressed, declared), declared)
        }
        Prefix::Special(encoding) => {
            return input.broken(format!("{encoding} is no encoding of a string"));
        }
    })
}

/// Passes over one string; a compressed one is checked to decompress to what it declares.
#[inline]
pub(super) fn skip_string(input: &mut Input<'_>) -> RdbResult<()> {
    if let short @ 0..0x40 = input.peek(1)?[0] {
        return input.skip(1 + u64::from(short));
    }
    skip_long_string(input)
}

fn skip_long_string(input: &mut Input<'_>) -> RdbResult<()> {
    match form(input)? {
        Form::Raw(length) => input.skip(length),
        Form::Integer(bytes) => input.skip(bytes as u64),
        Form::Compressed(compressed, _) => compressed.check(input),
    }
}

/// A string that is read piece by piece and decompressed on the way: because its text matters, or
/// because it is a structure too large to lie in memory as a whole.
pub(super) struct Blob<'b, 'r> {
    input: &'b mut Input<'r>,
    window: &'b mut LzfWindow,
    compressed: Option<Compressed>,
    left: u64,
}

impl<'b, 'r> Blob<'b, 'r> {
    /// Opens a string. Refuses integers: no structure is that small.
    pub(super) fn of(
        form: Form,
        input: &'b mut Input<'r>,
        window: &'b mut LzfWindow,
    ) -> RdbResult<Self> {
        let (compressed, left) = match form {
            Form::Raw(length) => (None, length),
            Form::Compressed(compressed, declared) => (Some(compressed), declared),
            Form::Integer(_) => {
                return input.refused("an integer stands where a structure has to be");
            }
        };
        window.clear();
        Ok(Self {
            input,
            window,
            compressed,
            left,
        })
    }

    /// Skips what is left and makes sure that a compressed string has nothing more.
    pub(super) fn finish(mut self) -> RdbResult<()> {
        self.skip(self.left)?;
        if let Some(compressed) = &mut self.compressed {
            while self.window.produce(self.input, compressed)? {}
        }
        Ok(())
    }
}

impl Bytes for Blob<'_, '_> {
    /// Counts bytes after decompression.
    fn left(&self) -> u64 {
        self.left
    }

    fn peek(&mut self, count: usize) -> RdbResult<&[u8]> {
        debug_assert!(count <= NEAR);
        if count as u64 > self.left {
            return self.refused(BEYOND);
        }
        let Some(compressed) = &mut self.compressed else {
            return self.input.peek(count);
        };
        while self.window.ready().len() < count {
            // The end of the string cannot come first: `left` counts what it has yet to produce.
            self.window.produce(self.input, compressed)?;
        }
        Ok(&self.window.ready()[..count])
    }

    fn skip(&mut self, count: u64) -> RdbResult<()> {
        if count > self.left {
            return self.refused(BEYOND);
        }
        self.left -= count;
        let Some(compressed) = &mut self.compressed else {
            return self.input.skip(count);
        };
        let mut count = count;
        while count > 0 {
            let ready = self.window.ready().len();
            let taken = usize::try_from(count).map_or(ready, |count| count.min(ready));
            self.window.consume(taken);
            count -= taken as u64;
            if count > 0 {
                self.window.produce(self.input, compressed)?;
            }
        }
        Ok(())
    }

    fn refused<T>(&self, what: &'static str) -> RdbResult<T> {
        self.input.refused(what)
    }
}

/// Consumes a string that names something; returns its fingerprint.
pub(super) fn name(input: &mut Input<'_>, window: &mut LzfWindow) -> RdbResult<u64> {
    match form(input)? {
        Form::Raw(length @ 0..SHORT) => {
            let length = usize::try_from(length).unwrap_or(PEEK_MAX);
            let print = fingerprint(input.peek(length)?);
            input.consume(length);
            Ok(print)
        }
        Form::Integer(bytes) => {
            let mut wide = [0; 4];
            wide[4 - bytes..].copy_from_slice(input.peek(bytes)?);
            input.consume(bytes);
            let number = i32::from_le_bytes(wide) >> (8 * (4 - bytes));
            Ok(fingerprint_of_number(number.into()))
        }
        form => {
            let mut blob = Blob::of(form, input, window)?;
            let length = blob.left();
            let print = read_name(&mut blob, length)?;
            blob.finish()?;
            Ok(print)
        }
    }
}

/// A name of fewer bytes than this is mixed at once.
const SHORT: u64 = 128;

/// Longest text that is kept of one string; versions, times and identifiers are far shorter.
pub(super) const TEXT_MAX: usize = 64;

/// Reads one string as text, cut to [`TEXT_MAX`] bytes; bytes that are no UTF-8 are replaced.
pub(super) fn text(input: &mut Input<'_>, window: &mut LzfWindow) -> RdbResult<String> {
    let first = input.peek(1)?[0];
    if let 0xc0..=0xc2 = first {
        return integer(input).map(|number| number.to_string());
    }
    let form = form(input)?;
    let mut blob = Blob::of(form, input, window)?;
    let kept = usize::try_from(blob.left()).map_or(TEXT_MAX, |left| left.min(TEXT_MAX));
    let text = String::from_utf8_lossy(blob.peek(kept)?).into_owned();
    blob.finish()?;
    Ok(text)
}

fn integer(input: &mut Input<'_>) -> RdbResult<i32> {
    Ok(match input.byte()? {
        0xc0 => i32::from(i8::from_le_bytes(input.array()?)),
        0xc1 => i32::from(i16::from_le_bytes(input.array()?)),
        _ => i32::from_le_bytes(input.array()?),
    })
}
