//! Small collections, which Redis stores as one string with a layout of its own.
//!
//! Every structure is walked to its last byte, as `redis-check-rdb` does with sanitising on. A
//! small one lies in memory as a whole meanwhile, a larger one passes by in a window.

mod element;
mod intset;
mod listpack;
mod stream;
mod template;
mod ziplist;
mod zipmap;

use super::{
    input::{Input, PEEK_MAX, RdbResult},
    lzf::LzfWindow,
    repeats::Repeats,
    slice::{Bytes, Slice},
    string::{Blob, Form, form},
};

pub(super) use {
    element::Element,
    intset::Intset,
    listpack::Listpack,
    stream::{Identifier, Node, STREAM_ID},
    template::{TemplateNames, TemplateValues},
    ziplist::Ziplist,
    zipmap::Zipmap,
};

/// Number of entries that make one element of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tuple {
    /// Elements of a list or set.
    Single = 1,
    /// Field and value, or member and score.
    Pair = 2,
    /// Field, value and expiry.
    Expiring = 3,
}

/// The layout of one structure.
pub(super) trait PackedLayout {
    /// What the walk finds, such as the number of elements.
    type Found;

    /// Walks over every byte; refuses what contradicts itself. Names that must differ are added to
    /// `names`.
    fn walk<B: Bytes>(self, bytes: &mut B, names: &mut Repeats) -> RdbResult<Self::Found>;
}

/// Largest compressed structure that is unpacked as a whole, in bytes once unpacked: the window
/// takes it without sliding.
const UNPACKED_MAX: u64 = 16 * 1024;

/// Reads a string as a structure of this layout.
pub(super) fn read<L: PackedLayout>(
    input: &mut Input<'_>,
    window: &mut LzfWindow,
    names: &mut Repeats,
    layout: L,
) -> RdbResult<L::Found> {
    match form(input)? {
        Form::Raw(length) if length <= PEEK_MAX as u64 => {
            let length = usize::try_from(length).unwrap_or(PEEK_MAX);
            let offset = input.offset();
            let mut slice = Slice::stored(input.peek(length)?, offset);
            let found = layout.walk(&mut slice, names)?;
            input.consume(length);
            Ok(found)
        }
        Form::Compressed(mut compressed, declared) if declared <= UNPACKED_MAX => {
            window.clear();
            while window.produce(input, &mut compressed)? {}
            let mut slice = Slice::unpacked(window.ready(), input.offset());
            layout.walk(&mut slice, names)
        }
        form => {
            let mut blob = Blob::of(form, input, window)?;
            let found = layout.walk(&mut blob, names)?;
            blob.finish()?;
            Ok(found)
        }
    }
}
