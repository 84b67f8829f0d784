//! Passing over one value of any type, as `rdbLoadObject` reads it.
//!
//! Nothing is kept of it. Loops over counts from the file end with the input at the latest: every
//! round reads at least one byte.

use super::{
    dialect::Type,
    input::{Input, Result},
    lzf::Window,
    module::skip_annotated,
    string::{Blob, length, skip_string},
    structure::{self, Tuple},
};

/// Bytes of a stream entry's identifier (`streamID`).
const STREAM_ID: u64 = 16;

/// One above the latest expiry of a field: 48 bits of milliseconds (`EB_EXPIRE_TIME_INVALID`).
const FIELD_EXPIRY_END: u64 = 1 << 48;

/// Bytes of a time in milliseconds.
const TIME: u64 = 8;

/// The bytes of a file, and room to decompress what has to be looked into.
pub(super) struct Reader<'r> {
    pub(super) input: Input<'r>,
    pub(super) window: Window,
}

impl<'r> Reader<'r> {
    fn blob(&mut self) -> Result<Blob<'_, 'r>> {
        Blob::open(&mut self.input, &mut self.window)
    }

    /// Refuses what no server writes and `redis-check-rdb` refuses: a collection of nothing.
    fn count(&mut self) -> Result<u64> {
        let count = length(&mut self.input)?;
        self.some(count)
    }

    fn some(&mut self, count: u64) -> Result<u64> {
        if count == 0 {
            self.input.refused("a collection is empty")
        } else {
            Ok(count)
        }
    }

    fn lengths(&mut self, count: u64) -> Result<()> {
        for _ in 0..count {
            length(&mut self.input)?;
        }
        Ok(())
    }

    fn strings(&mut self, count: u64) -> Result<()> {
        for _ in 0..count {
            skip_string(&mut self.input)?;
        }
        Ok(())
    }

    /// Passes over one value. A module's value has been told its identifier by the caller.
    pub(super) fn skip_value(&mut self, kind: Type) -> Result<()> {
        match kind {
            Type::String => skip_string(&mut self.input),
            Type::Elements => self.count().and_then(|count| self.strings(count)),
            Type::Pairs => {
                let count = self.count()?;
                self.strings(count)?;
                self.strings(count)
            }
            Type::ScoresAsText => self.scores(Self::score_as_text),
            Type::Scores => self.scores(Self::score),
            Type::Module => skip_annotated(&mut self.input),
            Type::Zipmap => structure::zipmap(self.blob()?),
            Type::Intset => structure::intset(self.blob()?),
            Type::ListZiplist => self.ziplist(Tuple::Single),
            Type::PairsZiplist => self.ziplist(Tuple::Pair),
            Type::SetListpack => self.listpack(Tuple::Single),
            Type::PairsListpack => self.listpack(Tuple::Pair),
            Type::Quicklist => self.quicklist(),
            Type::Quicklist2 => self.quicklist_2(),
            Type::Stream(layout) => self.stream(layout),
            Type::ExpiringPairs(earliest) => self.expiring_pairs(earliest),
            Type::ExpiringListpack(earliest) => {
                self.input.skip(if earliest { TIME } else { 0 })?;
                self.listpack(Tuple::Expiring)
            }
            Type::Hash2 => self.hash_2(),
        }
    }

    fn ziplist(&mut self, tuple: Tuple) -> Result<()> {
        let count = structure::ziplist(self.blob()?, tuple)?;
        self.some(count).map(drop)
    }

    fn listpack(&mut self, tuple: Tuple) -> Result<()> {
        let count = structure::listpack(self.blob()?, tuple)?;
        self.some(count).map(drop)
    }

    fn scores(&mut self, score: fn(&mut Self) -> Result<f64>) -> Result<()> {
        for _ in 0..self.count()? {
            skip_string(&mut self.input)?;
            if score(self)?.is_nan() {
                return self.input.refused("a score is not a number");
            }
        }
        Ok(())
    }

    fn score(&mut self) -> Result<f64> {
        self.input.array().map(f64::from_le_bytes)
    }

    /// One byte of length, or a special value, then decimal digits (`rdbLoadDoubleValue`).
    fn score_as_text(&mut self) -> Result<f64> {
        let length = match self.input.byte()? {
            253 => return Ok(f64::NAN),
            254 => return Ok(f64::INFINITY),
            255 => return Ok(f64::NEG_INFINITY),
            length => usize::from(length),
        };
        let text = std::str::from_utf8(self.input.peek(length)?).unwrap_or_default();
        match text.trim_ascii_start().parse() {
            Ok(score) => {
                self.input.consume(length);
                Ok(score)
            }
            Err(_) => self.input.refused("a score is not a number"),
        }
    }

    /// Nodes may be empty, the list may not.
    fn quicklist(&mut self) -> Result<()> {
        let mut elements = 0u64;
        for _ in 0..self.count()? {
            elements = elements.saturating_add(structure::ziplist(self.blob()?, Tuple::Single)?);
        }
        self.some(elements).map(drop)
    }

    fn quicklist_2(&mut self) -> Result<()> {
        let mut elements = 0u64;
        for _ in 0..self.count()? {
            elements = elements.saturating_add(match length(&mut self.input)? {
                1 => {
                    let blob = self.blob()?;
                    if blob.left() == 0 {
                        return self.input.refused("a large element of a list is empty");
                    }
                    blob.finish()?;
                    1
                }
                2 => structure::listpack(self.blob()?, Tuple::Single)?,
                _ => return self.input.refused("a node of a list is of an unknown kind"),
            });
        }
        self.some(elements).map(drop)
    }

    /// Each field's expiry counts from the earliest, which stands in front, or from the epoch.
    fn expiring_pairs(&mut self, earliest: bool) -> Result<()> {
        let from = if earliest {
            u64::from_le_bytes(self.input.array()?)
        } else {
            1
        };
        if from > FIELD_EXPIRY_END {
            return self
                .input
                .refused("the earliest expiry of a hash's fields is no time");
        }
        for _ in 0..self.count()? {
            let after = length(&mut self.input)?;
            if after > 0 && after.saturating_add(from) > FIELD_EXPIRY_END {
                return self.input.refused("the expiry of a field is no time");
            }
            self.strings(2)?;
        }
        Ok(())
    }

    /// Minus one is no expiry.
    fn hash_2(&mut self) -> Result<()> {
        for _ in 0..self.count()? {
            self.strings(2)?;
            if i64::from_le_bytes(self.input.array()?) < -1 {
                return self.input.refused("the expiry of a field is no time");
            }
        }
        Ok(())
    }

    fn stream(&mut self, layout: u8) -> Result<()> {
        let nodes = length(&mut self.input)?;
        for _ in 0..nodes {
            let identifier = self.blob()?;
            if identifier.left() != STREAM_ID {
                return self.input.refused("a stream node has no identifier");
            }
            identifier.finish()?;
            structure::stream_node(self.blob()?)?;
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

    fn consumer_group(&mut self, layout: u8) -> Result<()> {
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
        Ok(())
    }

    /// Redis 8.6: producers and the identifiers they used, to refuse repetitions.
    fn idempotency(&mut self) -> Result<()> {
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
