//! Small collections, which Redis stores as one string with a layout of its own.
//!
//! Each is walked to its last byte, as `redis-check-rdb` does with sanitising on, but without
//! looking for duplicates: that would take memory in proportion to the file.

mod intset;
mod listpack;
mod stream;
mod ziplist;
mod zipmap;

pub(super) use {
    intset::check as intset, listpack::check as listpack, stream::check as stream_node,
    ziplist::check as ziplist, zipmap::check as zipmap,
};

/// How many entries make one element: one of a list or set, a field with its value, and with the
/// time it expires at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tuple {
    /// Elements of a list or set.
    Single = 1,
    /// Field and value, or member and score.
    Pair = 2,
    /// Field, value and expiry.
    Expiring = 3,
}
