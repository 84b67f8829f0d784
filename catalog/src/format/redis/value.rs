//! Passing over one value of any type, as `rdbLoadObject` reads it.
//!
//! Nothing of a value is kept. A loop over a count from the file ends with the input at the latest:
//! every round reads at least one byte.

mod array;
mod reader;
mod stream;
mod template;

pub(super) use self::reader::Reader;
use self::reader::TIME;
use super::{
    dialect::Type,
    input::RdbResult,
    module::skip_annotated,
    string::{length, skip_string},
    structure::{self, Intset, Tuple, Zipmap},
};

/// One above the latest expiry of a field: 48 bits of milliseconds (`EB_EXPIRE_TIME_INVALID`).
const FIELD_EXPIRY_END: u64 = 1 << 48;

impl Reader<'_> {
    /// Passes over one value; returns how many elements it has. The caller has read the identifier
    /// in front of a module's value.
    ///
    /// A value that is no collection has one element: it is never empty, nor is a stream.
    pub(super) fn skip_value(&mut self, kind: Type) -> RdbResult<u64> {
        self.names.clear();
        match kind {
            Type::String => skip_string(&mut self.input).map(|()| 1),
            Type::Elements => {
                let count = self.count()?;
                self.strings(count)?;
                Ok(count)
            }
            Type::Members => self.each(Self::name),
            Type::Pairs => self.each(|reader| {
                reader.name()?;
                reader.strings(1)
            }),
            Type::ScoresAsText => self.scores(Self::score_as_text),
            Type::Scores => self.scores(Self::score),
            Type::Module => skip_annotated(&mut self.input).map(|()| 1),
            Type::Zipmap => self.structure(Zipmap),
            Type::Intset => self.structure(Intset),
            Type::ListZiplist => self.ziplist(Tuple::Single, false),
            Type::PairsZiplist => self.ziplist(Tuple::Pair, true),
            Type::SetListpack => self.listpack(Tuple::Single, true),
            Type::PairsListpack => self.listpack(Tuple::Pair, true),
            Type::Quicklist => self.quicklist(),
            Type::Quicklist2 => self.quicklist_2(),
            Type::Stream(layout) => self.stream(layout).map(|()| 1),
            Type::ExpiringPairs(earliest) => self.expiring_pairs(earliest),
            Type::ExpiringListpack(earliest) => {
                self.input.skip(if earliest { TIME } else { 0 })?;
                self.listpack(Tuple::Expiring, true)
            }
            Type::Hash2 => self.hash_2(),
            Type::Array => self.array(),
            Type::Templated(values, names) => self.templated(values, names),
            Type::Number => self.lengths(1).map(|()| 1),
        }
    }

    fn scores(&mut self, score: fn(&mut Self) -> RdbResult<f64>) -> RdbResult<u64> {
        self.each(|reader| {
            reader.name()?;
            if score(reader)?.is_nan() {
                return reader.input.refused("a score is not a number");
            }
            Ok(())
        })
    }

    fn score(&mut self) -> RdbResult<f64> {
        self.input.array().map(f64::from_le_bytes)
    }

    /// Reads one byte of length, or a special value, then decimal digits (`rdbLoadDoubleValue`).
    fn score_as_text(&mut self) -> RdbResult<f64> {
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

    /// Passes over a list of ziplists, which may be empty.
    fn quicklist(&mut self) -> RdbResult<u64> {
        let mut elements = 0u64;
        for _ in 0..self.count()? {
            elements = elements.saturating_add(self.ziplist(Tuple::Single, false)?);
        }
        Ok(elements)
    }

    fn quicklist_2(&mut self) -> RdbResult<u64> {
        let mut elements = 0u64;
        for _ in 0..self.count()? {
            elements = elements.saturating_add(match length(&mut self.input)? {
                1 => {
                    self.structure(structure::Element)?;
                    1
                }
                2 => self.listpack(Tuple::Single, false)?,
                _ => return self.input.refused("a node of a list is of an unknown kind"),
            });
        }
        Ok(elements)
    }

    /// Passes over a hash whose fields expire. Each expiry counts from the earliest, which stands
    /// in front, or from the epoch.
    fn expiring_pairs(&mut self, earliest: bool) -> RdbResult<u64> {
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
        self.each(|reader| {
            let after = length(&mut reader.input)?;
            if after > 0 && after.saturating_add(from) > FIELD_EXPIRY_END {
                return reader.input.refused("the expiry of a field is no time");
            }
            reader.name()?;
            reader.strings(1)
        })
    }

    /// Passes over a hash of Valkey 9. An expiry of minus one is none.
    fn hash_2(&mut self) -> RdbResult<u64> {
        self.each(|reader| {
            reader.name()?;
            reader.strings(1)?;
            if i64::from_le_bytes(reader.input.array()?) < -1 {
                return reader.input.refused("the expiry of a field is no time");
            }
            Ok(())
        })
    }
}
