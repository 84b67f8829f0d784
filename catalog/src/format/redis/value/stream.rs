//! Streams: nodes, then what is known of the whole, then consumer groups.

use super::reader::{Reader, TIME};
use crate::format::redis::{
    input::RdbResult,
    string::length,
    structure::{Identifier, Node, STREAM_ID},
};

impl Reader<'_> {
    pub(super) fn stream(&mut self, layout: u8) -> RdbResult<()> {
        let nodes = length(&mut self.input)?;
        for _ in 0..nodes {
            self.structure(Identifier)?;
            self.structure(Node)?;
        }
        let entries = length(&mut self.input)?;
        if entries > 0 && nodes == 0 {
            return self.input.refused("a stream has entries but no nodes");
        }
        // The last identifier; since layout 2 also the first, the last deleted, and entries added.
        self.lengths(if layout >= 2 { 2 + 5 } else { 2 })?;
        for _ in 0..length(&mut self.input)? {
            self.consumer_group(layout)?;
        }
        if layout >= 4 {
            self.idempotency()
        } else {
            Ok(())
        }
    }

    fn consumer_group(&mut self, layout: u8) -> RdbResult<()> {
        self.strings(1)?;
        self.lengths(if layout >= 2 { 3 } else { 2 })?;
        for _ in 0..length(&mut self.input)? {
            self.input.skip(STREAM_ID + TIME)?;
            self.lengths(1)?;
        }
        for _ in 0..length(&mut self.input)? {
            self.strings(1)?;
            self.input.skip(if layout >= 3 { 2 * TIME } else { TIME })?;
            for _ in 0..length(&mut self.input)? {
                self.input.skip(STREAM_ID)?;
            }
        }
        if layout >= 5 {
            // Redis 8.8: entries that were given back.
            for _ in 0..length(&mut self.input)? {
                self.input.skip(STREAM_ID)?;
            }
        }
        Ok(())
    }

    /// Redis 8.6: producers and the identifiers they used, to refuse repetitions.
    fn idempotency(&mut self) -> RdbResult<()> {
        self.lengths(2)?;
        for _ in 0..length(&mut self.input)? {
            self.strings(1)?;
            for _ in 0..length(&mut self.input)? {
                self.strings(1)?;
                self.lengths(2)?;
            }
        }
        self.lengths(2)
    }
}
