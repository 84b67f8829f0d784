//! One node of a stream: a listpack of entries that share a master entry's fields (`t_stream.c`,
//! `streamValidateListpackIntegrity`), behind the identifier it begins with.

use super::{PackedLayout, listpack::Entries};
use crate::format::redis::{input::RdbResult, repeats::Repeats, slice::Bytes};

/// Flag of an entry that has the fields of the master entry (`STREAM_ITEM_FLAG_SAMEFIELDS`).
const SAME_FIELDS: i64 = 1 << 1;

/// Bytes of a stream entry's identifier (`streamID`).
pub(crate) const STREAM_ID: u64 = 16;

/// The identifier in front of a node.
pub(crate) struct Identifier;

impl PackedLayout for Identifier {
    type Found = ();

    fn walk<B: Bytes>(self, bytes: &mut B, _: &mut Repeats) -> RdbResult<()> {
        if bytes.left() != STREAM_ID {
            return bytes.refused("a stream node has no identifier");
        }
        Ok(())
    }
}

/// The master entry and every entry behind it, deleted ones included.
pub(crate) struct Node;

impl PackedLayout for Node {
    type Found = ();

    fn walk<B: Bytes>(self, bytes: &mut B, _: &mut Repeats) -> RdbResult<()> {
        let mut node = Reading(Entries::open(bytes)?);
        let live = node.count()?;
        let deleted = node.count()?;
        let master_fields = node.count()?;
        node.skip(master_fields)?;
        if node.integer()? != 0 {
            return node
                .0
                .refused("the master entry of a stream does not end where it has to");
        }
        for _ in 0..live.saturating_add(deleted) {
            node.entry(master_fields)?;
        }
        if node.0.pass()? {
            return node
                .0
                .refused("a stream node holds more entries than it says");
        }
        node.0.finish()
    }
}

struct Reading<'b, B>(Entries<'b, B>);

impl<B: Bytes> Reading<'_, B> {
    /// Passes over one entry: flags, two parts of the identifier, fields and values, and the number
    /// of listpack entries that these take.
    fn entry(&mut self, master_fields: u64) -> RdbResult<()> {
        let flags = self.integer()?;
        self.integer()?;
        self.integer()?;
        let written = if flags & SAME_FIELDS == 0 {
            let fields = self.count()?;
            self.skip(fields)?;
            self.skip(fields)?;
            fields.saturating_mul(2).saturating_add(4)
        } else {
            self.skip(master_fields)?;
            master_fields.saturating_add(3)
        };
        if self.count()? != written {
            return self
                .0
                .refused("an entry of a stream has another length than it says");
        }
        Ok(())
    }

    fn integer(&mut self) -> RdbResult<i64> {
        match self.0.number()? {
            Some(Some(integer)) => Ok(integer),
            Some(None) => self
                .0
                .refused("text stands where a stream has to hold a number"),
            None => self.0.refused("a stream node ends inside an entry"),
        }
    }

    fn count(&mut self) -> RdbResult<u64> {
        let integer = self.integer()?;
        match u64::try_from(integer) {
            Ok(count) => Ok(count),
            Err(_) => self
                .0
                .refused("a stream node counts a negative number of things"),
        }
    }

    fn skip(&mut self, entries: u64) -> RdbResult<()> {
        for _ in 0..entries {
            if !self.0.pass()? {
                return self.0.refused("a stream node ends inside an entry");
            }
        }
        Ok(())
    }
}
